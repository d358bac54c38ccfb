import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, sql } from '../database/query.js';
import { badInput } from '../errors.js';
import { toPage } from '../shared/connection.js';
import { type CursorList, decodeCursor, encodeCursor } from '../shared/cursor.js';
import { seasonId } from '../shared/ids.js';
import { type InstantText, toDate } from '../shared/instant.js';
import { leaderboardDetails } from './leaderboard.service.js';
import type { LeaderboardRow } from './leaderboard.type.js';
import { seasonAt, seasonOfKey, type SeasonWindow } from './season-calendar.js';
import type { SeasonConnection, SeasonRow } from './season.type.js';

/** The season a board is in now, by the database's clock. It need not have a row yet. */
export function currentSeason(board: LeaderboardRow): SeasonRow {
  return toSeason(board, seasonAt(board.period, board.timeZone, toDate(board.readAt)));
}

/**
 * The season with that key, played or not.
 * @param field the argument the key came in, for the error
 * @returns undefined for a season that has not begun
 * @throws AppError BAD_USER_INPUT for a malformed key
 */
export function seasonByKey(board: LeaderboardRow, key: string, field: string): SeasonRow | undefined {
  const window = seasonOfKey(board.period, board.timeZone, key);
  if (window === undefined) {
    throw badInput(field, `This is not the key of a season of ${board.slug}, such as ${currentSeason(board).key}.`);
  }
  if (window.startsAt !== null && window.startsAt > toDate(board.readAt)) {
    return undefined;
  }
  return toSeason(board, window);
}

function toSeason(board: LeaderboardRow, window: SeasonWindow): SeasonRow {
  return {
    id: seasonId(board.id, window.key),
    leaderboard: board,
    key: window.key,
    startsAt: window.startsAt,
    endsAt: window.endsAt,
    isClosed: window.endsAt !== null && window.endsAt <= toDate(board.readAt),
  };
}

interface StoredSeason {
  id: string;
  key: string;
  startsAt: InstantText | null;
  endsAt: InstantText | null;
  isClosed: boolean;
}

/** The columns of a StoredSeason, of the table aliased `s`. */
export const seasonColumns = sql<StoredSeason>`s.id, s.key, s.starts_at as "startsAt", s.ends_at as "endsAt",
  coalesce(s.ends_at <= now(), false) as "isClosed"`;

type JoinedSeason = StoredSeason & Omit<LeaderboardRow, 'id'> & { leaderboardId: string };

/** Seasons that were played, by id, with their boards, in one statement; any other is left out. */
export async function findSeasons(em: SqlEntityManager, ids: readonly string[]): Promise<SeasonRow[]> {
  const rows = await query(
    em,
    sql<JoinedSeason>`select ${leaderboardDetails}, l.id as "leaderboardId", ${seasonColumns}
      from seasons s join leaderboards l on l.id = s.leaderboard_id
      where s.id = any(${ids}::uuid[])`,
  );
  return rows.map(({ id, key, startsAt, endsAt, isClosed, leaderboardId, ...board }) => ({
    id,
    key,
    startsAt,
    endsAt,
    isClosed,
    leaderboard: { ...board, id: leaderboardId },
  }));
}

/** The board's seasons that were played, and the current one, newest first. Keys sort by time. */
export async function listSeasons(
  em: SqlEntityManager,
  board: LeaderboardRow,
  size: number,
  after: string | null,
): Promise<SeasonConnection> {
  const list: CursorList = { name: `seasons:${board.id}`, key: ['text'] };
  const [afterKey] = after === null ? [] : decodeCursor(list, after, 'after');
  const current = currentSeason(board);
  const stored = await query(
    em,
    sql<StoredSeason>`select ${seasonColumns} from seasons s
      where s.leaderboard_id = ${board.id} and s.key collate "C" <= ${current.key}
        and ${afterKey === undefined ? sql`true` : sql`s.key collate "C" < ${afterKey}`}
      order by s.key collate "C" desc limit ${size + 1}`,
  );
  const seasons: SeasonRow[] = stored.map((season) => ({ ...season, leaderboard: board }));
  if (afterKey === undefined && seasons[0]?.key !== current.key) {
    seasons.unshift(current);
  }
  const edges = seasons.slice(0, size).map((node) => ({ cursor: encodeCursor(list, [node.key]), node }));
  return {
    ...toPage(edges, seasons.length > size, after !== null),
    totalCount: () => countSeasons(em, board, current),
  };
}

async function countSeasons(em: SqlEntityManager, board: LeaderboardRow, current: SeasonRow): Promise<number> {
  const { count } = await queryExactlyOne(
    em,
    sql<{ count: number }>`select count(*)::int + (count(*) filter (where s.key = ${current.key}) = 0)::int as count
      from seasons s where s.leaderboard_id = ${board.id} and s.key collate "C" <= ${current.key}`,
  );
  return count;
}
