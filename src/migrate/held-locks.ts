import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';

/** A lock on a table that this connection holds, in PostgreSQL's words, e.g. AccessExclusiveLock. */
export interface HeldLock {
  table: string;
  mode: string;
}

/** The locks on tables that this transaction holds, but for those that only reading takes. */
export function heldLocks(em: SqlEntityManager): Promise<HeldLock[]> {
  return query(
    em,
    sql<HeldLock>`select c.oid::regclass::text as "table", l.mode
      from pg_locks l
      join pg_class c on c.oid = l.relation and c.relkind in ('r', 'p', 'm')
      join pg_namespace n on n.oid = c.relnamespace and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
      where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.granted and l.mode <> 'AccessShareLock'
      order by 1, 2`,
  );
}

/** Those of `now` that were not held before. */
export function newLocks(before: readonly HeldLock[], now: readonly HeldLock[]): HeldLock[] {
  return now.filter(({ table, mode }) => !before.some((lock) => lock.table === table && lock.mode === mode));
}
