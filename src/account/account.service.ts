import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { audit } from '../admin/audit-log.service.js';
import { ActorKind, AuditAction } from '../admin/audit-log.type.js';
import type { Viewer } from '../context.js';
import type { RawBuilder } from 'kysely';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, badInput, ErrorCode, ErrorReason } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import type { InstantText } from '../shared/instant.js';
import { newId } from '../shared/ids.js';
import type {
  ChangePasswordInput,
  DeleteAccountInput,
  LoginInput,
  RegisterInput,
  UpdateProfileInput,
} from './account.input.js';
import { ACCOUNT_MAIL } from './account-mail.job.js';
import { checkEmail, explainConflicts } from './account-rules.js';
import { endPendingTokens } from './pending-tokens.js';
import { checkBirthDate } from './birth-date.js';
import { confirmPassword, untilUndisturbed } from './confirm-password.js';
import { normalizeNickname } from './nickname.js';
import { checkNewPassword, hashPassword, verifyPassword } from './password.js';
import { isPresent } from './presence.js';
import { refuseReserved } from './reserved-nickname.js';
import { endSessions, keepOnlySession, type OpenSession, openSession, sessionEnded } from './session.service.js';
import { type Absence, absenceColumns, comeBack, standingAccount } from './standing-account.js';
import { userColumns } from './user.service.js';
import { toUser, type UserRow } from './user.type.js';

/** What an account is made or signed in to with, beside the input. */
export interface SignInContext {
  /** Sends mails where the server can. */
  jobs: Jobs | undefined;
  /** What the client calls itself. */
  userAgent: string | null;
}

/** Rules of the server for accounts. */
export interface AccountRules {
  /** IANA zone that decides what today is, for players who name none. */
  seasonTimeZone: string;
  /** Years; 0 for everybody. */
  minAge: number;
  /** How long a deletion can be undone. */
  deletionGraceDays: number;
  /** Nicknames that nobody gets, nor what looks like them. */
  reservedNicknames: readonly string[];
}

/**
 * Makes an account, signs it in, and has a mail sent that asks to confirm the address.
 * @throws AppError BAD_USER_INPUT naming the field; CONFLICT with EMAIL_TAKEN or NICKNAME_TAKEN
 */
export async function register(
  em: SqlEntityManager,
  input: RegisterInput,
  { seasonTimeZone, minAge, reservedNicknames }: AccountRules,
  { jobs, userAgent }: SignInContext,
): Promise<OpenSession> {
  const nickname = normalizeNickname(input.nickname, 'input.nickname');
  checkEmail(input.email, 'input.email');
  checkNewPassword(input.password, 'input.password');
  checkBirthDate(input.birthDate, input.timeZone ?? seasonTimeZone, 'input.birthDate', minAge);
  await refuseReserved(em, nickname, reservedNicknames, 'input.nickname');
  const passwordHash = await hashPassword(input.password);
  return explainConflicts(() =>
    inTransaction(em, async (transaction) => {
      const user = await queryExactlyOne(
        transaction,
        sql<UserRow>`insert into users as u (id, email, nickname, password_hash, birth_date, time_zone)
          values (${newId()}, ${input.email}, ${nickname}, ${passwordHash}, ${input.birthDate}, ${input.timeZone ?? null})
          returning ${userColumns}`,
      );
      await jobs?.enqueue(transaction, ACCOUNT_MAIL, { kind: 'verification', userId: user.id, email: input.email });
      return openSession(transaction, user, userAgent);
    }),
  );
}

/**
 * What a refusal takes at least, in milliseconds: hashes of older systems take another time to check than ours, which
 * would tell who has an account, and since when.
 */
const REFUSAL_MILLISECONDS = 250;

/** A session, and whether signing in has undone the deletion of its account. */
export interface SignedIn extends OpenSession {
  restored: boolean;
}

/**
 * Signs in with email and password. A hash from an older system is replaced on the way, and an account that was deleted
 * not too long ago is there again.
 * @throws AppError UNAUTHENTICATED with INVALID_CREDENTIALS, the same for every cause; FORBIDDEN with ACCOUNT_SUSPENDED where
 *   the password is right
 */
export async function login(
  em: SqlEntityManager,
  input: LoginInput,
  { deletionGraceDays }: AccountRules,
  userAgent: string | null,
): Promise<SignedIn> {
  const standing = standingAccount(deletionGraceDays);
  const began = performance.now();
  return untilUndisturbed(async () => {
    const account = await queryOne(
      em,
      sql<Checked>`select id, password_hash as "passwordHash", ${isPresent('u')} as present
        from users u where lower(email) = ${input.email.toLowerCase()} and ${standing}`,
    );
    const check = await verifyPassword(input.password, account?.passwordHash ?? null);
    if (account === undefined || !check.valid) {
      await sleep(Math.max(0, began + REFUSAL_MILLISECONDS - performance.now()));
      throw new AppError(ErrorCode.UNAUTHENTICATED, 'The email or the password is wrong.', {
        reason: ErrorReason.INVALID_CREDENTIALS,
      });
    }
    const newHash = check.outdated ? await hashPassword(input.password) : null;
    return inTransaction(em, async (transaction) => {
      const claimed = await claimAccount(transaction, account, newHash, standing);
      if (claimed === undefined) {
        return undefined;
      }
      const { restored, ...user } = claimed;
      return { ...(await openSession(transaction, user, userAgent)), restored };
    });
  });
}

/** The account whose password was checked. */
interface Checked {
  id: string;
  passwordHash: string | null;
  present: boolean;
}

/**
 * Holds the account as long as the transaction lasts, so that a session opened in it is not missed by a change
 * of password or a deletion at the same time.
 * @param standing condition of the accounts that can be signed in to
 * @returns undefined where the password is no longer the one that was checked
 */
