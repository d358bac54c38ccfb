import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, ErrorCode, ErrorReason } from '../errors.js';
import type { InstantText } from '../shared/instant.js';
import { newId } from '../shared/ids.js';
import { hashRefreshToken, newRefreshToken, REFRESH_TOKEN_DAYS } from './token.js';
import { userColumns } from './user.service.js';
import type { UserRow } from './user.type.js';

export interface OpenSession {
  id: string;
  user: UserRow;
  refreshToken: string;
  refreshTokenExpiresAt: InstantText;
}

/** Who a session belongs to, as authentication needs it. */
export interface SessionOwner {
  userId: string;
  role: 'user' | 'admin';
  timeZone: string | null;
}

const lifetime = sql`make_interval(days => ${sql.lit(REFRESH_TOKEN_DAYS)})`;

/** The owner of a session that stands; undefined once it is revoked, has expired or its user is deleted. */
export async function findSessionOwner(em: SqlEntityManager, sessionId: string): Promise<SessionOwner | undefined> {
  return queryOne(
    em,
    sql<SessionOwner>`select u.id as "userId", u.role, u.time_zone as "timeZone"
      from sessions s join users u on u.id = s.user_id
      where s.id = ${sessionId} and s.revoked_at is null and s.expires_at > now() and u.deleted_at is null`,
  );
}

/** Opens a session for that user. */
export async function openSession(em: SqlEntityManager, user: UserRow): Promise<OpenSession> {
  const id = newId();
  const { token, hash } = newRefreshToken();
  const { expiresAt } = await queryExactlyOne(
    em,
    sql<{ expiresAt: InstantText }>`with session as (
        insert into sessions (id, user_id, expires_at) values (${id}, ${user.id}, now() + ${lifetime})
        returning id, expires_at
      )
      insert into session_tokens (token_hash, session_id, expires_at)
      select ${hash}, id, expires_at from session
      returning expires_at as "expiresAt"`,
  );
  return { id, user, refreshToken: token, refreshTokenExpiresAt: expiresAt };
}

/** Spends every open refresh token of a session and gives it a new one. */
export async function renewSession(em: SqlEntityManager, sessionId: string, user: UserRow): Promise<OpenSession> {
  const { token, hash } = newRefreshToken();
  await query(
    em,
    sql`update session_tokens set spent_at = clock_timestamp()
      where session_id = ${sessionId} and spent_at is null`,
  );
  // Tokens past their end are refused as expired anyway, so nothing is lost by forgetting them.
  await query(em, sql`delete from session_tokens where session_id = ${sessionId} and expires_at < now()`);
  const { expiresAt } = await queryExactlyOne(
    em,
    sql<{ expiresAt: InstantText }>`with session as (
        update sessions set expires_at = now() + ${lifetime} where id = ${sessionId} returning id, expires_at
      )
      insert into session_tokens (token_hash, session_id, expires_at)
      select ${hash}, id, expires_at from session
      returning expires_at as "expiresAt"`,
  );
  return { id: sessionId, user, refreshToken: token, refreshTokenExpiresAt: expiresAt };
}

/** What spending a refresh token came to; the transaction commits in every case, a revocation included. */
type Refreshed = OpenSession | 'unknown' | 'expired' | 'revoked';

/**
 * Spends a refresh token and rotates it. Spending a spent one revokes its session, except where both requests
 * were under way at once: then the later one only fails.
 * @param millisecondsUnderWay how long ago the request arrived
 * @throws AppError UNAUTHENTICATED, with TOKEN_EXPIRED or TOKEN_REVOKED
 */
export async function refreshSession(
  em: SqlEntityManager,
  refreshToken: string,
  millisecondsUnderWay: () => number,
): Promise<OpenSession> {
  const hash = hashRefreshToken(refreshToken);
  const refreshed = await inTransaction(em, async (transaction): Promise<Refreshed> => {
    const spent = await queryOne(
      transaction,
      sql<{ sessionId: string; expired: boolean }>`update session_tokens set spent_at = clock_timestamp()
        where token_hash = ${hash} and spent_at is null
        returning session_id as "sessionId", expires_at <= now() as expired`,
    );
    if (spent === undefined) {
      return answerSpentToken(transaction, hash, millisecondsUnderWay());
    }
    if (spent.expired) {
      return 'expired';
    }
    const user = await queryOne(
      transaction,
      sql<UserRow>`select ${userColumns} from sessions s join users u on u.id = s.user_id
        where s.id = ${spent.sessionId} and s.revoked_at is null and u.deleted_at is null
        for share of s`,
    );
    return user === undefined ? 'revoked' : renewSession(transaction, spent.sessionId, user);
  });
  if (typeof refreshed === 'object') {
    return refreshed;
  }
  throw refusal(refreshed);
}

async function answerSpentToken(
  em: SqlEntityManager,
  hash: Buffer,
  millisecondsUnderWay: number,
): Promise<'unknown' | 'revoked'> {
  // The request's age, not its time stamp, crosses to the database: the two clocks need not agree.
  const token = await queryOne(
    em,
    sql<{ sessionId: string; spentMeanwhile: boolean }>`select session_id as "sessionId",
        spent_at > clock_timestamp() - make_interval(secs => ${millisecondsUnderWay / 1000}::float8) as "spentMeanwhile"
      from session_tokens where token_hash = ${hash}`,
  );
  if (token === undefined) {
    return 'unknown';
  }
  if (!token.spentMeanwhile) {
    await query(em, sql`update sessions set revoked_at = now() where id = ${token.sessionId} and revoked_at is null`);
  }
  return 'revoked';
}

function refusal(cause: 'unknown' | 'expired' | 'revoked'): AppError {
  switch (cause) {
    case 'unknown':
      return new AppError(ErrorCode.UNAUTHENTICATED, 'The refresh token is not valid. Sign in again.');
    case 'expired':
      return new AppError(ErrorCode.UNAUTHENTICATED, 'The refresh token has expired. Sign in again.', {
        reason: ErrorReason.TOKEN_EXPIRED,
      });
    case 'revoked':
      return new AppError(ErrorCode.UNAUTHENTICATED, 'The refresh token has been revoked. Sign in again.', {
        reason: ErrorReason.TOKEN_REVOKED,
      });
  }
}

/** Ends one session. @returns how many ended: 0 where it had ended already */
export async function endSession(em: SqlEntityManager, sessionId: string): Promise<number> {
  const ended = await query(
    em,
    sql`update sessions set revoked_at = now() where id = ${sessionId} and revoked_at is null returning id`,
  );
  return ended.length;
}

/** Ends all of a user's sessions that stand, but for `except`. @returns how many ended */
export async function endSessions(em: SqlEntityManager, userId: string, except: string | null = null): Promise<number> {
  const ended = await query(
    em,
    sql`update sessions set revoked_at = now()
      where user_id = ${userId} and revoked_at is null and expires_at > now() and id is distinct from ${except}::uuid
      returning id`,
  );
  return ended.length;
}
