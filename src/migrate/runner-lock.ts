import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { MigrationError } from './errors.js';
import { RUNNER_LOCK } from './runner-lock-key.js';

const POLL_MILLISECONDS = 100;

class BusyError extends Error {}

/**
 * Runs `work` in a transaction that holds the runners' lock. The lock is asked for again and again, not waited for in
 * the database: a statement that waits there would keep a concurrent index build of the holder from ending.
 * @param patience milliseconds to wait for another runner
 * @throws MigrationError where that was not enough
 */
export function inLockedTransaction<T>(
  em: SqlEntityManager,
  patience: number,
  work: (em: SqlEntityManager) => Promise<T>,
): Promise<T> {
  return untilFree(em, patience, () =>
    em.fork().transactional(async (transaction) => {
      await take(transaction, sql`pg_try_advisory_xact_lock`);
      return work(transaction);
    }),
  );
}

/** As inLockedTransaction, on one connection and outside a transaction. */
export function onLockedConnection<T>(
  em: SqlEntityManager,
  patience: number,
  work: (em: SqlEntityManager) => Promise<T>,
): Promise<T> {
  return untilFree(em, patience, () =>
    em
      .fork()
      .getKysely()
      .connection()
      .execute(async (connection) => {
        const own = em.fork();
        own.setTransactionContext(connection);
        await take(own, sql`pg_try_advisory_lock`);
        return andAfterwards(
          () => work(own),
          () => query(own, sql`select pg_advisory_unlock(${RUNNER_LOCK})`),
        );
      }),
  );
}

/**
 * Runs `work`, and `tidyUp` whatever came of it. Where both fail, as when the connection breaks, what `work` failed
 * with is thrown.
 */
export async function andAfterwards<T>(work: () => Promise<T>, tidyUp: () => Promise<unknown>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await tidyUp().catch(() => undefined);
    throw error;
  }
  await tidyUp();
  return result;
}

async function take(em: SqlEntityManager, lock: RawBuilder<unknown>): Promise<void> {
  const { taken } = await queryExactlyOne(em, sql<{ taken: boolean }>`select ${lock}(${RUNNER_LOCK}) as taken`);
  if (!taken) {
    throw new BusyError();
  }
}

async function untilFree<T>(em: SqlEntityManager, patience: number, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BusyError)) {
        throw error;
      }
      if (performance.now() > deadline) {
        throw new MigrationError(
          `Another migration run has been under way for ${Math.round(patience / 1000)} s${await describeHolder(em)}. Nothing was run meanwhile. Wait for it, then try again: it goes on from what is applied by then.`,
        );
      }
      await sleep(POLL_MILLISECONDS * (1 + Math.random()));
    }
  }
}

async function describeHolder(em: SqlEntityManager): Promise<string> {
  const holder = await queryOne(
    em.fork(),
    sql<{ pid: number; application: string; since: string }>`select a.pid, a.application_name as application,
        to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') as since
      from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.objid = ${RUNNER_LOCK} and l.granted
        and l.database = (select oid from pg_database where datname = current_database())`,
  );
  return holder === undefined
    ? ''
    : ` (server process ${holder.pid}, ${holder.application || 'unnamed'}, connected since ${holder.since})`;
}
