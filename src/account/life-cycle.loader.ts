import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import { type SessionRow, sessionsOf } from './session-list.service.js';

/** Sessions that stand, by user. Asked only behind `account`. */
export function sessionsLoader({ em }: Context): DataLoader<string, SessionRow[]> {
  return batchLoader(em, (ids) => sessionsOf(em, ids));
}

/** Addresses that wait for their confirmation, by user; null where none does. Likewise. */
export function pendingEmailLoader({ em }: Context): DataLoader<string, string | null> {
  return batchLoader(em, async (ids) => {
    const rows = await query(
      em,
      sql<{ userId: string; email: string }>`select v.user_id as "userId", v.email
        from email_verifications v join users u on u.id = v.user_id
        where v.user_id = any(${ids}::uuid[]) and v.used_at is null and v.expires_at > now()
          and lower(v.email) is distinct from lower(u.email)`,
    );
    const byId = new Map(rows.map(({ userId, email }) => [userId, email]));
    return ids.map((id) => byId.get(id) ?? null);
  });
}
