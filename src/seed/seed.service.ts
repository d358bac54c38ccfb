import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, ErrorCode } from '../errors.js';
import { DEFAULT_SLUG, settleDefaultZone } from '../leaderboard/leaderboard.service.js';
import { type InstantText, toDate } from '../shared/instant.js';
import { seedFriendships } from './friendships.js';
import { DEMO_NICKNAME } from './nickname.js';
import { DEMO_PASSWORD, seedPlayers } from './players.js';
import { seedScores } from './scores.js';
import { seedVisits } from './visits.js';

/** The player whose data show everything there is. */
export const DEMO_LOGIN = {
  email: 'player1@demo.laurel.example',
  nickname: DEMO_NICKNAME,
  password: DEMO_PASSWORD,
};

export const DEFAULT_PLAYERS = 300;
/** Fewer would leave the demo login without some of what there is to show. */
export const MIN_PLAYERS = 10;
export const MAX_PLAYERS = 1_000_000;

export interface SeedOptions {
  /** From MIN_PLAYERS to MAX_PLAYERS. */
  players?: number;
  /** IANA zone to give the default board, as settleDefaultZone does; left out, the board's stays. */
  timeZone?: string;
  /** What the data end at; left out, the database's clock. */
  now?: Date;
}

export interface SeedReport {
  login: typeof DEMO_LOGIN;
  /** Rows by table. */
  rows: Record<(typeof TABLES)[number], number>;
}

const TABLES = ['users', 'friendships', 'blocks', 'seasons', 'scores', 'standings', 'visits'] as const;

/** Whether nobody has an account, deleted ones included. */
export async function isEmpty(em: SqlEntityManager): Promise<boolean> {
  const { empty } = await queryExactlyOne(em, sql<{ empty: boolean }>`select not exists (select from users) as empty`);
  return empty;
}

/** Whether the demo login can be signed in with, as far as its account goes. */
export async function hasDemoLogin(em: SqlEntityManager): Promise<boolean> {
  const { exists } = await queryExactlyOne(
    em,
    sql<{ exists: boolean }>`select exists (
      select from users where lower(email) = ${DEMO_LOGIN.email} and deleted_at is null) as exists`,
  );
  return exists;
}

/**
 * Fills an empty database with demo data, all or nothing. The same options on the same schema make the same
 * rows, ids included.
 * @throws AppError CONFLICT where there is a user; SeasonZoneError where the default board has another zone
 */
export async function seedDemo(em: SqlEntityManager, options: SeedOptions = {}): Promise<SeedReport> {
  const { players = DEFAULT_PLAYERS, timeZone } = options;
  return inTransaction(em, async (transaction) => {
    // Against a second seed as well as registrations: whoever comes second waits, and finds users.
    await query(transaction, sql`lock table users in share row exclusive mode`);
    if (!(await isEmpty(transaction))) {
      throw new AppError(
        ErrorCode.CONFLICT,
        'This database has users already: demo data go into an empty one only. Nothing was changed.',
      );
    }
    if (timeZone !== undefined) {
      await settleDefaultZone(transaction, timeZone);
    }
    const { now, boardZone } = await readClock(transaction);
    const until = options.now ?? toDate(now);
    await seedPlayers(transaction, players, until);
    await seedFriendships(transaction, players, until);
    await seedScores(transaction, players, until);
    await seedVisits(transaction, until, boardZone);
    // The embedded database has no autovacuum, and elsewhere it comes too late for the first queries.
    await query(transaction, sql`analyze ${sql.join(TABLES.map((table) => sql.table(table)))}`);
    return { login: DEMO_LOGIN, rows: await countRows(transaction) };
  });
}

/** The default board's zone is the server's: that is what settleDefaultZone sees to. */
async function readClock(em: SqlEntityManager): Promise<{ now: InstantText; boardZone: string }> {
  return queryExactlyOne(
    em,
    sql<{ now: InstantText; boardZone: string }>`select now() as now, time_zone as "boardZone"
      from leaderboards where slug = ${DEFAULT_SLUG}`,
  );
}

async function countRows(em: SqlEntityManager): Promise<SeedReport['rows']> {
  const counts = TABLES.map((table) => sql`(select count(*)::integer from ${sql.table(table)}) as ${sql.ref(table)}`);
  return queryExactlyOne(em, sql<SeedReport['rows']>`select ${sql.join(counts)}`);
}
