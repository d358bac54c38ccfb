import { createHash, hash, randomBytes } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { AppError, ErrorCode, ErrorReason } from '../errors.js';
import { isId } from '../shared/ids.js';

export const ACCESS_TOKEN_MINUTES = 15;
export const REFRESH_TOKEN_DAYS = 30;

const ISSUER = 'laurel';
const REFRESH_TOKEN_BYTES = 32;

export interface AccessToken {
  token: string;
  expiresAt: Date;
}

/** An access token for that session: a JWT, good for 15 minutes and as long as the session stands. */
export async function signAccessToken(secret: Uint8Array, userId: string, sessionId: string): Promise<AccessToken> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const expiresAt = issuedAt + ACCESS_TOKEN_MINUTES * 60;
  const token = await new SignJWT({ sid: sessionId })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setAudience(ISSUER)
    .setSubject(userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
    .sign(secret);
  return { token, expiresAt: new Date(expiresAt * 1000) };
}

/** An access token that holds, as far as its signature says. */
export interface VerifiedToken {
  sessionId: string;
  /** Seconds since 1970. */
  expiresAt: number;
  /** SHA-256 in hexadecimal digits: what the database knows a token by that is refused nevertheless. */
  hash: string;
}

const MAX_REMEMBERED = 10_000;

/** Tokens that have been verified, by the secret: a client sends the same one again and again. */
const verified = new WeakMap<Uint8Array, LRUCache<string, VerifiedToken>>();

/**
 * What an access token says. Whether its session still stands, and the token is none that is refused, is for the
 * database to say.
 * @returns the same object for the same token, as long as it is remembered
 * @throws AppError UNAUTHENTICATED, with TOKEN_EXPIRED where that is the only fault
 */
export async function verifyAccessToken(secret: Uint8Array, token: string): Promise<VerifiedToken> {
  const remembered = verified.get(secret) ?? new LRUCache<string, VerifiedToken>({ max: MAX_REMEMBERED });
  verified.set(secret, remembered);
  const known = remembered.get(token);
  if (known !== undefined && known.expiresAt > Math.floor(Date.now() / 1000)) {
    return known;
  }
  const read = await readAccessToken(secret, token);
  remembered.set(token, read);
  return read;
}

async function readAccessToken(secret: Uint8Array, token: string): Promise<VerifiedToken> {
  try {
    const { payload } = await jwtVerify(token, secret, {
      algorithms: ['HS256'],
      typ: 'at+jwt',
      issuer: ISSUER,
      audience: ISSUER,
      requiredClaims: ['exp', 'sub', 'sid'],
    });
    const { sid, exp } = payload;
    if (typeof sid === 'string' && isId(sid) && exp !== undefined) {
      return { sessionId: sid, expiresAt: exp, hash: hash('sha256', token) };
    }
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw new AppError(ErrorCode.UNAUTHENTICATED, 'The access token has expired. Refresh the session.', {
        reason: ErrorReason.TOKEN_EXPIRED,
      });
    }
  }
  throw new AppError(ErrorCode.UNAUTHENTICATED, 'The access token is not valid.');
}

/** A new refresh token: 256 random bits, of which only the hash is stored. */
export function newRefreshToken(): { token: string; hash: Buffer } {
  const token = randomBytes(REFRESH_TOKEN_BYTES).toString('base64url');
  return { token, hash: hashRefreshToken(token) };
}

/** SHA-256 is enough for a token of full entropy: there is nothing to guess. */
export function hashRefreshToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
