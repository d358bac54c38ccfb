import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../../src/database/query.js';
import { newId } from '../../src/shared/ids.js';

/** Players without a password, in one statement; their nicknames begin with `prefix`. */
export async function insertPlayers(em: SqlEntityManager, prefix: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  await query(
    em,
    sql`insert into users (id, nickname)
      select id, ${prefix}::text || position
      from unnest(${ids}::uuid[]) with ordinality as players (id, position)`,
  );
  return ids;
}

/** Stores one visit on each of these days, YYYY-MM-DD. */
export async function insertVisits(em: SqlEntityManager, userId: string, days: string[]): Promise<void> {
  await query(
    em,
    sql`insert into visits (user_id, visit_date) select ${userId}::uuid, day from unnest(${days}::date[]) as days (day)`,
  );
}

/** The date some days after `date`, both YYYY-MM-DD. */
export function plusDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
}
