import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { acrossRequests } from '../database/across-requests.js';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, ErrorCode, ErrorReason } from '../errors.js';
import type { InstantText } from '../shared/instant.js';
import { newId } from '../shared/ids.js';
import { isPresent } from './presence.js';
import { cameBeforeSpent, noteNotSpent, noteSpending, noteSpent } from './spent-tokens.js';
import { hashRefreshToken, newRefreshToken, REFRESH_TOKEN_DAYS, type VerifiedToken } from './token.js';
import type { Role } from './account.type.js';
import { userColumns } from './user.service.js';
import type { UserRow } from './user.type.js';

export interface OpenSession {
  id: string;
  user: UserRow;
  refreshToken: string;
  refreshTokenExpiresAt: InstantText;
}

/** Who a session belongs to: what most requests go on to ask of their viewer comes with the authentication. */
export interface SessionOwner extends UserRow {
  email: string | null;
  emailVerified: boolean;
  birthDate: string | null;
  role: Role;
  timeZone: string | null;
  /** The database's clock. */
  readAt: InstantText;
  /** Bytes of the write-ahead log that the user's last write lies before; null where none is known. */
  lastWrite: string | null;
}

const lifetime = sql`make_interval(days => ${sql.lit(REFRESH_TOKEN_DAYS)})`;

/** The owner of a session that stands; undefined once it is revoked, has expired or its user is deleted. */
export async function findSessionOwner(em: SqlEntityManager, sessionId: string): Promise<SessionOwner | undefined> {
  const [owner] = await findSessionOwners(em, [{ sessionId, hash: null }]);
  return owner;
}

/**
 * As `findSessionOwner`, outside transactions: in one statement for requests that are served at the same time. Undefined
 * for a token that is refused, too.
 */
export async function findSessionOwnerOfRequest(
  em: SqlEntityManager,
  token: VerifiedToken,
): Promise<SessionOwner | undefined> {
  const [owner] = await findOwnersOfRequests(em, [token]);
  return owner;
}

/** What somebody acts for a session with. */
interface Presented {
  sessionId: string;
  /** SHA-256 of the token in hexadecimal digits; null where no token is the question. */
  hash: string | null;
}

const findOwnersOfRequests = acrossRequests<Presented, SessionOwner | undefined>(findSessionOwners);

async function findSessionOwners(
  em: SqlEntityManager,
  presented: readonly Presented[],
): Promise<(SessionOwner | undefined)[]> {
  const ids = presented.map(({ sessionId }) => sessionId);
  const hashes = presented.map(({ hash }) => hash);
  const rows = await query(
    em,
    sql<SessionOwner & { place: number }>`select t.place::integer as place, ${userColumns}, u.email,
        u.email_verified_at is not null as "emailVerified", u.birth_date as "birthDate", u.role, u.time_zone as "timeZone", now() as "readAt",
        (w.written_lsn - '0/0')::text as "lastWrite"
      from unnest(${ids}::uuid[], ${hashes}::text[]) with ordinality t (session_id, hash, place)
      join sessions s on s.id = t.session_id join users u on u.id = s.user_id
      -- A position still to come is of another cluster: the rows are from a dump.
      left join last_writes w on w.user_id = u.id and w.written_lsn <= pg_current_wal_insert_lsn()
      where s.revoked_at is null and s.expires_at > now()
        and ${isPresent('u')}
        and not exists (select from refused_tokens r where r.token_hash = decode(t.hash, 'hex'))`,
  );
  const owners = new Map(rows.map(({ place, ...owner }) => [place, owner]));
  return presented.map((_, index) => owners.get(index + 1));
}

/** More of what a client calls itself is not kept. */
const MAX_USER_AGENT = 255;

