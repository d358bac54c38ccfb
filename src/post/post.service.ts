import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { isPresent } from '../account/presence.js';
import { sessionEnded } from '../account/session.service.js';
import type { Actor } from '../admin/audit-log.type.js';
import { POSTS, restoreDeleted, softDelete } from '../admin/soft-delete.service.js';
import { query, queryOne, sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';
import { AppError, badInput, ErrorCode, ErrorReason, notFound } from '../errors.js';
import { isId, newId } from '../shared/ids.js';
import { isLine, isText } from '../shared/written-text.js';
import { postColumns } from './post-list.service.js';
import type { CreatePostInput, PostRow, UpdatePostInput } from './post.type.js';

const MAX_TITLE = 200;
const MAX_CONTENT = 100_000;

/**
 * Writes a post.
 * @throws AppError BAD_USER_INPUT naming the field; UNAUTHENTICATED where the author is not there any more
 */
export async function createPost(em: SqlEntityManager, authorId: string, input: CreatePostInput): Promise<PostRow> {
  const title = checkTitle(input.title);
  const content = checkContent(input.content);
  const post = await queryOne(
    em,
    sql<PostRow>`insert into posts as p (id, author_id, title, content)
      select ${newId()}::uuid, id, ${title}::text, ${content}::text from users where id = ${authorId} and ${isPresent()}
      returning ${postColumns}`,
  );
  if (post === undefined) {
    throw sessionEnded();
  }
  return post;
}

/**
 * Edits the author's own post.
 * @throws AppError BAD_USER_INPUT naming the field; NOT_FOUND; FORBIDDEN for somebody else's; CONFLICT with STALE_VERSION
 *   where it was edited since
 */
export async function updatePost(em: SqlEntityManager, authorId: string, input: UpdatePostInput): Promise<PostRow> {
  const { id, version } = input;
  if (input.title === null || input.content === null) {
    throw badInput(input.title === null ? 'input.title' : 'input.content', 'This cannot be cleared.');
  }
  const title = input.title === undefined ? null : checkTitle(input.title);
  const content = input.content === undefined ? null : checkContent(input.content);
  if (!isId(id)) {
    throw noSuchPost('input.id');
  }
  const post = await queryOne(
    em,
    sql<PostRow>`update posts p set title = coalesce(${title}, title), content = coalesce(${content}, content),
        version = p.version + 1
      where p.id = ${id} and p.author_id = ${authorId} and p.version = ${version} and ${notDeleted('p')}
        and exists (select from users u where u.id = p.author_id and ${isPresent('u')})
      returning ${postColumns}`,
  );
  return post ?? explainRefusal(em, id, authorId);
}

async function explainRefusal(em: SqlEntityManager, id: string, authorId: string): Promise<never> {
  const post = await queryOne(
    em,
    sql<{ authorId: string; version: number }>`select p.author_id as "authorId", p.version
      from posts p join users u on u.id = p.author_id and ${isPresent('u')} where p.id = ${id} and ${notDeleted('p')}`,
  );
  if (post === undefined) {
    throw noSuchPost('input.id');
  }
  if (post.authorId !== authorId) {
    throw notTheAuthor('input.id');
  }
  throw new AppError(
    ErrorCode.CONFLICT,
    `The post was edited since: it is at version ${post.version}. Read it again.`,
    {
      reason: ErrorReason.STALE_VERSION,
      field: 'input.version',
    },
  );
}

/**
 * Deletes a post, which an admin can restore until it is purged.
 * @param authorId whose it must be; null for an admin
 * @throws AppError NOT_FOUND; FORBIDDEN for somebody else's
 */
export async function deletePost(
  em: SqlEntityManager,
  actor: Actor,
  id: string,
  authorId: string | null,
): Promise<void> {
  const own = authorId === null ? undefined : sql`author_id = ${authorId}`;
  if (isId(id) && (await softDelete(em, actor, POSTS, id, own))) {
    return;
  }
  const post = isId(id)
    ? await queryOne(
        em,
        sql<{ id: string }>`select p.id from posts p join users u on u.id = p.author_id and ${isPresent('u')}
          where p.id = ${id} and ${notDeleted('p')}`,
      )
    : undefined;
  throw post === undefined ? noSuchPost('id') : notTheAuthor('id');
}

/** Has a deleted post back. One that is there stays as it is. @throws AppError NOT_FOUND */
export async function restorePost(em: SqlEntityManager, actor: Actor, id: string): Promise<PostRow> {
  if (isId(id)) {
    await restoreDeleted(em, actor, POSTS, id);
    const [post] = await query(
      em,
      sql<PostRow>`select ${postColumns} from posts p where p.id = ${id} and ${notDeleted('p')}`,
    );
    if (post !== undefined) {
      return post;
    }
  }
  throw noSuchPost('id');
}

function checkTitle(title: string): string {
  const given = title.trim();
  if (!isLine(given, MAX_TITLE)) {
    throw badInput('input.title', `A title has 1 to ${MAX_TITLE} characters, in one line.`);
  }
  return given;
}

function checkContent(content: string): string {
  if (!isText(content, MAX_CONTENT)) {
    throw badInput('input.content', `A post has 1 to ${MAX_CONTENT.toLocaleString('en')} characters.`);
  }
  return content;
}

function noSuchPost(field: string): AppError {
  return notFound('There is no such post.', field);
}

function notTheAuthor(field: string): AppError {
  return new AppError(ErrorCode.FORBIDDEN, 'Only its author can do this.', { field });
}
