import { createHash } from 'node:crypto';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, badInput, ErrorCode, ErrorReason } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import { ACCOUNT_MAIL } from './account-mail.job.js';
import { checkEmail, explainConflicts } from './account-rules.js';
import { confirmPassword } from './confirm-password.js';
import { hashOneTimeToken, newOneTimeToken } from './one-time-token.js';
import { isPresent } from './presence.js';
import { sessionEnded } from './session.service.js';
import { userColumns } from './user.service.js';
import type { UserRow } from './user.type.js';

/** How long a link in a mail is good for. */
export const VERIFICATION_HOURS = 48;

/**
 * Has a mail sent that asks to confirm the account's own address.
 * @returns the address
 * @throws AppError CONFLICT where it is confirmed already, BAD_USER_INPUT where the account has none
 */
export async function requestEmailVerification(em: SqlEntityManager, jobs: Jobs, userId: string): Promise<string> {
  const account = await queryOne(
    em,
    sql<{ email: string | null; verified: boolean }>`select email, email_verified_at is not null as verified
      from users where id = ${userId} and ${isPresent()}`,
  );
  if (account === undefined) {
    throw sessionEnded();
  }
  const { email, verified } = account;
  if (email === null) {
    throw badInput('email', 'This account has no email address. Set one with requestEmailChange.');
  }
  if (verified) {
    throw new AppError(ErrorCode.CONFLICT, 'The address is confirmed already.', {
      reason: ErrorReason.EMAIL_VERIFIED,
    });
  }
  await jobs.enqueue(em, ACCOUNT_MAIL, { kind: 'verification', userId, email });
  return email;
}

/**
 * Has a mail sent to another address, which becomes the account's when it is confirmed. Whether somebody else has the
 * address is not told: then the mail says so, to whom it belongs.
 * @throws AppError BAD_USER_INPUT naming the field; UNAUTHENTICATED with INVALID_CREDENTIALS
 */
export async function requestEmailChange(
  em: SqlEntityManager,
  jobs: Jobs,
  userId: string,
  { newEmail, password }: { newEmail: string; password?: string | null },
): Promise<void> {
  checkEmail(newEmail, 'input.newEmail');
  const passwordHash = await confirmPassword(em, userId, password, 'input.password');
  const provenBy = digestOf(passwordHash);
  await jobs.enqueue(em, ACCOUNT_MAIL, { kind: 'verification', userId, email: newEmail, provenBy });
}

/**
 * Makes the token for a mail, in the place of those that were sent to the account before.
 * @param provenBy digest of the hash of the password with which it was asked for; where that is another one since, nothing is
 *   confirmed
 * @returns the token; `in use` where another account has the address; undefined where there is nothing to confirm
 */
export function issueVerification(
  em: SqlEntityManager,
  userId: string,
  email: string,
  provenBy?: string,
): Promise<{ token: string } | 'in use' | undefined> {
  return inTransaction(em, async (transaction) => {
    const user = await queryOne(
      transaction,
      sql<{ verified: boolean; taken: boolean; passwordHash: string | null }>`
        select password_hash as "passwordHash", coalesce(lower(email) = lower(${email}), false) and email_verified_at is not null as verified,
          exists (select from users other where lower(other.email) = lower(${email}) and other.id <> u.id) as taken
        from users u where id = ${userId} and ${isPresent('u')} for update`,
    );
    const isOutdated = user !== undefined && provenBy !== undefined && digestOf(user.passwordHash) !== provenBy;
    if (user === undefined || user.verified || isOutdated) {
      return undefined;
    }
    if (user.taken) {
      return 'in use' as const;
    }
    const { token, hash } = newOneTimeToken();
    await query(transaction, sql`delete from email_verifications where user_id = ${userId} and used_at is null`);
    await query(
      transaction,
      sql`insert into email_verifications (token_hash, user_id, email, expires_at)
        values (${hash}, ${userId}, ${email}, now() + make_interval(hours => ${sql.lit(VERIFICATION_HOURS)}))`,
    );
    return { token };
  });
}

/**
 * Spends a token out of a mail: its address is the account's from now on, and confirmed. The address before is told.
 * @throws AppError BAD_USER_INPUT naming the token, with TOKEN_EXPIRED or TOKEN_REVOKED; CONFLICT with EMAIL_TAKEN
 */
export async function verifyEmail(em: SqlEntityManager, jobs: Jobs | undefined, token: string): Promise<UserRow> {
  const hash = hashOneTimeToken(token);
  const user = await explainConflicts(
    () =>
      inTransaction(em, async (transaction) => {
        // The account first, as whoever makes tokens does: so neither waits for the other.
        const before = await queryOne(
          transaction,
          sql<{ id: string; email: string | null; newEmail: string }>`
            select u.id, u.email, v.email as "newEmail" from email_verifications v join users u on u.id = v.user_id
            where v.token_hash = ${hash} and ${isPresent('u')} for update of u`,
        );
        if (before === undefined) {
          return undefined;
        }
        const spent = await query(
          transaction,
          sql`update email_verifications set used_at = now()
            where token_hash = ${hash} and used_at is null and expires_at > now() returning 1 as spent`,
        );
        if (spent.length === 0) {
          return undefined;
        }
        await query(transaction, sql`delete from email_verifications where user_id = ${before.id} and used_at is null`);
        // They were sent to the address before.
        await query(transaction, sql`delete from password_resets where user_id = ${before.id} and used_at is null`);
        if (before.email !== null && before.email.toLowerCase() !== before.newEmail.toLowerCase()) {
          await jobs?.enqueue(transaction, ACCOUNT_MAIL, { kind: 'address-changed', email: before.email });
        }
        return queryOne(
          transaction,
          sql<UserRow>`update users u set email = ${before.newEmail}, email_verified_at = now()
            where u.id = ${before.id} returning ${userColumns}`,
        );
      }),
    'token',
  );
  if (user === undefined) {
    throw await refusal(em, 'email_verifications', hash, 'token');
  }
  return user;
}

/** Tells two passwords apart, and tells nothing of either: what waits in a queue has it. */
function digestOf(passwordHash: string | null): string {
  return createHash('sha256')
    .update(passwordHash ?? '')
    .digest('hex');
}

/** Why a token was not taken. */
export async function refusal(
  em: SqlEntityManager,
  table: 'email_verifications' | 'password_resets',
  hash: Buffer,
  field: string,
): Promise<AppError> {
  const known = await queryOne(
    em,
    sql<{ used: boolean }>`select used_at is not null as used from ${sql.table(table)} where token_hash = ${hash}`,
  );
  if (known === undefined) {
    return badInput(field, 'This token is not valid. It may have been replaced by a newer one.');
  }
  return known.used
    ? new AppError(ErrorCode.BAD_USER_INPUT, 'This token was used already.', {
        reason: ErrorReason.TOKEN_REVOKED,
        field,
      })
    : new AppError(ErrorCode.BAD_USER_INPUT, 'This token has expired. Ask for a new one.', {
        reason: ErrorReason.TOKEN_EXPIRED,
        field,
      });
}
