import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';

const KEYS = { sign_in_attempts: 'state_hash', sign_in_codes: 'code_hash', link_tickets: 'ticket_hash' } as const;
/** Rows that are deleted by one statement: anybody can begin sign-ins, and no statement may take long. */
const BATCH = 1000;

/** Forgets sign-ins with providers that were not gone through with. @returns how many rows */
export async function forgetSignIns(em: SqlEntityManager): Promise<number> {
  let forgotten = 0;
  for (const [table, key] of Object.entries(KEYS)) {
    let rows: unknown[];
    do {
      rows = await query(
        em,
        sql`delete from ${sql.table(table)} where ${sql.ref(key)} in (
            select ${sql.ref(key)} from ${sql.table(table)} where expires_at < now() limit ${sql.lit(BATCH)}
          ) returning 1 as gone`,
      );
      forgotten += rows.length;
    } while (rows.length === BATCH);
  }
  return forgotten;
}
