import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { z } from 'zod';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { violatedUnique } from '../database/sql-state.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, badInput, ErrorCode, ErrorReason } from '../errors.js';
import { newId } from '../shared/ids.js';
import { today } from '../shared/calendar.js';
import type {
  ChangePasswordInput,
  DeleteAccountInput,
  LoginInput,
  RegisterInput,
  UpdateProfileInput,
} from './account.input.js';
import { normalizeNickname } from './nickname.js';
import { checkNewPassword, hashPassword, verifyPassword } from './password.js';
import { endSessions, type OpenSession, openSession, renewSession } from './session.service.js';
import { userColumns } from './user.service.js';
import type { UserRow } from './user.type.js';

const MAX_EMAIL_LENGTH = 254;
const EARLIEST_BIRTH_DATE = '1900-01-01';

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
  const account = await queryOne(
    em,
    sql<UserRow & { passwordHash: string | null }>`select ${userColumns}, u.password_hash as "passwordHash"
      from users u where lower(u.email) = lower(${input.email}) and u.deleted_at is null`,
  );
  const check = await verifyPassword(input.password, account?.passwordHash ?? null);
  if (account === undefined || !check.valid) {
    throw new AppError(ErrorCode.UNAUTHENTICATED, 'The email or the password is wrong.', {
      reason: ErrorReason.INVALID_CREDENTIALS,
    });
  }
  const { passwordHash, ...user } = account;
  if (check.outdated) {
    await query(
      em,
      sql`update users set password_hash = ${await hashPassword(input.password)}
        where id = ${user.id} and password_hash = ${passwordHash}`,
    );
  }
  return openSession(em, user);
}

/**
 * Changes what the input names; null clears.
 * @throws AppError BAD_USER_INPUT naming the field; CONFLICT with NICKNAME_TAKEN
 */
export async function updateProfile(
  em: SqlEntityManager,
  userId: string,
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
    checkBirthDate(input.birthDate, input.timeZone ?? serverZone, 'input.birthDate');
    changes.push(sql`birth_date = ${input.birthDate}`);
  }
  if (input.timeZone !== undefined) {
    changes.push(sql`time_zone = ${input.timeZone}`);
  }
  return explainConflicts(() =>
    queryExactlyOne(
      em,
      sql<UserRow>`update users u set ${sql.join(changes)} where u.id = ${userId} returning ${userColumns}`,
    ),
  );
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
  const oldHash = await confirmPassword(em, userId, input.currentPassword, 'input.currentPassword');
  const newHash = await hashPassword(input.newPassword);
  return inTransaction(em, async (transaction) => {
    // Of two changes at once that both knew the old password, one wins; the other must try the new one.
    const user = await queryOne(
      transaction,
      sql<UserRow>`update users u set password_hash = ${newHash}, updated_at = now()
        where u.id = ${userId} and u.password_hash is not distinct from ${oldHash}
        returning ${userColumns}`,
    );
    if (user === undefined) {
      throw wrongPassword('input.currentPassword');
    }
    await endSessions(transaction, userId, sessionId);
    return renewSession(transaction, sessionId, user);
  });
}

/**
 * Deletes the account softly: the row stays, its sessions end, and a trigger takes the player's standings off
 * every board.
 * @throws AppError UNAUTHENTICATED with INVALID_CREDENTIALS
 */
export async function deleteAccount(em: SqlEntityManager, userId: string, input: DeleteAccountInput): Promise<void> {
  await confirmPassword(em, userId, input.password, 'input.password');
  await inTransaction(em, async (transaction) => {
    await query(
      transaction,
      sql`update users set deleted_at = now(), updated_at = now() where id = ${userId} and deleted_at is null`,
    );
    await endSessions(transaction, userId);
  });
}

/** @returns the hash that the password was checked against; null where the account has none */
async function confirmPassword(
  em: SqlEntityManager,
  userId: string,
  password: string | null | undefined,
  field: string,
): Promise<string | null> {
  const { passwordHash } = await queryExactlyOne(
    em,
    sql<{ passwordHash: string | null }>`select password_hash as "passwordHash" from users where id = ${userId}`,
  );
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

function checkBirthDate(birthDate: string | null, zone: string, field: string): void {
  if (birthDate === null) {
    return;
  }
  if (birthDate < EARLIEST_BIRTH_DATE || birthDate > today(zone)) {
    throw badInput(field, `A birth date lies between ${EARLIEST_BIRTH_DATE} and today.`);
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
