import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.js';
import { pageSize } from '../shared/connection.js';
import { leaderboardLoader } from './leaderboard.loader.js';
import { DEFAULT_SLUG, listLeaderboards } from './leaderboard.service.js';
import { LeaderboardConnection, type LeaderboardRow, LeaderboardType } from './leaderboard.type.js';
import { seasonLoader } from './season.loader.js';
import { currentSeason, listSeasons, seasonByKey } from './season.service.js';
import { SeasonConnection, type SeasonRow, SeasonType } from './season.type.js';

@Resolver(() => LeaderboardType)
export class LeaderboardResolver {
  @Query(() => LeaderboardType, {
    nullable: true,
    description: "The board with that slug, or null; left out, the server's default board.",
  })
  async leaderboard(
    @Ctx() context: Context,
    @Arg('slug', () => String, { nullable: true }) slug?: string | null,
  ): Promise<LeaderboardRow | null> {
    return context.loader(leaderboardLoader).load(slug ?? DEFAULT_SLUG);
  }

  @Query(() => LeaderboardConnection, { nullable: true, description: 'All boards, by slug. 20 by default.' })
  async leaderboards(
    @Ctx() context: Context,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<LeaderboardConnection> {
    return listLeaderboards(context.em, pageSize(first, 20), after ?? null);
  }

  @FieldResolver(() => SeasonType, {
    nullable: true,
    description: 'The season that is on now, by the clock of the database.',
  })
  currentSeason(@Root() board: LeaderboardRow): SeasonRow {
    return currentSeason(board);
  }

  @FieldResolver(() => SeasonType, {
    nullable: true,
    description:
      'The season with that key, e.g. 2026-02, 2026-W06, 2026-02-05 or all. The current one always; a past one where it was played; a future one never.',
  })
  async season(
    @Ctx() context: Context,
    @Root() board: LeaderboardRow,
    @Arg('key', () => String) key: string,
  ): Promise<SeasonRow | null> {
    const season = seasonByKey(board, key, 'key');
    if (season === undefined || !season.isClosed) {
      return season ?? null;
    }
    return context.loader(seasonLoader).load(season.id);
  }

  @FieldResolver(() => SeasonConnection, {
    description: 'The seasons that were played and the current one, newest first. 12 by default.',
  })
  async seasons(
    @Ctx() context: Context,
    @Root() board: LeaderboardRow,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<SeasonConnection> {
    return listSeasons(context.em, board, pageSize(first, 12), after ?? null);
  }
}