/** Opens a session for that user. @param userAgent what the client calls itself */
export async function openSession(em: SqlEntityManager, user: UserRow, userAgent: string | null): Promise<OpenSession> {
  const id = newId();
  const { token, hash } = newRefreshToken();
  const { expiresAt } = await queryExactlyOne(
    em,
    sql<{ expiresAt: InstantText }>`with session as (
        insert into sessions (id, user_id, expires_at, user_agent)
        values (${id}, ${user.id}, now() + ${lifetime}, ${userAgent?.slice(0, MAX_USER_AGENT) ?? null})
        returning id, expires_at
      )
      insert into session_tokens (token_hash, session_id, expires_at)
      select ${hash}, id, expires_at from session
      returning expires_at as "expiresAt"`,
  );
  return { id, user, refreshToken: token, refreshTokenExpiresAt: expiresAt };
}

/**
 * Gives a session a new refresh token and spends the one before. The caller holds the session's lock
 * (`endSessions` and `refreshSession` take it), so that of all that is done to a session at once, one thing happens after
 * the other.
 */
async function renewSession(em: SqlEntityManager, sessionId: string, user: UserRow): Promise<OpenSession> {
  const { token, hash } = newRefreshToken();
  // Tokens past their end are refused as expired anyway, so nothing is lost by forgetting them.
  await query(em, sql`delete from session_tokens where session_id = ${sessionId} and expires_at < now()`);
  const { expiresAt } = await queryExactlyOne(
    em,
    sql<{ expiresAt: InstantText }>`with session as (
        update sessions set expires_at = now() + ${lifetime}, refreshed_at = now() where id = ${sessionId} returning id, expires_at
      )
      insert into session_tokens (token_hash, session_id, expires_at)
      select ${hash}, id, expires_at from session
      returning expires_at as "expiresAt"`,
  );
  // Last, so that the time is as close to the commit as it can be: it decides what a replay is.
  await query(
    em,
    sql`update session_tokens set spent_at = clock_timestamp()
      where session_id = ${sessionId} and spent_at is null and token_hash <> ${hash}`,
  );
  return { id: sessionId, user, refreshToken: token, refreshTokenExpiresAt: expiresAt };
}

/** The session that a refresh token belongs to, spent or not; undefined where nobody was given that token. */
export async function findSessionOfToken(em: SqlEntityManager, refreshToken: string): Promise<string | undefined> {
  const row = await queryOne(
    em,
    sql<{ sessionId: string }>`select session_id as "sessionId" from session_tokens
      where token_hash = ${hashRefreshToken(refreshToken)}`,
  );
  return row?.sessionId;
}

const REFUSALS = {
  unknown: { message: 'The refresh token is not valid.', reason: undefined },
  expired: { message: 'The refresh token has expired.', reason: ErrorReason.TOKEN_EXPIRED },
  revoked: { message: 'The refresh token has been revoked.', reason: ErrorReason.TOKEN_REVOKED },
};

/** What spending a refresh token came to; the transaction commits in every case, a revocation included. */
type Refreshed = OpenSession | keyof typeof REFUSALS;

/**
 * Spends a refresh token and rotates it. Spending a spent one revokes its session, except where both requests
 * were under way at once: then the later one only fails.
 * @param arrivedAt when the request arrived, by `performance.now()`
 * @throws AppError UNAUTHENTICATED, with TOKEN_EXPIRED or TOKEN_REVOKED
 */
export async function refreshSession(
  em: SqlEntityManager,
  refreshToken: string,
  arrivedAt: number,
): Promise<OpenSession> {
  const hash = hashRefreshToken(refreshToken);
  const refreshed = await spendToken(em, hash, arrivedAt);
  if (typeof refreshed === 'object') {
    noteSpent(hash);
    return refreshed;
  }
  const { message, reason } = REFUSALS[refreshed];
  throw new AppError(ErrorCode.UNAUTHENTICATED, `${message} Sign in again.`, reason && { reason });
}

