import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { audit } from '../admin/audit-log.service.js';
import { type Actor, AuditAction } from '../admin/audit-log.type.js';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { violatedUnique } from '../database/sql-state.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, badInput, ErrorCode, ErrorReason, notFound } from '../errors.js';
import { forwardPage } from '../shared/connection.js';
import { type CursorList, decodeCursor } from '../shared/cursor.js';
import { newId } from '../shared/ids.js';
import { isLine } from '../shared/written-text.js';
import { isTimeZone } from '../shared/time-zone.js';
import type { LeaderboardConnection, LeaderboardRow, ScoreAggregation, ScoreOrder } from './leaderboard.type.js';
import type { Period } from './season-calendar.js';

const MAX_TITLE = 200;

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
 * Makes a board, and writes so to the audit log.
 * @throws AppError BAD_USER_INPUT for a malformed slug, title or zone, CONFLICT where the slug is in use
 */
export async function createLeaderboard(
  em: SqlEntityManager,
  actor: Actor,
  board: NewLeaderboard,
): Promise<LeaderboardRow> {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(board.slug) || board.slug.length > 64) {
    throw badInput(
      'input.slug',
      'A slug has up to 64 lower-case letters and digits, in parts joined by single hyphens.',
    );
  }
  checkTitle(board.title, 'input.title');
  if (!isTimeZone(board.timeZone)) {
    throw badInput('input.timeZone', 'A time zone is named as in the IANA database, e.g. Asia/Seoul.');
  }
  try {
    return await inTransaction(em, async (transaction) => {
      const made = await queryExactlyOne(
        transaction,
        sql<LeaderboardRow>`insert into leaderboards as l (id, slug, title, aggregation, score_order, period, time_zone)
          values (${newId()}, ${board.slug}, ${board.title}, ${board.aggregation}, ${board.order}, ${board.period},
            ${board.timeZone})
          returning ${leaderboardColumns}`,
      );
      const { id, readAt: _, ...details } = made;
      await audit(transaction, actor, AuditAction.LEADERBOARD_CREATED, id, details);
      return made;
    });
  } catch (error) {
    if (violatedUnique(error) === 'leaderboards_slug_unique') {
      throw new AppError(ErrorCode.CONFLICT, `There is a leaderboard with the slug ${board.slug} already.`, {
        field: 'input.slug',
      });
    }
    throw error;
  }
}

/** What of a board is to be another. */
export type LeaderboardChanges = Partial<Omit<NewLeaderboard, 'slug'>>;

/**
 * Edits a board, and writes so to the audit log. Its rules can be edited as long as it has no season: what was played by them
 * stays as it was played.
 * @throws AppError BAD_USER_INPUT for a malformed title; NOT_FOUND; CONFLICT with LEADERBOARD_PLAYED
 */
export async function updateLeaderboard(
  em: SqlEntityManager,
  actor: Actor,
  slug: string,
  changes: LeaderboardChanges,
): Promise<LeaderboardRow> {
  if (changes.title !== undefined) {
    checkTitle(changes.title, 'input.title');
  }
  if (slug === DEFAULT_SLUG && changes.timeZone !== undefined) {
    throw badInput('input.timeZone', "The default board has the server's zone: the setting SEASON_TIME_ZONE.");
  }
  return inTransaction(em, async (transaction) => {
    // Not for no key update: whoever opens a season of the board waits, and looks at its rules again.
    const board = await queryOne(
      transaction,
      sql<LeaderboardRow>`select ${leaderboardColumns} from leaderboards l where l.slug = ${slug} for update`,
    );
    if (board === undefined) {
      throw notFound('There is no such leaderboard.', 'input.slug');
    }
    const changed = Object.entries(changes).filter(
      ([name, value]) => board[name as keyof LeaderboardChanges] !== value,
    );
    if (changed.length === 0) {
      return board;
    }
    const rule = changed.find(([name]) => name !== 'title')?.[0];
    if (rule !== undefined && (await hasSeason(transaction, board.id))) {
      throw new AppError(
        ErrorCode.CONFLICT,
        'The board has been played by its rules. Make another one for new rules.',
        {
          reason: ErrorReason.LEADERBOARD_PLAYED,
          field: `input.${rule}`,
        },
      );
    }
    const { title, aggregation, order, period, timeZone } = { ...board, ...changes };
    await audit(transaction, actor, AuditAction.LEADERBOARD_UPDATED, board.id, {
      slug,
      ...Object.fromEntries(changed),
    });
    return queryExactlyOne(
      transaction,
      sql<LeaderboardRow>`update leaderboards l set title = ${title}, aggregation = ${aggregation},
          score_order = ${order}, period = ${period}, time_zone = ${timeZone}
        where l.id = ${board.id} returning ${leaderboardColumns}`,
    );
  });
}

async function hasSeason(em: SqlEntityManager, leaderboardId: string): Promise<boolean> {
  const { played } = await queryExactlyOne(
    em,
    sql<{ played: boolean }>`select exists (select from seasons where leaderboard_id = ${leaderboardId}) as played`,
  );
  return played;
}

function checkTitle(title: string, field: string): void {
  if (!isLine(title, MAX_TITLE)) {
    throw badInput(field, `A title has 1 to ${MAX_TITLE} characters, in one line.`);
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
