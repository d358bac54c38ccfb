import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { z } from 'zod';
import type { Viewer } from '../context.js';
import { queryExactlyOne, queryOne, sql } from '../database/query.js';
import { violatedUnique } from '../database/sql-state.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, badInput, ErrorCode, ErrorReason } from '../errors.js';
import { newId } from '../shared/ids.js';
import type {
  ChangePasswordInput,
  DeleteAccountInput,
  LoginInput,
  RegisterInput,
  UpdateProfileInput,
} from './account.input.js';
import { checkBirthDate } from './birth-date.js';
import { normalizeNickname } from './nickname.js';
import { checkNewPassword, hashPassword, verifyPassword } from './password.js';
import { endSessions, keepOnlySession, type OpenSession, openSession, sessionEnded } from './session.service.js';
import { userColumns } from './user.service.js';
import type { UserRow } from './user.type.js';

const MAX_EMAIL_LENGTH = 254;

/**
 * Makes an account and signs it in.
 * @param serverZone IANA zone that decides what today is, for players who name none
 * @throws AppError BAD_USER_INPUT naming the field; CONFLICT with EMAIL_TAKEN or NICKNAME_TAKEN
 */
export async function register(em: SqlEntityManager, input: RegisterInput, serverZone: string): Promise<OpenSession> {
  const nickname = normalizeNickname(input.nickname, 'input.nickname');
  checkEmail(input.email, 'input.email');
  checkNewPassword(input.password, 'input.password');
  checkBirthDate(input.birthDate, input.timeZone ?? serverZone, 'input.birthDate');
  const passwordHash = await hashPassword(input.password);
  return explainConflicts(() =>
    inTransaction(em, async (transaction) => {
      const user = await queryExactlyOne(
        transaction,
        sql<UserRow>`insert into users as u (id, email, nickname, password_hash, birth_date, time_zone)
          values (${newId()}, ${input.email}, ${nickname}, ${passwordHash}, ${input.birthDate}, ${input.timeZone ?? null})
          returning ${userColumns}`,
      );
      return openSession(transaction, user);
    }),
  );
}

/**
 * Signs in with email and password. A hash from an older system is replaced on the way.
 * @throws AppError UNAUTHENTICATED with INVALID_CREDENTIALS, the same for every cause
 */
export async function login(em: SqlEntityManager, input: LoginInput): Promise<OpenSession> {
  return untilUndisturbed(async () => {
    const account = await queryOne(
      em,
      sql<{ id: string; passwordHash: string | null }>`select id, password_hash as "passwordHash"
        from users where lower(email) = lower(${input.email}) and deleted_at is null`,
    );
    const check = await verifyPassword(input.password, account?.passwordHash ?? null);
    if (account === undefined || !check.valid) {
      throw new AppError(ErrorCode.UNAUTHENTICATED, 'The email or the password is wrong.', {
        reason: ErrorReason.INVALID_CREDENTIALS,
      });
    }
    const newHash = check.outdated ? await hashPassword(input.password) : null;
    return inTransaction(em, async (transaction) => {
      const user = await claimAccount(transaction, account.id, account.passwordHash, newHash);
      return user && openSession(transaction, user);
    });
  });
}

/**
 * Holds the account as long as the transaction lasts, so that a session opened in it is not missed by a change
 * of password or a deletion at the same time.
 * @returns undefined where the password is no longer the one that was checked
 */
async function claimAccount(
  em: SqlEntityManager,
  userId: string,
  checkedHash: string | null,
  newHash: string | null,
): Promise<UserRow | undefined> {
  if (newHash === null) {
    return queryOne(
      em,
      sql<UserRow>`select ${userColumns} from users u
        where u.id = ${userId} and u.password_hash = ${checkedHash} and u.deleted_at is null
        for share`,
    );
  }
  return queryOne(
    em,
    sql<UserRow>`update users u set password_hash = ${newHash}
      where u.id = ${userId} and u.password_hash = ${checkedHash} and u.deleted_at is null
      returning ${userColumns}`,
  );
}

/**
 * Changes what the input names; null clears.
 * @param serverZone IANA zone that decides what today is, for players without a zone of their own
 * @throws AppError BAD_USER_INPUT naming the field; CONFLICT with NICKNAME_TAKEN
 */
