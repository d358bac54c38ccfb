import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { findApiKey } from '../admin/api-key.service.js';
import { ALL_SCOPES } from '../admin/scope.js';
import type { Caller } from '../context.js';
import { AppError, badInput, ErrorCode } from '../errors.js';
import { findSessionOwnerOfRequest, sessionEnded } from './session.service.js';
import { verifyAccessToken } from './token.js';

interface Secrets {
  tokenKey: Uint8Array;
  apiKey: string | undefined;
}

/**
 * Who sent a request, by its `authorization` or `x-api-key` header. A header that does not hold up fails the
 * request, on public fields too: a client that believes to be signed in must learn that it is not.
 * @throws AppError UNAUTHENTICATED; BAD_USER_INPUT for both headers together
 */
export async function authenticate(
  em: SqlEntityManager,
  secrets: Secrets,
  headers: IncomingHttpHeaders,
): Promise<Caller> {
  const { authorization, 'x-api-key': apiKey } = headers;
  if (authorization !== undefined && apiKey !== undefined) {
    throw badInput('x-api-key', 'Send either an access token or an API key, not both.');
  }
  if (apiKey !== undefined) {
    return authenticateService(em, secrets.apiKey, String(apiKey));
  }
  if (authorization !== undefined) {
    return authenticateUser(em, secrets.tokenKey, authorization);
  }
  return { kind: 'anonymous' };
}

/** The key of the setting may do everything; one of the database what it was made for, from its making to its end. */
async function authenticateService(
  em: SqlEntityManager,
  setting: string | undefined,
  presented: string,
): Promise<Caller> {
  if (setting !== undefined && timingSafeEqual(digest(setting), digest(presented))) {
    return { kind: 'service', id: null, scopes: ALL_SCOPES };
  }
  const found = await findApiKey(em, presented);
  if (found === undefined) {
    throw new AppError(ErrorCode.UNAUTHENTICATED, 'The API key is not valid.');
  }
  return { kind: 'service', ...found };
}

async function authenticateUser(em: SqlEntityManager, tokenKey: Uint8Array, authorization: string): Promise<Caller> {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  if (token === undefined) {
    throw new AppError(ErrorCode.UNAUTHENTICATED, 'The authorization header must be: Bearer, then an access token.');
  }
  const verified = await verifyAccessToken(tokenKey, token);
  const owner = await findSessionOwnerOfRequest(em, verified);
  if (owner === undefined) {
    throw sessionEnded();
  }
  const { email, emailVerified, birthDate, role, timeZone, readAt, lastWrite, ...user } = owner;
  return {
    kind: 'user',
    id: user.id,
    sessionId: verified.sessionId,
    role,
    timeZone,
    readAt,
    lastWrite: BigInt(lastWrite ?? 0),
    user,
    account: { email, emailVerified, birthDate },
  };
}

/** Equal lengths, so that comparing takes the same time whatever was presented. */
function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
