import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { retried } from '../database/transaction.js';

/**
 * Remembers that what these users have written lies before the present end of the write-ahead log: a replica that
 * has replayed the log up to there has it all. Called after their writes are committed, on the primary.
 * @param userIds of whoever reads their own state after it; who does not exist is left out
 */
export async function noteLastWrites(em: SqlEntityManager, userIds: readonly string[]): Promise<void> {
  // The position is read when the row's lock is had, so that it only moves forward, without a comparison: a position
  // from another cluster, which a restored dump brings along, must not stay. In one order, against deadlocks.
  await retried(() =>
    query(
      em,
      sql`insert into last_writes (user_id, written_lsn)
        select id, pg_current_wal_insert_lsn() from users where id = any(${userIds}::uuid[]) order by id
        on conflict (user_id) do update set written_lsn = pg_current_wal_insert_lsn()`,
    ),
  );
}
