import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { isPresent } from '../account/presence.js';
import { userColumns } from '../account/user.service.js';
import type { UserRow } from '../account/user.type.js';
import { query, sql } from '../database/query.js';
import { type Edge, forwardPage, type Page, pageSize } from '../shared/connection.js';
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

const DEFAULT_PAGE_SIZE = 20;

/** What a first page begins behind. Carried-over nicknames can be empty, so that no text lies before them all. */
const BEFORE_ALL_NICKNAMES = [null];
/** Not null, so that the comparison is a range of the index on a first page as well. */
const AFTER_ALL_TIMES = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

/** A page that is asked for of one user's list. Pages of several users are read in one statement. */
export interface ListPage {
  list: CursorList;
  userId: string;
  size: number;
  /** The sort key behind which the page begins. */
  after: (string | null)[];
  isFirst: boolean;
  /** Whether the length of the whole list is to be read along: a first page without a row tells it too. */
  counted: boolean;
}

/** A page with the length of the whole list, where that was read along. */
export type CountedPage<Node, E extends Edge<Node>> = Page<Node, E> & { count: number | undefined };

type Argument<T> = T | null | undefined;

/**
 * A page of a user's friends, by nickname.
 * @throws AppError BAD_USER_INPUT for a size out of range or a cursor of another list, as do the two below
 */
export function friendPage(
  userId: string,
  first: Argument<number>,
  after: Argument<string>,
  counted: boolean,
): ListPage {
  return listPage({ name: `friends:${userId}`, key: ['text'] }, userId, first, after, counted, BEFORE_ALL_NICKNAMES);
}

/** A page of a user's requests that wait for an answer, newest first. */
export function friendRequestPage(
  userId: string,
  direction: FriendRequestDirection,
  first: Argument<number>,
  after: Argument<string>,
  counted: boolean,
): ListPage {
  const list: CursorList = { name: `friendRequests:${direction}:${userId}`, key: ['instant', 'id'] };
  return listPage(list, userId, first, after, counted, AFTER_ALL_TIMES);
}

/** A page of the users whom a user blocks, newest block first. */
export function blockedUserPage(
  userId: string,
  first: Argument<number>,
  after: Argument<string>,
  counted: boolean,
): ListPage {
  const list: CursorList = { name: `blockedUsers:${userId}`, key: ['instant', 'id'] };
  return listPage(list, userId, first, after, counted, AFTER_ALL_TIMES);
}

function listPage(
  list: CursorList,
  userId: string,
  first: Argument<number>,
  after: Argument<string>,
  counted: boolean,
  beginning: (string | null)[],
): ListPage {
  const isFirst = after === null || after === undefined;
  return {
    list,
    userId,
    size: pageSize(first, DEFAULT_PAGE_SIZE),
    after: isFirst ? beginning : decodeCursor(list, after, 'after'),
    isFirst,
    counted: counted && isFirst,
  };
}

/**
 * The friends of the users in question: table `f`, with the friend in `u`.
 * @param whose compares the column of those users, e.g. `= $1`
 */
export function friends(whose: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(
      select requester_id as user_id, receiver_id as friend_id, responded_at, created_at from friendships
        where requester_id ${whose} and status = 'accepted'
      union all
      select receiver_id, requester_id, responded_at, created_at from friendships
        where receiver_id ${whose} and status = 'accepted'
    ) f join users u on u.id = f.friend_id and ${isPresent('u')}`;
}

/** Reads pages of `friendPage`, in one statement. */
export async function findFriends(
  em: SqlEntityManager,
  pages: readonly ListPage[],
): Promise<CountedPage<UserRow, FriendEdge>[]> {
  const rows = await query(
    em,
    sql<PageRow & UserRow & { nicknameKey: string; friendsSince: InstantText }>`select l.*, p.page, p.count
      from ${asked(pages, [sql`text`], friends(ofPage))}
      cross join lateral (
        select ${userColumns}, u.nickname_key as "nicknameKey", coalesce(f.responded_at, f.created_at) as "friendsSince"
        from ${friends(ofPage)}
        where p.after1 is null or u.nickname_key > p.after1
        order by u.nickname_key limit ${longest(pages)}
      ) l
      order by p.page, l."nicknameKey"`,
  );
  return toPages(pages, rows, {
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
      where f.requester_id ${whose} and f.status = 'pending' and ${isPresent('u')}`;
  }
  return sql`friendships f join users u on u.id = f.requester_id
    where f.receiver_id ${whose} and f.status = 'pending' and ${isPresent('u')}
      and not exists (select from blocks b where b.blocker_id = f.receiver_id and b.blocked_id = f.requester_id)`;
}

/**
 * Reads pages of `friendRequestPage` in that direction, in one statement.
 * @param onUser is told the user across of each request
 */
