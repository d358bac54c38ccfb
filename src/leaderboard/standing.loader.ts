import type DataLoader from 'dataloader';
import { userLoader } from '../account/user.loader.js';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import {
  countBetter,
  countPlayers,
  countTied,
  countTiedAhead,
  type PlacedStanding,
  storedColumns,
  toStanding,
} from './rank.js';
import type { SeasonRow } from './season.type.js';
import { readStandingLists, type StandingList, type StandingPage } from './standing-list.js';
import type { StandingRow } from './standing.type.js';

interface StandingKey {
  season: SeasonRow;
  userId: string;
  /** Whether the number of the season's players is to be read along. */
  withPlayers: boolean;
}

/** A player's standing in a season, in one statement for any number; null where the player is not ranked. */
export function standingLoader({ em }: Context): DataLoader<StandingKey, StandingRow | null, string> {
  return batchLoader(
    em,
    async (keys) => {
      const counted = keys.filter(({ withPlayers }) => withPlayers).map(({ season }) => season.id);
      const rows = await query(
        em,
        sql<PlacedStanding & { seasonId: string; players: number | null }>`select s.season_id as "seasonId",
            ${storedColumns}, ${countBetter(sql`s.season_id`, sql`s.sort_score`)} as better,
            ${countTiedAhead(sql`s.season_id`, sql`s.sort_score`, sql`s.achieved_at`, sql`s.user_id`)} as "tiedAhead",
            size.players
          from unnest(${keys.map(({ season }) => season.id)}::uuid[], ${keys.map(({ userId }) => userId)}::uuid[])
            as wanted (season_id, user_id)
          join standings s on s.season_id = wanted.season_id and s.user_id = wanted.user_id and s.ranked
          left join (
            select counted.season_id, ${countPlayers(sql`counted.season_id`)} as players
            from unnest(${[...new Set(counted)]}::uuid[]) as counted (season_id)
          ) size on size.season_id = s.season_id`,
      );
      const byKey = new Map(rows.map((row) => [`${row.seasonId}:${row.userId}`, row]));
      return keys.map((key) => {
        const row = byKey.get(`${key.season.id}:${key.userId}`);
        return row === undefined ? null : { ...toStanding(key.season, row), players: row.players ?? undefined };
      });
    },
    ({ season, userId }) => `${season.id}:${userId}`,
  );
}

/** So many lists go into one statement at most: a plan for hundreds takes longer than the lists, and does not fit. */
const LISTS_A_STATEMENT = 10;

/** Pages of any lists of standings, ten in a statement; users that are read along are there for their loader. */
export function standingListLoader(context: Context): DataLoader<StandingList, StandingPage> {
  const { em } = context;
  return batchLoader(em, async (lists) => {
    const parts = Array.from({ length: Math.ceil(lists.length / LISTS_A_STATEMENT) }, (_, part) =>
      lists.slice(part * LISTS_A_STATEMENT, (part + 1) * LISTS_A_STATEMENT),
    );
    const pages = await Promise.all(
      parts.map((part) => readStandingLists(em, part, (user) => context.loader(userLoader).prime(user.id, user))),
    );
    return pages.flat();
  });
}

/** How many ranked players a season has, by its id. */
export function seasonSizeLoader({ em }: Context): DataLoader<string, number> {
  return batchLoader(em, async (seasonIds) => {
    const rows = await query(
      em,
      sql<{ seasonId: string; players: number }>`select wanted.season_id as "seasonId",
          ${countPlayers(sql`wanted.season_id`)} as players
        from unnest(${seasonIds}::uuid[]) as wanted (season_id)`,
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
        sql<{ seasonId: string; sortScore: string; players: number }>`select wanted.season_id as "seasonId",
            wanted.sort_score as "sortScore",
            ${countTied(sql`wanted.season_id`, sql`wanted.sort_score`)} as players
          from unnest(${standings.map(({ season }) => season.id)}::uuid[],
            ${standings.map(({ sortScore }) => sortScore)}::bigint[]) as wanted (season_id, sort_score)`,
      );
      const byKey = new Map(rows.map((row) => [keyOf(row), row.players]));
      return standings.map(({ season, sortScore }) => byKey.get(keyOf({ seasonId: season.id, sortScore })) ?? 0);
    },
    ({ season, sortScore }) => keyOf({ seasonId: season.id, sortScore }),
  );
}
