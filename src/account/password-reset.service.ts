import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import type { Jobs } from '../jobs/jobs.js';
import type { InstantText } from '../shared/instant.js';
import { ACCOUNT_MAIL } from './account-mail.job.js';
import { checkEmail } from './account-rules.js';
import { refusal } from './email-verification.service.js';
import { endPendingTokens } from './pending-tokens.js';
import { hashOneTimeToken, newOneTimeToken } from './one-time-token.js';
import { checkNewPassword, hashPassword } from './password.js';
import { isPresent } from './presence.js';
import { endSessions, type OpenSession, openSession } from './session.service.js';
import { userColumns } from './user.service.js';
import type { UserRow } from './user.type.js';

/** How long a link in a mail is good for. */
export const RESET_MINUTES = 60;

/**
 * Has a mail sent with which a new password can be set. Whether there is such an account is not told, nor to be read
 * off the time that this takes: it is looked for by the job.
 * @throws AppError BAD_USER_INPUT for what is no address
 */
export async function requestPasswordReset(em: SqlEntityManager, jobs: Jobs, email: string): Promise<void> {
  checkEmail(email, 'email');
  await jobs.enqueue(em, ACCOUNT_MAIL, { kind: 'password-reset', email });
}

/**
 * Makes the token for a mail, in the place of those that were sent before.
 * @returns undefined where no account has the address
 */
export function issuePasswordReset(em: SqlEntityManager, email: string): Promise<string | undefined> {
  return inTransaction(em, async (transaction) => {
    const user = await queryOne(
      transaction,
      sql<{ id: string }>`select id from users
        where lower(email) = ${email.toLowerCase()} and ${isPresent()} for update`,
    );
    if (user === undefined) {
      return undefined;
    }
    const { token } = await replacePasswordReset(transaction, user.id, RESET_MINUTES);
    return token;
  });
}

/**
 * Makes a token with which this user's password can be set, in the place of those that were made before. Inside the caller's
 * transaction.
 */
export async function replacePasswordReset(
  em: SqlEntityManager,
  userId: string,
  minutes: number,
): Promise<{ token: string; expiresAt: InstantText }> {
  const { token, hash } = newOneTimeToken();
  await query(em, sql`delete from password_resets where user_id = ${userId} and used_at is null`);
  const { expiresAt } = await queryExactlyOne(
    em,
    sql<{ expiresAt: InstantText }>`insert into password_resets (token_hash, user_id, expires_at)
      values (${hash}, ${userId}, now() + make_interval(mins => ${minutes}::integer))
      returning expires_at as "expiresAt"`,
  );
  return { token, expiresAt };
}

/**
 * Spends a token out of a mail: sets the password, ends every session and opens a new one. Whoever could read the mail
 * has the address, so it is confirmed by that.
 * @param userAgent what the client calls itself
 * @throws AppError BAD_USER_INPUT naming the field, with TOKEN_EXPIRED or TOKEN_REVOKED for the token
 */
export async function resetPassword(
  em: SqlEntityManager,
  jobs: Jobs | undefined,
  input: { token: string; newPassword: string },
  userAgent: string | null,
): Promise<OpenSession> {
  checkNewPassword(input.newPassword, 'input.newPassword');
  const hash = hashOneTimeToken(input.token);
  if (!(await isGood(em, hash))) {
    // Hashing takes long: not for everybody who comes with something made up.
    throw await refusal(em, 'password_resets', hash, 'input.token');
  }
  const passwordHash = await hashPassword(input.newPassword);
  const session = await inTransaction(em, async (transaction) => {
    const owner = await queryOne(
      transaction,
      sql<{
        id: string;
        email: string | null;
      }>`select u.id, u.email from password_resets r join users u on u.id = r.user_id
        where r.token_hash = ${hash} and ${isPresent('u')} for update of u`,
    );
    if (owner === undefined) {
      return undefined;
    }
    const spent = await query(
      transaction,
      sql`update password_resets set used_at = now()
        where token_hash = ${hash} and used_at is null and expires_at > now() returning 1 as spent`,
    );
    if (spent.length === 0) {
      return undefined;
    }
    const user = await queryOne(
      transaction,
      sql<UserRow>`update users u set password_hash = ${passwordHash},
          email_verified_at = coalesce(email_verified_at, now())
        where u.id = ${owner.id} returning ${userColumns}`,
    );
    await endPendingTokens(transaction, owner.id);
    await endSessions(transaction, owner.id);
    if (owner.email !== null) {
      await jobs?.enqueue(transaction, ACCOUNT_MAIL, { kind: 'password-changed', email: owner.email });
    }
    return openSession(transaction, user!, userAgent);
  });
  if (session === undefined) {
    throw await refusal(em, 'password_resets', hash, 'input.token');
  }
  return session;
}

async function isGood(em: SqlEntityManager, hash: Buffer): Promise<boolean> {
  const known = await queryOne(
    em,
    sql<{ good: boolean }>`select used_at is null and expires_at > now() as good
      from password_resets where token_hash = ${hash}`,
  );
  return known?.good === true;
}
