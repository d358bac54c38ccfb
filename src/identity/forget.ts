import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';

const TABLES = ['sign_in_attempts', 'sign_in_codes', 'link_tickets'] as const;

/** Forgets sign-ins with providers that were not gone through with. @returns how many rows */
export async function forgetSignIns(em: SqlEntityManager): Promise<number> {
  let forgotten = 0;
  for (const table of TABLES) {
    const rows = await query(em, sql`delete from ${sql.table(table)} where expires_at < now() returning 1 as gone`);
    forgotten += rows.length;
  }
  return forgotten;
}
