import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { isPresent } from '../account/presence.js';
import { userColumns } from '../account/user.service.js';
import type { UserRow } from '../account/user.type.js';
import { query, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, ErrorCode, ErrorReason, notFound } from '../errors.js';
import { isId } from '../shared/ids.js';
import type { FriendshipPayload, FriendshipRow } from './friendship.type.js';

/** The signed-in user and the one they act on, by id; never the same. */
export interface Pair {
  viewerId: string;
  otherId: string;
}

/** The columns of a FriendshipRow, of the table aliased `f`. */
export const friendshipColumns = sql<FriendshipRow>`f.id, f.requester_id as "requesterId", f.receiver_id as "receiverId",
  f.status, f.created_at as "createdAt", f.responded_at as "respondedAt"`;

/** Whether the friendship aliased `f` is this pair's, whoever asked: the terms of the unique index. */
export function isOfPair({ viewerId, otherId }: Pair): RawBuilder<boolean> {
  return sql`least(f.requester_id, f.receiver_id) = least(${viewerId}::uuid, ${otherId}::uuid)
    and greatest(f.requester_id, f.receiver_id) = greatest(${viewerId}::uuid, ${otherId}::uuid)`;
}

/** Whether the viewer blocks the other. */
export function viewerBlocks({ viewerId, otherId }: Pair): RawBuilder<boolean> {
  return sql`exists (select from blocks where blocker_id = ${viewerId} and blocked_id = ${otherId})`;
}

/**
 * Runs one change of how two users stand, after every earlier one of the same pair.
 * @param otherId as the client sent it
 * @param selfReason what the refusal of the viewer's own id is called
 * @param change gets the transaction; answers the friendship that the viewer is shown
 * @throws AppError BAD_USER_INPUT for the viewer's own id; NOT_FOUND for unknown and deleted users; UNAUTHENTICATED
 *   where the viewer has just been deleted
 */
export async function changePair(
  em: SqlEntityManager,
  viewerId: string,
  otherId: string,
  selfReason: ErrorReason | null,
  change: (em: SqlEntityManager, pair: Pair) => Promise<FriendshipRow | null>,
): Promise<FriendshipPayload> {
  const pair = { viewerId, otherId: otherId.toLowerCase() };
  if (pair.otherId === viewerId) {
    throw new AppError(ErrorCode.BAD_USER_INPUT, 'This takes another user than yourself.', {
      field: 'userId',
      ...(selfReason !== null && { reason: selfReason }),
    });
  }
  if (!isId(pair.otherId)) {
    throw unknownUser();
  }
  return inTransaction(em, async (transaction) => {
    const users = await lockPair(transaction, pair);
    return { ...users, friendship: await change(transaction, pair) };
  });
}

/**
 * Waits for earlier changes of the pair, and keeps both users from being deleted until the transaction ends.
 * The lock is advisory because a pair that nothing stands between has no row to lock. It must be had before
 * the statement that decides: that one then sees all that earlier holders have written, blocks included.
 */
async function lockPair(
  em: SqlEntityManager,
  { viewerId, otherId }: Pair,
): Promise<{ viewer: UserRow; user: UserRow }> {
  const rows = await query(
    em,
    sql<UserRow>`select ${userColumns}
      from users u,
        (select pg_advisory_xact_lock(hashtextextended(
          least(${viewerId}::uuid, ${otherId}::uuid)::text || greatest(${viewerId}::uuid, ${otherId}::uuid)::text, 0
        ))) as locked
      where u.id in (${viewerId}, ${otherId}) and ${isPresent('u')}
      order by u.id for share of u`,
  );
  const viewer = rows.find((row) => row.id === viewerId);
  const user = rows.find((row) => row.id === otherId);
  if (viewer === undefined) {
    throw new AppError(ErrorCode.UNAUTHENTICATED, 'The session has ended. Sign in again.', {
      reason: ErrorReason.TOKEN_REVOKED,
    });
  }
  if (user === undefined) {
    throw unknownUser();
  }
  return { viewer, user };
}

function unknownUser(): AppError {
  return notFound('There is no user with this id.', 'userId');
}
