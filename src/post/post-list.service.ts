import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { isPresent } from '../account/presence.js';
import { query, sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';
import { forwardPage } from '../shared/connection.js';
import { type CursorList, decodeCursor } from '../shared/cursor.js';
import { isId } from '../shared/ids.js';
import type { PostConnection, PostRow } from './post.type.js';

/** The columns of a PostRow, of the table aliased `p`. */
export const postColumns = sql<PostRow>`p.id, p.author_id as "authorId", p.title, p.version,
  p.created_at as "createdAt", p.updated_at as "updatedAt"`;

/** Later than every post. */
const FIRST_PAGE = ['infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];

/**
 * The posts that a viewer can see, as table `p`: those that are not deleted, by authors who are there and whom the viewer does
 * not block.
 * @param viewerId null for somebody who is not signed in
 */
export function visiblePosts(viewerId: string | null): RawBuilder<unknown> {
  const blocked =
    viewerId === null
      ? sql`true`
      : sql`not exists (select from blocks b where b.blocker_id = ${viewerId} and b.blocked_id = p.author_id)`;
  return sql`posts p join users u on u.id = p.author_id and ${isPresent('u')} and ${notDeleted('p')} and ${blocked}`;
}

/**
 * An author's posts, newest first.
 * @throws AppError BAD_USER_INPUT for a cursor of another list
 */
export async function listPosts(
  em: SqlEntityManager,
  viewerId: string | null,
  authorId: string,
  size: number,
  after: string | null,
): Promise<PostConnection> {
  const list: CursorList = { name: `posts:${authorId.toLowerCase()}`, key: ['instant', 'id'] };
  const [at, id] = after === null ? FIRST_PAGE : decodeCursor(list, after, 'after');
  const rows = isId(authorId)
    ? await query(
        em,
        sql<PostRow>`select ${postColumns} from ${visiblePosts(viewerId)}
          where p.author_id = ${authorId} and (p.created_at, p.id) < (${at}::timestamptz, ${id}::uuid)
          order by p.created_at desc, p.id desc limit ${size + 1}`,
      )
    : [];
  return page(list, rows, size, after);
}

/**
 * Posts by the viewer and their friends, newest first, by one statement for any number of friends: laurel_feed, in the
 * migration posts. Friends block nobody of each other: a block ends the friendship.
 * @throws AppError BAD_USER_INPUT for a cursor of another list
 */
export async function listFeed(
  em: SqlEntityManager,
  viewerId: string,
  size: number,
  after: string | null,
): Promise<PostConnection> {
  const list: CursorList = { name: `feed:${viewerId}`, key: ['instant', 'id'] };
  const [at, id] = after === null ? FIRST_PAGE : decodeCursor(list, after, 'after');
  const rows = await query(
    em,
    sql<PostRow>`select ${postColumns}
      from laurel_feed(${viewerId}::uuid, ${at}::timestamptz, ${id}::uuid, ${size + 1}::integer) f
      join posts p on p.id = f.id and ${notDeleted('p')}
      order by p.created_at desc, p.id desc`,
  );
  return page(list, rows, size, after);
}

function page(list: CursorList, rows: PostRow[], size: number, after: string | null): PostConnection {
  return forwardPage({
    list,
    rows,
    size,
    hasPreviousPage: after !== null,
    keyOf: (row) => [row.createdAt, row.id],
    edgeOf: (node, cursor) => ({ cursor, node }),
  });
}
