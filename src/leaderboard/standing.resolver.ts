import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Float, Info, Int, Resolver, Root } from 'type-graphql';
import { loadUserOfRow } from '../account/leaver.loader.js';
import { type UserRow, UserType } from '../account/user.type.js';
import type { Context } from '../context.js';
import { notFound } from '../errors.js';
import { selects } from '../shared/selection.js';
import { leaderboardLoader } from './leaderboard.loader.js';
import { DEFAULT_SLUG } from './leaderboard.service.js';
import { currentSeason, seasonByKey } from './season.service.js';
import { seasonSizeLoader, standingLoader, tieLoader } from './standing.loader.js';
import { type StandingRow, StandingType } from './standing.type.js';

@Resolver(() => StandingType)
export class StandingResolver {
  @FieldResolver(() => UserType, { description: 'Whose place it is, under the current nickname.' })
  async user(@Ctx() context: Context, @Root() standing: StandingRow): Promise<UserRow | null> {
    return loadUserOfRow(context, standing.userId);
  }

  @FieldResolver(() => Int, { description: 'How many others hold the same score.' })
  async tiedWith(@Ctx() context: Context, @Root() standing: StandingRow): Promise<number> {
    const holders = await context.loader(tieLoader).load(standing);
    return Math.max(holders - 1, 0);
  }

  @FieldResolver(() => Float, {
    description: "Share of the season's players that this one is at least as good as, above 0 and up to 100.",
  })
  async percentile(@Ctx() context: Context, @Root() standing: StandingRow): Promise<number> {
    const players = standing.players ?? (await context.loader(seasonSizeLoader).load(standing.season.id));
    const better = standing.rank - 1;
    // Read a moment apart, the two can disagree; the share stays within its bounds.
    const total = Math.max(players, standing.position);
    return ((total - better) / total) * 100;
  }
}

@Resolver(() => UserType)
export class UserStandingResolver {
  @FieldResolver(() => StandingType, {
    nullable: true,
    description:
      "The user's place in the current or the named season of a board; null where the user has not played it.",
  })
  async standing(
    @Ctx() context: Context,
    @Root() user: UserRow,
    @Info() info: GraphQLResolveInfo,
    @Arg('leaderboardSlug', () => String, { nullable: true, description: "Left out, the server's default board." })
    leaderboardSlug?: string | null,
    @Arg('seasonKey', () => String, { nullable: true, description: 'Left out, the current season.' })
    seasonKey?: string | null,
  ): Promise<StandingRow | null> {
    const board = await context.loader(leaderboardLoader).load(leaderboardSlug ?? DEFAULT_SLUG);
    if (board === null) {
      throw notFound('There is no such leaderboard.', 'leaderboardSlug');
    }
    const named = seasonKey !== null && seasonKey !== undefined;
    const season = named ? seasonByKey(board, seasonKey, 'seasonKey') : currentSeason(board);
    if (season === undefined) {
      return null;
    }
    return context.loader(standingLoader).load({ season, userId: user.id, withPlayers: selects(info, 'percentile') });
  }
}
