import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';

/**
 * Ends what was asked for with the password before, or is on its way to the address before: links that set a password, and
 * those that would make another address the account's. Its own address can still be confirmed. Inside the caller's transaction,
 * which has locked the account.
 */
export async function endPendingTokens(em: SqlEntityManager, userId: string): Promise<void> {
  await query(em, sql`delete from password_resets where user_id = ${userId} and used_at is null`);
  await query(
    em,
    sql`delete from email_verifications v using users u
      where v.user_id = ${userId} and v.used_at is null and u.id = v.user_id
        and lower(v.email) is distinct from lower(u.email)`,
  );
}
