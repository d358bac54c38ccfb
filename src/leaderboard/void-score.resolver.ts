import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { requireAdmin } from '../admin/actor.js';
import type { Context } from '../context.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar } from '../shared/scalars.js';
import { voidedAtLoader } from './score.loader.js';
import { type ScoreRow, ScoreType } from './score.type.js';
import { seasonLoader } from './season.loader.js';
import { standingLoader } from './standing.loader.js';
import { voidScore } from './void-score.service.js';
import { VoidScoreInput, VoidScorePayload } from './void-score.type.js';

@Resolver(() => ScoreType)
export class VoidScoreResolver {
  @Mutation(() => VoidScorePayload, {
    nullable: true,
    description:
      "Takes a score out of its standing, for an admin or a service key with the scope admin. The player's other scores of the season decide then; the score stays in the list. Repeated, it changes nothing.",
  })
  async voidScore(
    @Ctx() context: Context,
    @Arg('input', () => VoidScoreInput) input: VoidScoreInput,
  ): Promise<VoidScorePayload> {
    const { userId, ...score } = await voidScore(context.em, requireAdmin(context), input);
    context.noteWriteFor(userId);
    return {
      score,
      standing: async () => {
        const season = await context.loader(seasonLoader).load(score.seasonId);
        return season && context.loader(standingLoader).load({ season, userId, withPlayers: false });
      },
    };
  }

  @FieldResolver(() => DateTimeScalar, {
    nullable: true,
    description: 'When an admin has taken it out of its standing; null where it counts.',
  })
  async voidedAt(@Ctx() context: Context, @Root() score: ScoreRow): Promise<InstantText | null> {
    return score.voidedAt === undefined ? context.loader(voidedAtLoader).load(score.id) : score.voidedAt;
  }
}
