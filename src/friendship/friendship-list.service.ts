import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { userColumns } from '../account/user.service.js';
import type { UserRow } from '../account/user.type.js';
import { query, sql } from '../database/query.js';
import { forwardPage, type Page } from '../shared/connection.js';
import { type CursorList, decodeCursor } from '../shared/cursor.js';
import type { InstantText } from '../shared/instant.js';
import {
  type BlockedUserEdge,
  type FriendEdge,
  FriendRequestDirection,
  type FriendshipEdge,
  type FriendshipRow,
} from './friendship.type.js';
import { friendshipColumns } from './pair.js';

/**
 * A user's friends, by nickname.
 * @param after cursor of this list, or null
 * @throws AppError BAD_USER_INPUT for a cursor of another list
 */
export async function findFriends(
  em: SqlEntityManager,
  userId: string,
  size: number,
  after: string | null,
): Promise<Page<UserRow, FriendEdge>> {
  const list: CursorList = { name: `friends:${userId}`, key: ['text'] };
  const [afterKey] = after === null ? [] : decodeCursor(list, after, 'after');
  const rows = await query(
    em,
    sql<UserRow & { nicknameKey: string; friendsSince: InstantText }>`select ${userColumns},
        u.nickname_key as "nicknameKey", coalesce(f.responded_at, f.created_at) as "friendsSince"
      from (
        select receiver_id as friend_id, responded_at, created_at from friendships
          where requester_id = ${userId} and status = 'accepted'
        union all
        select requester_id, responded_at, created_at from friendships
          where receiver_id = ${userId} and status = 'accepted'
      ) f join users u on u.id = f.friend_id and u.deleted_at is null
      ${afterKey === undefined ? sql`` : sql`where u.nickname_key > ${afterKey}`}
      order by u.nickname_key limit ${size + 1}`,
  );
  return forwardPage({
    list,
    rows,
    size,
    hasPreviousPage: after !== null,
    keyOf: (row) => [row.nicknameKey],
    edgeOf: (node, cursor) => ({ cursor, node, friendsSince: node.friendsSince }),
  });
}

/**
 * Requests that wait for an answer, as the users in question see them: table `f`, with the user across in `u`.
 * @param whose compares the column of those users, e.g. `= $1`
 */
export function friendRequests(direction: FriendRequestDirection, whose: RawBuilder<unknown>): RawBuilder<unknown> {
  if (direction === FriendRequestDirection.OUTGOING) {
    return sql`friendships f join users u on u.id = f.receiver_id
      where f.requester_id ${whose} and f.status = 'pending' and u.deleted_at is null`;
  }
  return sql`friendships f join users u on u.id = f.requester_id
    where f.receiver_id ${whose} and f.status = 'pending' and u.deleted_at is null
      and not exists (select from blocks b where b.blocker_id = f.receiver_id and b.blocked_id = f.requester_id)`;
}

/**
 * A user's requests that wait for an answer, newest first, as that user sees them.
 * @param after cursor of this list, or null
 * @throws AppError BAD_USER_INPUT for a cursor of another list
 */
export async function findFriendRequests(
  em: SqlEntityManager,
  userId: string,
  direction: FriendRequestDirection,
  size: number,
  after: string | null,
): Promise<Page<FriendshipRow, FriendshipEdge>> {
  const list: CursorList = { name: `friendRequests:${direction}:${userId}`, key: ['instant', 'id'] };
  const [afterInstant, afterId] = after === null ? [] : decodeCursor(list, after, 'after');
  const rows = await query(
    em,
    sql<FriendshipRow>`select ${friendshipColumns}
      from ${friendRequests(direction, sql`= ${userId}`)}
        ${afterId === undefined ? sql`` : sql`and (f.created_at, f.id) < (${afterInstant}::timestamptz, ${afterId}::uuid)`}
      order by f.created_at desc, f.id desc limit ${size + 1}`,
  );
  return forwardPage({
    list,
    rows,
    size,
    hasPreviousPage: after !== null,
    keyOf: (row) => [row.createdAt, row.id],
    edgeOf: (node, cursor) => ({ cursor, node }),
  });
}

/**
 * The users whom a user blocks, newest block first.
 * @param after cursor of this list, or null
 * @throws AppError BAD_USER_INPUT for a cursor of another list
 */
export async function findBlockedUsers(
  em: SqlEntityManager,
  userId: string,
  size: number,
  after: string | null,
): Promise<Page<UserRow, BlockedUserEdge>> {
  const list: CursorList = { name: `blockedUsers:${userId}`, key: ['instant', 'id'] };
  const [afterInstant, afterId] = after === null ? [] : decodeCursor(list, after, 'after');
  const rows = await query(
    em,
    sql<UserRow & { blockedAt: InstantText }>`select ${userColumns}, b.created_at as "blockedAt"
      from blocks b join users u on u.id = b.blocked_id and u.deleted_at is null
      where b.blocker_id = ${userId}
        ${afterId === undefined ? sql`` : sql`and (b.created_at, b.blocked_id) < (${afterInstant}::timestamptz, ${afterId}::uuid)`}
      order by b.created_at desc, b.blocked_id desc limit ${size + 1}`,
  );
  return forwardPage({
    list,
    rows,
    size,
    hasPreviousPage: after !== null,
    keyOf: (row) => [row.blockedAt, row.id],
    edgeOf: (node, cursor) => ({ cursor, node, blockedAt: node.blockedAt }),
  });
}
