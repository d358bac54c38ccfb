import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.js';
import { query, sql } from '../database/query.js';

/** Key of the advisory lock that one migration runner holds at a time, across all servers of a database. */
const RUNNER_LOCK = 7_241_110;
const LOCK_TIMEOUT = '60s';

/**
 * Brings the database to the newest migration, all or nothing: one transaction, one runner at a time.
 * Safe to call from several processes at once; whoever comes second finds nothing left to do.
 * @returns the names of the migrations that this call applied
 */
export async function upgrade({ orm }: Database): Promise<string[]> {
  const em = orm.em.fork();
  // First of all: MikroORM's migrator makes a database that is not there, and a typo would be "upgraded".
  await query(em, sql`select 1`);
  // MikroORM makes its table on a connection of its own and not atomically: made here under the lock first,
  // it neither races nor waits for the transaction below.
  await em.transactional(async (transaction) => {
    await takeRunnerLock(transaction);
    await query(
      transaction,
      sql`create table if not exists mikro_orm_migrations (
        id serial primary key, name varchar(255), executed_at timestamptz default current_timestamp)`,
    );
  });
  await orm.migrator.getExecuted();
  return em.transactional(async (transaction) => {
    await takeRunnerLock(transaction);
    const applied = await orm.migrator.up({ transaction: transaction.getTransactionContext()! });
    return applied.map(({ name }) => name);
  });
}

async function takeRunnerLock(em: SqlEntityManager): Promise<void> {
  await query(em, sql`set local lock_timeout = ${sql.lit(LOCK_TIMEOUT)}`);
  await query(em, sql`select pg_advisory_xact_lock(${RUNNER_LOCK})`);
}