async function claimAccount(
  em: SqlEntityManager,
  checked: Checked,
  newHash: string | null,
  standing: RawBuilder<unknown>,
): Promise<(UserRow & { restored: boolean }) | undefined> {
  // Whoever is going to write takes the lock for it at once: two who share it would wait for each other.
  const writes = newHash !== null || !checked.present;
  const claimed = await queryOne(
    em,
    sql<UserRow & Absence>`select ${userColumns}, ${absenceColumns} from users u
      where u.id = ${checked.id} and u.password_hash = ${checked.passwordHash} and ${standing}
      for ${sql.raw(writes ? 'no key update' : 'share')}`,
  );
  if (claimed === undefined) {
    return undefined;
  }
  await comeBack(em, claimed.id, claimed);
  if (newHash !== null) {
    await query(em, sql`update users set password_hash = ${newHash} where id = ${claimed.id}`);
  }
  return { ...toUser(claimed), restored: claimed.deleted };
}

/**
 * Changes what the input names; null clears.
 * @throws AppError BAD_USER_INPUT naming the field; CONFLICT with NICKNAME_TAKEN
 */
export async function updateProfile(
  em: SqlEntityManager,
  viewer: Pick<Viewer, 'id' | 'timeZone' | 'user'>,
  input: UpdateProfileInput,
  { seasonTimeZone, minAge, reservedNicknames }: AccountRules,
): Promise<UserRow> {
  // There is always something to set; of everything else a trigger notes the time.
  const changes = [sql`updated_at = now()`];
  if (input.nickname === null) {
    throw badInput('input.nickname', 'A nickname cannot be cleared.');
  }
  if (input.nickname !== undefined) {
    const nickname = normalizeNickname(input.nickname, 'input.nickname');
    if (nickname !== viewer.user.nickname) {
      await refuseReserved(em, nickname, reservedNicknames, 'input.nickname');
    }
    // What was kept is kept as long as it stays as it is.
    changes.push(
      sql`nickname = ${nickname}, look_alike_kept = u.look_alike_kept and u.nickname is not distinct from ${nickname}`,
    );
  }
  if (input.pictureUrl !== undefined) {
    changes.push(sql`picture_url = ${input.pictureUrl}`);
  }
  if (input.birthDate !== undefined) {
    const ownZone = input.timeZone === undefined ? viewer.timeZone : input.timeZone;
    if (input.birthDate !== null) {
      checkBirthDate(input.birthDate, ownZone ?? seasonTimeZone, 'input.birthDate', minAge);
    }
    changes.push(sql`birth_date = ${input.birthDate}`);
  }
  if (input.timeZone !== undefined) {
    changes.push(sql`time_zone = ${input.timeZone}`);
  }
  // In a transaction because that is retried: two players who swap nicknames can wait for each other.
  const user = await explainConflicts(() =>
    inTransaction(em, (transaction) =>
      queryOne(
        transaction,
        sql<UserRow>`update users u set ${sql.join(changes)}
          where u.id = ${viewer.id} and ${isPresent('u')}
          returning ${userColumns}`,
      ),
    ),
  );
  if (user === undefined) {
    throw sessionEnded();
  }
  return user;
}

/**
 * Sets a new password, ends every other session and renews this one.
 * @throws AppError UNAUTHENTICATED with INVALID_CREDENTIALS; BAD_USER_INPUT naming the field
 */
export async function changePassword(
  em: SqlEntityManager,
  userId: string,
  sessionId: string,
  input: ChangePasswordInput,
  jobs: Jobs | undefined,
): Promise<OpenSession> {
  checkNewPassword(input.newPassword, 'input.newPassword');
  return untilUndisturbed(async () => {
    const oldHash = await confirmPassword(em, userId, input.currentPassword, 'input.currentPassword');
    const newHash = await hashPassword(input.newPassword);
    return inTransaction(em, async (transaction) => {
      const user = await queryOne(
        transaction,
        sql<UserRow & { email: string | null }>`update users u set password_hash = ${newHash}
          where u.id = ${userId} and u.password_hash is not distinct from ${oldHash} and ${isPresent('u')}
          returning ${userColumns}, u.email`,
      );
      if (user === undefined) {
        return undefined;
      }
      const { email, ...row } = user;
      await endPendingTokens(transaction, userId);
      if (email !== null) {
        await jobs?.enqueue(transaction, ACCOUNT_MAIL, { kind: 'password-changed', email });
      }
      return keepOnlySession(transaction, sessionId, row);
    });
  });
}

/**
 * Deletes the account softly: the row stays, its sessions end, and a trigger takes the player's standings off
 * every board. Signing in within the grace undoes it; afterwards a job leaves nothing personal.
 * @returns until when it can be undone
 * @throws AppError UNAUTHENTICATED with INVALID_CREDENTIALS
 */
export async function deleteAccount(
  em: SqlEntityManager,
  userId: string,
  input: DeleteAccountInput,
  { deletionGraceDays }: AccountRules,
): Promise<InstantText> {
  return untilUndisturbed(async () => {
    const hash = await confirmPassword(em, userId, input.password, 'input.password');
    return inTransaction(em, async (transaction) => {
      const deleted = await queryOne(
        transaction,
        sql<{ until: InstantText }>`update users set deleted_at = now()
          where id = ${userId} and password_hash is not distinct from ${hash} and ${isPresent()}
          returning deleted_at + make_interval(days => ${deletionGraceDays}::integer) as until`,
      );
      if (deleted === undefined) {
        return undefined;
      }
      await endSessions(transaction, userId);
      await audit(transaction, { kind: ActorKind.USER, id: userId }, AuditAction.USER_DELETED, userId, {});
      return deleted.until;
    });
  });
}
