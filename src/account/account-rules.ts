import { z } from 'zod';
import { violatedUnique } from '../database/sql-state.js';
import { AppError, badInput, ErrorCode, ErrorReason } from '../errors.js';

const MAX_EMAIL_LENGTH = 254;

/** Whether that is an email address. */
export function isEmail(email: string): boolean {
  return email.length <= MAX_EMAIL_LENGTH && z.email().safeParse(email).success;
}

/** @throws AppError BAD_USER_INPUT naming the field */
export function checkEmail(email: string, field: string): void {
  if (!isEmail(email)) {
    throw badInput(field, 'This is not an email address.');
  }
}

/**
 * Turns the unique violations of users into the contract's conflicts.
 * @param emailField dotted path of the input that an email address came with
 */
export async function explainConflicts<T>(work: () => Promise<T>, emailField = 'input.email'): Promise<T> {
  try {
    return await work();
  } catch (error) {
    switch (violatedUnique(error)) {
      case 'users_email_unique':
        throw new AppError(ErrorCode.CONFLICT, 'Another account has this email.', {
          reason: ErrorReason.EMAIL_TAKEN,
          field: emailField,
        });
      // One answer to both: which of them it was tells more of the other player's nickname.
      case 'users_nickname_key_unique':
      case 'users_nickname_skeleton_unique':
        throw new AppError(ErrorCode.CONFLICT, "This nickname is too much like another player's.", {
          reason: ErrorReason.NICKNAME_TAKEN,
          field: 'input.nickname',
        });
      default:
        throw error;
    }
  }
}
