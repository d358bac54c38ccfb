import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { queryOne, sql } from '../database/query.js';
import { AppError, ErrorCode, ErrorReason } from '../errors.js';
import { newId } from '../shared/ids.js';
import { type FriendshipPayload, type FriendshipRow, FriendshipStatus } from './friendship.type.js';
import { changePair, friendshipColumns, isOfPair, type Pair, viewerBlocks } from './pair.js';

const SELF = ErrorReason.SELF_FRIENDSHIP;

/** How long a rejection keeps its requester from asking again. */
const REJECTION_LASTS = sql`interval '24 hours'`;

/**
 * The pair's lock is had in an earlier statement, so this never lies before the end of an earlier change, as
 * now(), the start of the transaction, can.
 */
const CLOCK = sql`statement_timestamp()`;

/** The pair's row after a decision, whether the decision wrote it or found it so. */
interface StandingRow extends FriendshipRow {
  /** The viewer blocks the other, and must not be shown the other's request. */
  hidesRequest: boolean;
  /** Seconds until the rejection stops barring its requester; null where nobody was rejected. */
  barredFor: number | null;
}

/**
 * Asks for a friendship. Where the other has asked already, accepts; where the viewer has, changes nothing.
 * @throws AppError BAD_USER_INPUT with SELF_FRIENDSHIP; NOT_FOUND; CONFLICT with BLOCKED_BY_VIEWER, or with
 *   REQUEST_REJECTED and the seconds until asking is possible again
 */
export async function requestFriendship(
  em: SqlEntityManager,
  viewerId: string,
  userId: string,
): Promise<FriendshipPayload> {
  return changePair(em, viewerId, userId, SELF, async (transaction, pair) => {
    const standing = await decide(
      transaction,
      pair,
      sql`insert into friendships as f (id, requester_id, receiver_id, status, created_at)
        select ${newId()}::uuid, ${pair.viewerId}::uuid, ${pair.otherId}::uuid, 'pending', ${CLOCK}
        where not ${viewerBlocks(pair)}
        on conflict (least(requester_id, receiver_id), greatest(requester_id, receiver_id)) do update set
          status = case f.status when 'pending' then 'accepted' else 'pending' end,
          responded_at = case f.status when 'pending' then ${CLOCK} end,
          requester_id = case f.status when 'pending' then f.requester_id else excluded.requester_id end,
          receiver_id = case f.status when 'pending' then f.receiver_id else excluded.receiver_id end,
          created_at = case f.status when 'pending' then f.created_at else excluded.created_at end
        where (f.status = 'pending' and f.requester_id = excluded.receiver_id)
          or (f.status = 'rejected' and (
            f.requester_id = excluded.receiver_id
            or coalesce(f.responded_at, '-infinity') <= ${CLOCK} - ${REJECTION_LASTS}
          ))`,
    );
    if (standing === undefined || standing.hidesRequest) {
      throw new AppError(ErrorCode.CONFLICT, 'You block this user. Unblock them first.', {
        reason: ErrorReason.BLOCKED_BY_VIEWER,
      });
    }
    if (standing.status === FriendshipStatus.REJECTED) {
      throw new AppError(ErrorCode.CONFLICT, 'This user has turned your request down. Ask again later.', {
        reason: ErrorReason.REQUEST_REJECTED,
        retryAfter: standing.barredFor ?? 0,
      });
    }
    return standing;
  });
}

/**
 * Accepts the other's request; of friends, changes nothing.
 * @throws AppError BAD_USER_INPUT with SELF_FRIENDSHIP; NOT_FOUND; CONFLICT with NO_PENDING_REQUEST
 */
export async function acceptFriendship(
  em: SqlEntityManager,
  viewerId: string,
  userId: string,
): Promise<FriendshipPayload> {
  return changePair(em, viewerId, userId, SELF, async (transaction, pair) => {
    const standing = await decide(transaction, pair, answer(pair, FriendshipStatus.ACCEPTED));
    if (standing?.status !== FriendshipStatus.ACCEPTED) {
      throw noPendingRequest();
    }
    return standing;
  });
}

/**
 * Turns the other's request down; where that is done already, changes nothing.
 * @throws AppError BAD_USER_INPUT with SELF_FRIENDSHIP; NOT_FOUND; CONFLICT with NO_PENDING_REQUEST
 */
export async function rejectFriendship(
  em: SqlEntityManager,
  viewerId: string,
  userId: string,
): Promise<FriendshipPayload> {
  return changePair(em, viewerId, userId, SELF, async (transaction, pair) => {
    const standing = await decide(transaction, pair, answer(pair, FriendshipStatus.REJECTED));
    if (standing?.status !== FriendshipStatus.REJECTED || standing.receiverId !== viewerId) {
      throw noPendingRequest();
    }
    return standing;
  });
}

/**
 * Cancels the viewer's request or ends the friendship; where there is neither, changes nothing.
 * @throws AppError BAD_USER_INPUT with SELF_FRIENDSHIP; NOT_FOUND; CONFLICT with NO_PENDING_REQUEST where the
 *   request that stands is the other's, to be rejected instead
 */
export async function removeFriendship(
  em: SqlEntityManager,
  viewerId: string,
  userId: string,
): Promise<FriendshipPayload> {
  return changePair(em, viewerId, userId, SELF, async (transaction, pair) => {
    const removed = await decide(
      transaction,
      pair,
      sql`delete from friendships f
        where ${isOfPair(pair)} and (f.status = 'accepted' or (f.status = 'pending' and f.requester_id = ${viewerId}))`,
    );
    const isRequestOfOther = removed?.status === FriendshipStatus.PENDING && removed.requesterId !== viewerId;
    if (isRequestOfOther && !removed.hidesRequest) {
      throw noPendingRequest();
    }
    return null;
  });
}

/** Gives the other's request that answer, as long as the viewer is shown the request. */
function answer(pair: Pair, status: FriendshipStatus): RawBuilder<unknown> {
  return sql`update friendships f set status = ${status}, responded_at = ${CLOCK}
    where ${isOfPair(pair)} and f.status = 'pending' and f.requester_id = ${pair.otherId} and not ${viewerBlocks(pair)}`;
}

/**
 * Writes and reports in one statement.
 * @param write changes the friendship aliased `f` where its own conditions allow it, and returns nothing yet
 * @returns the row that `write` changed (as it was, where it was deleted), else the one that stands, if any
 */
async function decide(em: SqlEntityManager, pair: Pair, write: RawBuilder<unknown>): Promise<StandingRow | undefined> {
  return queryOne(
    em,
    sql<StandingRow>`with written as (${write} returning f.*),
      standing as (
        select * from written
        union all
        select f.* from friendships f where ${isOfPair(pair)} and not exists (select from written)
      )
      select ${friendshipColumns}, ${viewerBlocks(pair)} as "hidesRequest",
        ceil(extract(epoch from f.responded_at + ${REJECTION_LASTS} - ${CLOCK}))::integer as "barredFor"
      from standing f`,
  );
}

function noPendingRequest(): AppError {
  return new AppError(ErrorCode.CONFLICT, 'There is no request of this user to answer.', {
    reason: ErrorReason.NO_PENDING_REQUEST,
  });
}
