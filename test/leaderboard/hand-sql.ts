import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../../src/database/query.js';
import type { Entry } from './support.js';

/* Standings changed by an operator's own SQL, which names only what it means. */

const columnsOf = (entries: Entry[]) => sql`unnest(${entries.map(({ userId }) => userId)}::uuid[],
  ${entries.map(({ score }) => String(score))}::bigint[],
  ${entries.map(({ achievedAt }) => achievedAt)}::timestamptz[]) as e (user_id, score, achieved_at)`;

/** Inserts those who are not there, and corrects score and time of those who are, in one statement. */
export async function upsertStandings(on: SqlEntityManager, seasonId: string, entries: Entry[]): Promise<void> {
  await query(
    on,
    sql`insert into standings (season_id, user_id, score, achieved_at)
      select ${seasonId}::uuid, e.* from ${columnsOf(entries)}
      on conflict (season_id, user_id) do update set score = excluded.score, achieved_at = excluded.achieved_at`,
  );
}

/** @param change SQL: what to set, from the columns of `e` */
export async function correctStandings(
  on: SqlEntityManager,
  seasonId: string,
  entries: Entry[],
  change: ReturnType<typeof sql>,
): Promise<void> {
  await query(
    on,
    sql`update standings s set ${change} from ${columnsOf(entries)}
      where s.season_id = ${seasonId} and s.user_id = e.user_id`,
  );
}

export async function deleteStandings(on: SqlEntityManager, seasonId: string, ids: string[]): Promise<void> {
  await query(on, sql`delete from standings where season_id = ${seasonId} and user_id = any(${ids}::uuid[])`);
}
