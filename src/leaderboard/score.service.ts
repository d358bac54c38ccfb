import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, sql } from '../database/query.js';
import { forwardPage } from '../shared/connection.js';
import { type CursorList, decodeCursor } from '../shared/cursor.js';
import type { ScoreConnection, ScoreRow } from './score.type.js';

/** A player's scores, newest first. */
export async function listScores(
  em: SqlEntityManager,
  userId: string,
  size: number,
  after: string | null,
): Promise<ScoreConnection> {
  const list: CursorList = { name: `scores:${userId}`, key: ['instant', 'id'] };
  const key = after === null ? null : decodeCursor(list, after, 'after');
  const rows = await query(
    em,
    sql<Omit<ScoreRow, 'value'> & { value: string }>`select id, score as value, season_id as "seasonId",
        created_at as "createdAt", voided_at as "voidedAt"
      from scores where user_id = ${userId}
        and ${key === null ? sql`true` : sql`(created_at, id) < (${key[0]}::timestamptz, ${key[1]}::uuid)`}
      order by created_at desc, id desc limit ${size + 1}`,
  );
  const page = forwardPage({
    list,
    rows,
    size,
    hasPreviousPage: after !== null,
    keyOf: (row) => [row.createdAt, row.id],
    edgeOf: (row, cursor) => ({ cursor, node: { ...row, value: Number(row.value) } }),
  });
  return { ...page, totalCount: () => countScores(em, userId) };
}

async function countScores(em: SqlEntityManager, userId: string): Promise<number> {
  const { count } = await queryExactlyOne(
    em,
    sql<{ count: number }>`select count(*)::int as count from scores where user_id = ${userId}`,
  );
  return count;
}
