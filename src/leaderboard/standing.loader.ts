import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import { countAhead, countBetter, type PlacedStanding, storedColumns, toStanding } from './rank.js';
import type { SeasonRow } from './season.type.js';
import type { StandingRow } from './standing.type.js';

interface StandingKey {
  season: SeasonRow;
  userId: string;
}

/** A player's standing in a season, in one statement for any number; null where the player is not ranked. */
export function standingLoader({ em }: Context): DataLoader<StandingKey, StandingRow | null, string> {
  return batchLoader(
    em,
    async (keys) => {
      const rows = await query(
        em,
        sql<PlacedStanding & { seasonId: string }>`select s.season_id as "seasonId", ${storedColumns},
            ${countBetter(sql`s.season_id`, sql`s.sort_score`)} as better,
            ${countAhead(sql`s.season_id`, sql`s.sort_score`, sql`s.achieved_at`, sql`s.user_id`)} as ahead
          from unnest(${keys.map(({ season }) => season.id)}::uuid[], ${keys.map(({ userId }) => userId)}::uuid[])
            as wanted (season_id, user_id)
          join standings s on s.season_id = wanted.season_id and s.user_id = wanted.user_id and s.ranked`,
      );
      const byKey = new Map(rows.map((row) => [`${row.seasonId}:${row.userId}`, row]));
      return keys.map((key) => {
        const row = byKey.get(`${key.season.id}:${key.userId}`);
        return row === undefined ? null : toStanding(key.season, row);
      });
    },
    ({ season, userId }) => `${season.id}:${userId}`,
  );
}

/** How many ranked players a season has, by its id. */
export function seasonSizeLoader({ em }: Context): DataLoader<string, number> {
  return batchLoader(em, async (seasonIds) => {
    const rows = await query(
      em,
      sql<{ seasonId: string; players: number }>`select season_id as "seasonId", count(*)::int as players
        from standings where season_id = any(${seasonIds}::uuid[]) and ranked group by season_id`,
    );
    const byId = new Map(rows.map(({ seasonId, players }) => [seasonId, players]));
    return seasonIds.map((id) => byId.get(id) ?? 0);
  });
}

/** How many ranked players of the season hold the same score as that standing, itself included. */
export function tieLoader({ em }: Context): DataLoader<StandingRow, number, string> {
  const keyOf = (key: { seasonId: string; sortScore: string }): string => `${key.seasonId}:${key.sortScore}`;
  return batchLoader(
    em,
    async (standings) => {
      const rows = await query(
        em,
        sql<{ seasonId: string; sortScore: string; players: number }>`select s.season_id as "seasonId",
            s.sort_score as "sortScore", count(*)::int as players
          from unnest(${standings.map(({ season }) => season.id)}::uuid[],
            ${standings.map(({ sortScore }) => sortScore)}::bigint[]) as wanted (season_id, sort_score)
          join standings s on s.season_id = wanted.season_id and s.sort_score = wanted.sort_score and s.ranked
          group by s.season_id, s.sort_score`,
      );
      const byKey = new Map(rows.map((row) => [keyOf(row), row.players]));
      return standings.map(({ season, sortScore }) => byKey.get(keyOf({ seasonId: season.id, sortScore })) ?? 0);
    },
    ({ season, sortScore }) => keyOf({ seasonId: season.id, sortScore }),
  );
}