export async function findFriendRequests(
  em: SqlEntityManager,
  direction: FriendRequestDirection,
  pages: readonly ListPage[],
  onUser: (user: UserRow) => void,
): Promise<CountedPage<FriendshipRow, FriendshipEdge>[]> {
  const rows = await query(
    em,
    sql<PageRow & FriendshipRow & Omit<UserRow, 'id' | 'createdAt'> & { across: string; joinedAt: InstantText }>`
      select l.*, p.page, p.count
      from ${asked(pages, [sql`timestamptz`, sql`uuid`], friendRequests(direction, ofPage))}
      cross join lateral (
        select ${friendshipColumns}, u.id as across, u.nickname, u.picture_url as "pictureUrl",
          u.created_at as "joinedAt"
        from ${friendRequests(direction, ofPage)} and (f.created_at, f.id) < (p.after1, p.after2)
        order by f.created_at desc, f.id desc limit ${longest(pages)}
      ) l
      order by p.page, l."createdAt" desc, l.id desc`,
  );
  for (const { across, nickname, pictureUrl, joinedAt } of rows) {
    onUser({ id: across, nickname, pictureUrl, createdAt: joinedAt });
  }
  return toPages(pages, rows, {
    keyOf: (row) => [row.createdAt, row.id],
    edgeOf: (node, cursor) => ({ cursor, node }),
  });
}

/**
 * The users whom the users in question block: table `b`, with the blocked one in `u`.
 * @param whose compares the column of those users, e.g. `= $1`
 */
export function blockedUsers(whose: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`blocks b join users u on u.id = b.blocked_id and ${isPresent('u')} where b.blocker_id ${whose}`;
}

/** Reads pages of `blockedUserPage`, in one statement. */
export async function findBlockedUsers(
  em: SqlEntityManager,
  pages: readonly ListPage[],
): Promise<CountedPage<UserRow, BlockedUserEdge>[]> {
  const rows = await query(
    em,
    sql<PageRow & UserRow & { blockedAt: InstantText }>`select l.*, p.page, p.count
      from ${asked(pages, [sql`timestamptz`, sql`uuid`], blockedUsers(ofPage))}
      cross join lateral (
        select ${userColumns}, b.created_at as "blockedAt"
        from ${blockedUsers(ofPage)} and (b.created_at, b.blocked_id) < (p.after1, p.after2)
        order by b.created_at desc, b.blocked_id desc limit ${longest(pages)}
      ) l
      order by p.page, l."blockedAt" desc, l.id desc`,
  );
  return toPages(pages, rows, {
    keyOf: (row) => [row.blockedAt, row.id],
    edgeOf: (node, cursor) => ({ cursor, node, blockedAt: node.blockedAt }),
  });
}

/** Compares a user's column to the user of the page `p`. */
const ofPage = sql`= p.user_id`;

/** What each row tells of its page. */
interface PageRow {
  page: number;
  /** The length of the whole list, where it was asked for. */
  count: number | null;
}

/**
 * The pages as a table `p (user_id, page, count, after1, ...)`, numbered from 0.
 * @param keyTypes of the parts of the sort key
 * @param list what to count for a page, by `ofPage`
 */
function asked(
  pages: readonly ListPage[],
  keyTypes: RawBuilder<unknown>[],
  list: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const keys = keyTypes.map((type, part) => sql`${pages.map(({ after }) => after[part])}::${type}[]`);
  const names = keyTypes.map((_, part) => sql.ref(`after${part + 1}`));
  const numbered = sql`unnest(${pages.map(({ userId }) => userId)}::uuid[],
    ${pages.map((_, index) => index)}::integer[], ${sql.join(keys)}) as p (user_id, page, ${sql.join(names)})`;
  const count = pages.some(({ counted }) => counted)
    ? sql`(select count(*)::integer from ${list})`
    : sql`null::integer`;
  // Offset 0: counted once for each page, not for each of its rows.
  return sql`(select p.*, ${count} as count from ${numbered} offset 0) p`;
}

/** One row more than the longest page: it tells whether the list goes on. */
function longest(pages: readonly ListPage[]): number {
  return Math.max(...pages.map(({ size }) => size)) + 1;
}

function toPages<Row extends PageRow, E extends Edge<unknown>>(
  pages: readonly ListPage[],
  rows: Row[],
  { keyOf, edgeOf }: { keyOf: (row: Row) => string[]; edgeOf: (row: Row, cursor: string) => E },
): CountedPage<E['node'], E>[] {
  return pages.map((page, index) => {
    const own = rows.filter((row) => row.page === index);
    const { list, size, isFirst, counted } = page;
    return {
      ...forwardPage({ list, rows: own, size, hasPreviousPage: !isFirst, keyOf, edgeOf }),
      count: counted ? (own[0]?.count ?? 0) : undefined,
    };
  });
}
