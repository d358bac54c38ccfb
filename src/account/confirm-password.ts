import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { queryOne, sql } from '../database/query.js';
import { AppError, badInput, ErrorCode, ErrorReason } from '../errors.js';
import { verifyPassword } from './password.js';
import { isPresent } from './presence.js';
import { sessionEnded } from './session.service.js';

/**
 * Repeats an attempt that answers undefined where the password was changed, or the account deleted, between its
 * check and its use: the next one meets the new state. Hashing takes too long to hold a lock meanwhile.
 */
export async function untilUndisturbed<T>(attempt: () => Promise<T | undefined>): Promise<T> {
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
export async function confirmPassword(
  em: SqlEntityManager,
  userId: string,
  password: string | null | undefined,
  field: string,
): Promise<string | null> {
  const account = await queryOne(
    em,
    sql<{ passwordHash: string | null }>`select password_hash as "passwordHash"
      from users where id = ${userId} and ${isPresent()}`,
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
    throw new AppError(ErrorCode.UNAUTHENTICATED, 'The password is wrong.', {
      reason: ErrorReason.INVALID_CREDENTIALS,
      field,
    });
  }
  return passwordHash;
}
