import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { notFound } from '../errors.js';
import type { InstantText } from '../shared/instant.js';
import { isId } from '../shared/ids.js';

/** A session that stands, as its owner sees it. */
export interface SessionRow {
  id: string;
  createdAt: InstantText;
  refreshedAt: InstantText | null;
  expiresAt: InstantText;
  userAgent: string | null;
}

/** The sessions of users that stand, newest first. @returns for each id its sessions */
export async function sessionsOf(em: SqlEntityManager, userIds: readonly string[]): Promise<SessionRow[][]> {
  const rows = await query(
    em,
    sql<SessionRow & { userId: string }>`select user_id as "userId", id, created_at as "createdAt",
        refreshed_at as "refreshedAt", expires_at as "expiresAt", user_agent as "userAgent"
      from sessions
      where user_id = any(${userIds}::uuid[]) and revoked_at is null and expires_at > now()
      order by created_at desc, id desc`,
  );
  return userIds.map((id) => rows.filter(({ userId }) => userId === id));
}

/**
 * Ends one session of a user.
 * @throws AppError NOT_FOUND where the user has none of that id that stands
 */
export async function endOwnSession(em: SqlEntityManager, userId: string, sessionId: string): Promise<void> {
  const ended = isId(sessionId)
    ? await query(
        em,
        sql`update sessions set revoked_at = now()
          where id = ${sessionId} and user_id = ${userId} and revoked_at is null and expires_at > now() returning id`,
      )
    : [];
  if (ended.length === 0) {
    throw notFound('There is no such session, or it has ended.', 'sessionId');
  }
}
