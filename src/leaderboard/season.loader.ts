import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import type { InstantText } from '../shared/instant.js';
import { leaderboardDetails } from './leaderboard.service.js';
import type { LeaderboardRow } from './leaderboard.type.js';
import { seasonColumns } from './season.service.js';
import type { SeasonRow } from './season.type.js';

type JoinedSeason = Omit<LeaderboardRow, 'id'> & {
  id: string;
  key: string;
  startsAt: InstantText | null;
  endsAt: InstantText | null;
  isClosed: boolean;
  leaderboardId: string;
};

/** Seasons that were played, by id, with their boards, in one statement; null for any other. */
export function seasonLoader({ em }: Context): DataLoader<string, SeasonRow | null> {
  return batchLoader(em, async (ids) => {
    const rows = await query(
      em,
      sql<JoinedSeason>`select ${leaderboardDetails}, l.id as "leaderboardId", ${seasonColumns}
        from seasons s join leaderboards l on l.id = s.leaderboard_id
        where s.id = any(${ids}::uuid[])`,
    );
    const byId = new Map(rows.map((row) => [row.id, toSeason(row)]));
    return ids.map((id) => byId.get(id) ?? null);
  });
}

function toSeason({ id, key, startsAt, endsAt, isClosed, leaderboardId, ...board }: JoinedSeason): SeasonRow {
  return { id, key, startsAt, endsAt, isClosed, leaderboard: { ...board, id: leaderboardId } };
}
