import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, sql } from '../database/query.js';
import { violatedUnique } from '../database/sql-state.js';
import { AppError, badInput, ErrorCode } from '../errors.js';
import { forwardPage } from '../shared/connection.js';
import { type CursorList, decodeCursor } from '../shared/cursor.js';
import { newId } from '../shared/ids.js';
import { isTimeZone } from '../shared/time-zone.js';
import type { LeaderboardConnection, LeaderboardRow, ScoreAggregation, ScoreOrder } from './leaderboard.type.js';
import type { Period } from './season-calendar.js';

/** The board that clients mean when they name none. */
export const DEFAULT_SLUG = 'monthly';

/** The columns of a LeaderboardRow but its id, of the table aliased `l`. */
export const leaderboardDetails = sql<Omit<LeaderboardRow, 'id'>>`l.slug, l.title, l.aggregation,
  l.score_order as "order", l.period, l.time_zone as "timeZone", now() as "readAt"`;

/** The columns of a LeaderboardRow, of the table aliased `l`. */
export const leaderboardColumns = sql<LeaderboardRow>`l.id, ${leaderboardDetails}`;

const LIST: CursorList = { name: 'leaderboards', key: ['text'] };

/** The boards, by slug. */
export async function listLeaderboards(
  em: SqlEntityManager,
  size: number,
  after: string | null,
): Promise<LeaderboardConnection> {
  const [afterSlug] = after === null ? [] : decodeCursor(LIST, after, 'after');
  const rows = await query(
    em,
    sql<LeaderboardRow>`select ${leaderboardColumns} from leaderboards l
      where ${afterSlug === undefined ? sql`true` : sql`l.slug collate "C" > ${afterSlug}`}
      order by l.slug collate "C" limit ${size + 1}`,
  );
  const page = forwardPage({
    list: LIST,
    rows,
    size,
    hasPreviousPage: after !== null,
    keyOf: (row) => [row.slug],
    edgeOf: (node, cursor) => ({ cursor, node }),
  });
  return { ...page, totalCount: () => countLeaderboards(em) };
}

async function countLeaderboards(em: SqlEntityManager): Promise<number> {
  const { count } = await queryExactlyOne(em, sql<{ count: number }>`select count(*)::int as count from leaderboards`);
  return count;
}

export interface NewLeaderboard {
  slug: string;
  title: string;
  aggregation: ScoreAggregation;
  order: ScoreOrder;
  period: Period;
  /** IANA name. */
  timeZone: string;
}

/**
 * Makes a board.
 * @throws AppError BAD_USER_INPUT for a malformed slug, title or zone, CONFLICT where the slug is in use
 */
export async function createLeaderboard(em: SqlEntityManager, board: NewLeaderboard): Promise<LeaderboardRow> {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(board.slug) || board.slug.length > 64) {
    throw badInput('slug', 'A slug has up to 64 lower-case letters and digits, in parts joined by single hyphens.');
  }
  if (board.title.trim() === '' || board.title.length > 200) {
    throw badInput('title', 'A title has 1 to 200 characters.');
  }
  if (!isTimeZone(board.timeZone)) {
    throw badInput('timeZone', 'A time zone is named as in the IANA database, e.g. Asia/Seoul.');
  }
  try {
    return await queryExactlyOne(
      em,
      sql<LeaderboardRow>`insert into leaderboards as l (id, slug, title, aggregation, score_order, period, time_zone)
        values (${newId()}, ${board.slug}, ${board.title}, ${board.aggregation}, ${board.order}, ${board.period},
          ${board.timeZone})
        returning ${leaderboardColumns}`,
    );
  } catch (error) {
    if (violatedUnique(error) === 'leaderboards_slug_unique') {
      throw new AppError(ErrorCode.CONFLICT, `There is a leaderboard with the slug ${board.slug} already.`, {
        field: 'slug',
      });
    }
    throw error;
  }
}

/** The setting's zone is not the default board's, which has seasons already. */
export class SeasonZoneError extends Error {
  constructor(boardZone: string, setting: string) {
    super(
      `SEASON_TIME_ZONE is ${setting}, but the seasons of the leaderboard "${DEFAULT_SLUG}" were played in ${boardZone}: ` +
        `moving their boundaries would move scores between seasons. Set SEASON_TIME_ZONE=${boardZone}, ` +
        'or make another board in the new zone with `laurel leaderboard create`.',
    );
    this.name = 'SeasonZoneError';
  }
}

/**
 * Gives the default board the zone of the setting, as long as it has no season.
 * @throws SeasonZoneError where it has one and the zones differ
 */
export async function settleDefaultZone(em: SqlEntityManager, timeZone: string): Promise<void> {
  await query(
    em,
    sql`update leaderboards l set time_zone = ${timeZone}
      where l.slug = ${DEFAULT_SLUG} and l.time_zone <> ${timeZone}
        and not exists (select from seasons s where s.leaderboard_id = l.id)`,
  );
  const board = await queryExactlyOne(
    em,
    sql<{ timeZone: string }>`select time_zone as "timeZone" from leaderboards where slug = ${DEFAULT_SLUG}`,
  );
  if (board.timeZone !== timeZone) {
    throw new SeasonZoneError(board.timeZone, timeZone);
  }
}