async function spendToken(em: SqlEntityManager, hash: Buffer, arrivedAt: number): Promise<Refreshed> {
  try {
    return await inTransaction(em, async (transaction) => {
      // The session's row is the lock under which its tokens change hands. `open` is what was seen before waiting.
      const session = await queryOne(
        transaction,
        sql<UserRow & { sessionId: string; open: boolean }>`select ${userColumns}, s.id as "sessionId",
            t.spent_at is null as open
          from session_tokens t join sessions s on s.id = t.session_id join users u on u.id = s.user_id
          where t.token_hash = ${hash} and s.revoked_at is null and ${isPresent('u')}
            and not exists (select from refused_tokens r where r.token_hash = t.token_hash)
          for update of s`,
      );
      const token = await readToken(transaction, hash, performance.now() - arrivedAt);
      if (token === undefined) {
        return 'unknown';
      }
      if (session === undefined) {
        return 'revoked';
      }
      const { sessionId, open, ...user } = session;
      if (token.spent) {
        const atOnce = open || (cameBeforeSpent(hash, arrivedAt) ?? token.spentMeanwhile);
        if (!atOnce) {
          await endSession(transaction, sessionId);
        }
        return 'revoked';
      }
      if (token.expired) {
        return 'expired';
      }
      noteSpending(hash);
      return renewSession(transaction, sessionId, user);
    });
  } catch (error) {
    noteNotSpent(hash);
    throw error;
  }
}

interface TokenState {
  expired: boolean;
  spent: boolean;
  /** By the clocks, which err on this side, it was spent after the request that presents it had arrived. */
  spentMeanwhile: boolean;
}

async function readToken(
  em: SqlEntityManager,
  hash: Buffer,
  millisecondsUnderWay: number,
): Promise<TokenState | undefined> {
  // The request's age, not its time stamp, crosses to the database: the two clocks need not agree. Taken after now(),
  // the time of `begin`, it makes the request older rather than younger: who came first is not punished by a delay.
  return queryOne(
    em,
    sql<TokenState>`select expires_at <= now() as expired, spent_at is not null as spent,
        coalesce(spent_at > now() - make_interval(secs => ${millisecondsUnderWay / 1000}::float8), false)
          as "spentMeanwhile"
      from session_tokens where token_hash = ${hash}`,
  );
}

/** Ends one session. @returns how many ended: 0 where it had ended already */
export async function endSession(em: SqlEntityManager, sessionId: string): Promise<number> {
  const ended = await query(
    em,
    sql`update sessions set revoked_at = now() where id = ${sessionId} and revoked_at is null returning id`,
  );
  return ended.length;
}

/** Ends all of a user's sessions that stand. @returns how many ended */
export async function endEverySession(em: SqlEntityManager, userId: string): Promise<number> {
  return inTransaction(em, (transaction) => endSessions(transaction, userId));
}

/** As `endEverySession`, inside the caller's transaction; all but `except`. */
export async function endSessions(em: SqlEntityManager, userId: string, except: string | null = null): Promise<number> {
  await lockSessions(em, userId);
  const ended = await query(
    em,
    sql`update sessions set revoked_at = now()
      where user_id = ${userId} and revoked_at is null and expires_at > now() and id is distinct from ${except}::uuid
      returning id`,
  );
  return ended.length;
}

/**
 * Ends all of a user's other sessions and gives this one a new refresh token. Inside the caller's transaction.
 * @throws AppError UNAUTHENTICATED with TOKEN_REVOKED where this session has ended meanwhile
 */
export async function keepOnlySession(em: SqlEntityManager, sessionId: string, user: UserRow): Promise<OpenSession> {
  await endSessions(em, user.id, sessionId);
  if ((await findSessionOwner(em, sessionId)) === undefined) {
    throw sessionEnded();
  }
  return renewSession(em, sessionId, user);
}

/** The answer to whoever acts for a session, or an account, that has ended meanwhile. */
export function sessionEnded(): AppError {
  return new AppError(ErrorCode.UNAUTHENTICATED, 'The session has ended. Sign in again.', {
    reason: ErrorReason.TOKEN_REVOKED,
  });
}

/** Locks a user's sessions that stand, in one order, so that two who end them never wait for each other. */
async function lockSessions(em: SqlEntityManager, userId: string): Promise<void> {
  await query(
    em,
    sql`select id from sessions
      where user_id = ${userId} and revoked_at is null and expires_at > now()
      order by id for update`,
  );
}
