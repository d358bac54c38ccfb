import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Info, Int, Mutation, Resolver, Root } from 'type-graphql';
import { Scope } from '../admin/scope.js';
import { type UserRow, UserType } from '../account/user.type.js';
import type { Context } from '../context.js';
import { badInput } from '../errors.js';
import { pageSize } from '../shared/connection.js';
import { selects } from '../shared/selection.js';
import { DEFAULT_SLUG } from './leaderboard.service.js';
import { SubmitScoreInput, SubmitScoresInput } from './score.input.js';
import { listScores } from './score.service.js';
import { ScoreConnection, type ScoreRow, ScoreType, SubmitScorePayload, SubmitScoresPayload } from './score.type.js';
import { seasonLoader } from './season.loader.js';
import { type SeasonRow, SeasonType } from './season.type.js';
import { standingLoader } from './standing.loader.js';
import type { StandingRow } from './standing.type.js';
import { checkBatchSize, type Submission, submitScores, type SubmittedScore } from './submission.service.js';

@Resolver(() => ScoreType)
export class ScoreResolver {
  @Mutation(() => SubmitScorePayload, { nullable: true, description: 'Submits one score to the current season.' })
  async submitScore(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => SubmitScoreInput) input: SubmitScoreInput,
  ): Promise<SubmitScorePayload | undefined> {
    const submission = toSubmission(context, input, 'input');
    const [submitted] = await submitScores(context.em, [submission], selects(info, 'standing'));
    return submitted && toPayload(context, submitted, selects(info, 'standing.season'));
  }

  @Mutation(() => SubmitScoresPayload, {
    nullable: true,
    description: 'Submits 1 to 100 scores in one transaction, all or none. An error names the item at fault.',
  })
  async submitScores(
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => SubmitScoresInput) input: SubmitScoresInput,
  ): Promise<SubmitScoresPayload> {
    checkBatchSize(input.scores.length, 'input.scores');
    const submissions = input.scores.map((item, index) => toSubmission(context, item, `input.scores.${index}`));
    const submitted = await submitScores(context.em, submissions, selects(info, 'results.standing'));
    const withSeasons = selects(info, 'results.standing.season');
    return { results: submitted.map((score) => toPayload(context, score, withSeasons)) };
  }

  @FieldResolver(() => SeasonType, { description: 'The season it counts in.' })
  async season(@Ctx() context: Context, @Root() score: ScoreRow): Promise<SeasonRow | null> {
    return context.loader(seasonLoader).load(score.seasonId);
  }
}

@Resolver(() => UserType)
export class UserScoreResolver {
  @FieldResolver(() => ScoreConnection, {
    nullable: true,
    description:
      'Every score submitted, newest first; null unless the viewer is this user, an admin or a service key with the scope users:read. 20 by default.',
  })
  async scores(
    @Ctx() context: Context,
    @Root() user: UserRow,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<ScoreConnection | null> {
    if (!context.maySeePrivate(user.id)) {
      return null;
    }
    return listScores(context.em, user.id, pageSize(first, 20), after ?? null);
  }
}

/** Settles whose score it is: the viewer's own, or for admins and service keys anybody's. */
function toSubmission(context: Context, input: SubmitScoreInput, field: string): Submission {
  return {
    userId: playerOf(context, input.userId ?? null, `${field}.userId`),
    slug: input.leaderboardSlug ?? DEFAULT_SLUG,
    score: input.score,
    idempotencyKey: input.idempotencyKey ?? null,
    field,
  };
}

function playerOf(context: Context, userId: string | null, field: string): string {
  if (context.caller.kind === 'service') {
    context.require(Scope.SCORES_WRITE);
    if (userId === null) {
      throw badInput(field, 'A service key must name whose score it is.');
    }
    return userId;
  }
  const viewer = context.requireViewer();
  if (userId === null || userId.toLowerCase() === viewer.id) {
    return viewer.id;
  }
  context.require(Scope.SCORES_WRITE, field);
  return userId;
}

/** @param withSeason whether to read the season of the standing: this process may have seen its board before an edit */
function toPayload(context: Context, submitted: SubmittedScore, withSeason: boolean): SubmitScorePayload {
  const { score, userId, season, improved, standing, previousScore, previousRank } = submitted;
  context.noteWriteFor(userId);
  return {
    score,
    improved,
    standing: async () => {
      const shown = standing === undefined ? await readStanding(context, season, userId) : standing;
      if (shown === null || !withSeason) {
        return shown;
      }
      return { ...shown, season: (await context.loader(seasonLoader).load(season.id)) ?? season };
    },
    previousScore,
    previousRank,
  };
}

function readStanding(context: Context, season: SeasonRow, userId: string): Promise<StandingRow | null> {
  return context.loader(standingLoader).load({ season, userId, withPlayers: false });
}
