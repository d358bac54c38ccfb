import type DataLoader from 'dataloader';
import type { RawBuilder } from 'kysely';
import { userLoader } from '../account/user.loader.js';
import type { UserRow } from '../account/user.type.js';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import {
  blockedUsers,
  type CountedPage,
  findBlockedUsers,
  findFriendRequests,
  findFriends,
  friendRequests,
  friends,
  type ListPage,
} from './friendship-list.service.js';
import {
  type BlockedUserEdge,
  type FriendEdge,
  FriendRequestDirection,
  type FriendshipEdge,
  type FriendshipRow,
  ViewerFriendship,
} from './friendship.type.js';

/** How the viewer stands to other users, by their ids, in one statement for any number. Takes a signed-in viewer. */
export function viewerFriendshipLoader(context: Context): DataLoader<string, ViewerFriendship> {
  const { em } = context;
  const viewerId = context.requireViewer().id;
  return batchLoader(em, async (ids) => {
    const rows = await query(
      em,
      sql<{ id: string; viewerFriendship: ViewerFriendship }>`select o.id,
          case
            when b.blocker_id is not null then 'BLOCKED_BY_VIEWER'
            when f.status = 'accepted' then 'FRIENDS'
            when f.status = 'pending' and f.requester_id = o.id then 'REQUESTED_BY_USER'
            when f.status = 'pending' then 'REQUESTED_BY_VIEWER'
            else 'NONE'
          end as "viewerFriendship"
        from unnest(${ids}::uuid[]) as o (id)
        left join blocks b on b.blocker_id = ${viewerId} and b.blocked_id = o.id
        left join friendships f
          on least(f.requester_id, f.receiver_id) = least(${viewerId}::uuid, o.id)
          and greatest(f.requester_id, f.receiver_id) = greatest(${viewerId}::uuid, o.id)`,
    );
    const byId = new Map(rows.map((row) => [row.id, row.viewerFriendship]));
    return ids.map((id) => byId.get(id) ?? ViewerFriendship.NONE);
  });
}

/** Pages of friends. */
export function friendPageLoader({ em }: Context): DataLoader<ListPage, CountedPage<UserRow, FriendEdge>> {
  return batchLoader(em, (pages) => findFriends(em, pages));
}

type RequestPageLoader = DataLoader<ListPage, CountedPage<FriendshipRow, FriendshipEdge>>;

/** Pages of requests that wait for the user to answer. */
export function incomingPageLoader(context: Context): RequestPageLoader {
  return requestPageLoader(context, FriendRequestDirection.INCOMING);
}

/** Pages of requests that the user has made and that wait. */
export function outgoingPageLoader(context: Context): RequestPageLoader {
  return requestPageLoader(context, FriendRequestDirection.OUTGOING);
}

/** The users across are there for their loader. */
function requestPageLoader(context: Context, direction: FriendRequestDirection): RequestPageLoader {
  return batchLoader(context.em, (pages) =>
    findFriendRequests(context.em, direction, pages, (user) => context.loader(userLoader).prime(user.id, user)),
  );
}

/** Pages of blocked users. */
export function blockedUserPageLoader({ em }: Context): DataLoader<ListPage, CountedPage<UserRow, BlockedUserEdge>> {
  return batchLoader(em, (pages) => findBlockedUsers(em, pages));
}

/** The number of friends, by user id. */
export function friendCountLoader(context: Context): DataLoader<string, number> {
  return countLoader(
    context,
    (whose) => sql`select f.user_id as "userId", count(*)::integer as count from ${friends(whose)} group by f.user_id`,
  );
}

/** The number of requests that wait for the user to answer, by user id. */
export function incomingCountLoader(context: Context): DataLoader<string, number> {
  return countLoader(
    context,
    (whose) => sql`select f.receiver_id as "userId", count(*)::integer as count
      from ${friendRequests(FriendRequestDirection.INCOMING, whose)} group by f.receiver_id`,
  );
}

/** The number of requests that the user has made and that wait, by user id. */
export function outgoingCountLoader(context: Context): DataLoader<string, number> {
  return countLoader(
    context,
    (whose) => sql`select f.requester_id as "userId", count(*)::integer as count
      from ${friendRequests(FriendRequestDirection.OUTGOING, whose)} group by f.requester_id`,
  );
}

/** The number of users that the user blocks, by user id. */
export function blockedCountLoader(context: Context): DataLoader<string, number> {
  return countLoader(
    context,
    (whose) => sql`select b.blocker_id as "userId", count(*)::integer as count
      from ${blockedUsers(whose)} group by b.blocker_id`,
  );
}

interface Count {
  userId: string;
  count: number;
}

/** @param statement counts for the users whose column compares to `whose` */
function countLoader(
  { em }: Context,
  statement: (whose: RawBuilder<unknown>) => RawBuilder<Count>,
): DataLoader<string, number> {
  return batchLoader(em, async (userIds) => {
    const rows = await query(em, statement(sql`= any(${userIds}::uuid[])`));
    const byUser = new Map(rows.map((row) => [row.userId, row.count]));
    return userIds.map((userId) => byUser.get(userId) ?? 0);
  });
}
