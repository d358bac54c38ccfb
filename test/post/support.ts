import { query, sql } from '../../src/database/query.js';
import type { Player, TestServer } from '../support/server.js';
import { errorsOf } from '../account/support.js';

const FIELDS = `id title version createdAt updatedAt author { id }`;
export const CREATE = `mutation ($input: CreatePostInput!) { createPost(input: $input) { post { ${FIELDS} content } } }`;
export const UPDATE_POST = `mutation ($input: UpdatePostInput!) { updatePost(input: $input) { post { ${FIELDS} content } } }`;
export const DELETE_POST = `mutation ($id: ID!) { deletePost(id: $id) { postId } }`;
export const RESTORE_POST = `mutation ($id: ID!) { restorePost(id: $id) { post { ${FIELDS} } } }`;
export const POST = `query ($id: ID!) { post(id: $id) { ${FIELDS} content } }`;
const PAGE = `nodes { ${FIELDS} } pageInfo { hasNextPage endCursor }`;
export const POSTS = `query ($authorId: ID!, $first: Int, $after: String) {
  posts(authorId: $authorId, first: $first, after: $after) { ${PAGE} } }`;
export const FEED = `query ($first: Int, $after: String) { feed(first: $first, after: $after) { ${PAGE} } }`;

export interface ShownPost {
  id: string;
  title: string;
  content: string;
  version: number;
  createdAt: string;
  updatedAt: string;
  author: { id: string };
}

/** Writes a post. @throws where that is refused */
export async function write(
  server: TestServer,
  as: Player,
  title = 'A title',
  content = 'Something.',
): Promise<ShownPost> {
  const answer = await server.graphql(CREATE, { input: { title, content } }, as);
  if (answer.errors !== undefined) {
    throw new Error(JSON.stringify(errorsOf(answer)));
  }
  return answer.data.createPost.post;
}

/** Posts as if they had been written then. @returns their ids */
export async function insertPosts(server: TestServer, posts: { authorId: string; at: string }[]): Promise<string[]> {
  const rows = await query(
    server.database.orm.em.fork(),
    sql<{ id: string }>`insert into posts (id, author_id, title, content, created_at)
      select gen_random_uuid(), author_id, 'A title', 'Something.', at
      from unnest(${posts.map(({ authorId }) => authorId)}::uuid[], ${posts.map(({ at }) => at)}::timestamptz[])
        with ordinality as posts (author_id, at, place) order by place returning id`,
  );
  return rows.map(({ id }) => id);
}

/** All pages of a list, read one after the other. @returns the ids */
export async function readAll(
  server: TestServer,
  source: string,
  field: 'posts' | 'feed',
  variables: Record<string, unknown>,
  as: Player | null,
): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const answer = await server.graphql(source, { ...variables, after }, as);
    if (answer.errors !== undefined) {
      throw new Error(JSON.stringify(errorsOf(answer)));
    }
    const page: { nodes: ShownPost[]; pageInfo: { hasNextPage: boolean; endCursor: string } } = answer.data[field];
    ids.push(...page.nodes.map(({ id }) => id));
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return ids;
}
