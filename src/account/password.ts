import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2';
import { compare as bcryptCompare } from 'bcrypt';
import pLimit from 'p-limit';
import { AppError, badInput, ErrorCode } from '../errors.js';
import { requestShed } from '../observability/topics.js';

const MIN_CHARACTERS = 8;
const MAX_CHARACTERS = 128;

/** Argon2id at OWASP's first recommendation (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashing runs in libuv's four threads: more than two at a time would hold up file reads and each other. */
const limit = pLimit(2);

/** About two seconds of work. Who would wait longer is told to come back instead. */
const MAX_WAITING = 100;
const RETRY_AFTER_SECONDS = 2;

/** Verified against when there is no hash, so that an unknown email takes as long as a wrong password. */
const decoy = argon2Hash('no account has this password', ARGON2);

export interface PasswordCheck {
  valid: boolean;
  /** The hash comes from an older system or older parameters: replace it while the password is at hand. */
  outdated: boolean;
}

/**
 * Checks a new password.
 * @param field dotted path of the input, for the error
 * @throws AppError BAD_USER_INPUT unless it has 8 to 128 characters
 */
export function checkNewPassword(password: string, field: string): void {
  const { length } = Array.from(password);
  if (length < MIN_CHARACTERS || length > MAX_CHARACTERS) {
    throw badInput(field, `A password has ${MIN_CHARACTERS} to ${MAX_CHARACTERS} characters.`);
  }
}

/**
 * The hash to store, in PHC string format.
 * @throws AppError SERVICE_UNAVAILABLE where too many are waiting
 */
export function hashPassword(password: string): Promise<string> {
  return inTurn(() => argon2Hash(password, ARGON2));
}

/**
 * Compares a password with a stored hash: argon2id, or bcrypt carried over from the old game service.
 * @param hash null where the account has none, which no password matches; nor does any match a hash of another kind
 * @throws AppError SERVICE_UNAVAILABLE where too many are waiting
 */
export async function verifyPassword(password: string, hash: string | null): Promise<PasswordCheck> {
  if (hash === null) {
    await inTurn(async () => argon2Verify(await decoy, password));
    return { valid: false, outdated: false };
  }
  if (/^\$2[aby]\$/.test(hash)) {
    // 2y is PHP's name for what everybody else calls 2b; the library knows only that one.
    const known = hash.replace(/^\$2y/, () => '$2b');
    return { valid: await inTurn(() => bcryptCompare(password, known)), outdated: true };
  }
  const current = `$argon2id$v=19$m=${ARGON2.memoryCost},t=${ARGON2.timeCost},p=${ARGON2.parallelism}$`;
  return {
    valid: await inTurn(() => argon2Matches(hash, password)),
    outdated: !hash.startsWith(current),
  };
}

/** The library rejects where the hash is of no kind that it knows; that is an account nobody can sign in to. */
async function argon2Matches(hash: string, password: string): Promise<boolean> {
  try {
    return await argon2Verify(hash, password);
  } catch {
    return false;
  }
}

/** How many passwords wait to be hashed. */
export function passwordsWaiting(): number {
  return limit.pendingCount;
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (limit.pendingCount >= MAX_WAITING) {
    requestShed.tell('passwords');
    throw new AppError(ErrorCode.SERVICE_UNAVAILABLE, 'Too many sign-ins at once. Try again in a moment.', {
      retryAfter: RETRY_AFTER_SECONDS,
    });
  }
  return limit(work);
}