export async function updateProfile(
  em: SqlEntityManager,
  viewer: Pick<Viewer, 'id' | 'timeZone'>,
  input: UpdateProfileInput,
  serverZone: string,
): Promise<UserRow> {
  const changes = [sql`updated_at = now()`];
  if (input.nickname === null) {
    throw badInput('input.nickname', 'A nickname cannot be cleared.');
  }
  if (input.nickname !== undefined) {
    changes.push(sql`nickname = ${normalizeNickname(input.nickname, 'input.nickname')}`);
  }
  if (input.pictureUrl !== undefined) {
    changes.push(sql`picture_url = ${input.pictureUrl}`);
  }
  if (input.birthDate !== undefined) {
    const ownZone = input.timeZone === undefined ? viewer.timeZone : input.timeZone;
    if (input.birthDate !== null) {
      checkBirthDate(input.birthDate, ownZone ?? serverZone, 'input.birthDate');
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
          where u.id = ${viewer.id} and u.deleted_at is null
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
): Promise<OpenSession> {
  checkNewPassword(input.newPassword, 'input.newPassword');
  return untilUndisturbed(async () => {
    const oldHash = await confirmPassword(em, userId, input.currentPassword, 'input.currentPassword');
    const newHash = await hashPassword(input.newPassword);
    return inTransaction(em, async (transaction) => {
      const user = await queryOne(
        transaction,
        sql<UserRow>`update users u set password_hash = ${newHash}, updated_at = now()
          where u.id = ${userId} and u.password_hash is not distinct from ${oldHash} and u.deleted_at is null
          returning ${userColumns}`,
      );
      return user && keepOnlySession(transaction, sessionId, user);
    });
  });
}

/**
 * Deletes the account softly: the row stays, its sessions end, and a trigger takes the player's standings off
 * every board.
 * @throws AppError UNAUTHENTICATED with INVALID_CREDENTIALS
 */
export async function deleteAccount(em: SqlEntityManager, userId: string, input: DeleteAccountInput): Promise<void> {
  await untilUndisturbed(async () => {
    const hash = await confirmPassword(em, userId, input.password, 'input.password');
    return inTransaction(em, async (transaction) => {
      const deleted = await queryOne(
        transaction,
        sql<{ id: string }>`update users set deleted_at = now(), updated_at = now()
          where id = ${userId} and password_hash is not distinct from ${hash} and deleted_at is null
          returning id`,
      );
      return deleted && endSessions(transaction, userId);
    });
  });
}

/**
 * Repeats an attempt that answers undefined where the password was changed, or the account deleted, between its
 * check and its use: the next one meets the new state. Hashing takes too long to hold a lock meanwhile.
 */
async function untilUndisturbed<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const result = await attempt();
    if (result !== undefined) {
      return result;
    }
  }
}

/**
 * @returns the hash that the password was checked against; null where the account has none
 * @throws AppError UNAUTHENTICATED with INVALID_CREDENTIALS, or TOKEN_REVOKED where the account is gone; BAD_USER_INPUT
 */
async function confirmPassword(
  em: SqlEntityManager,
  userId: string,
  password: string | null | undefined,
  field: string,
): Promise<string | null> {
  const account = await queryOne(
    em,
    sql<{ passwordHash: string | null }>`select password_hash as "passwordHash"
      from users where id = ${userId} and deleted_at is null`,
  );
  if (account === undefined) {
    throw sessionEnded();
  }
  const { passwordHash } = account;
  if (passwordHash === null) {
    return null;
  }
  if (password === null || password === undefined) {
    throw badInput(field, 'This account has a password; it is needed here.');
  }
  const { valid } = await verifyPassword(password, passwordHash);
  if (!valid) {
    throw wrongPassword(field);
  }
  return passwordHash;
}

function wrongPassword(field: string): AppError {
  return new AppError(ErrorCode.UNAUTHENTICATED, 'The password is wrong.', {
    reason: ErrorReason.INVALID_CREDENTIALS,
    field,
  });
}

function checkEmail(email: string, field: string): void {
  if (email.length > MAX_EMAIL_LENGTH || !z.email().safeParse(email).success) {
    throw badInput(field, 'This is not an email address.');
  }
}

/** Turns the unique violations of users into the contract's conflicts. */
async function explainConflicts<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    switch (violatedUnique(error)) {
      case 'users_email_unique':
        throw new AppError(ErrorCode.CONFLICT, 'Another account has this email.', {
          reason: ErrorReason.EMAIL_TAKEN,
          field: 'input.email',
        });
      case 'users_nickname_key_unique':
        throw new AppError(
          ErrorCode.CONFLICT,
          'Another player has this nickname, or one that differs only in case or width.',
          {
            reason: ErrorReason.NICKNAME_TAKEN,
            field: 'input.nickname',
          },
        );
      default:
        throw error;
    }
  }
}
