import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import { isId } from '../shared/ids.js';
import { postColumns, visiblePosts } from './post-list.service.js';
import type { PostRow } from './post.type.js';

/** Posts that the viewer can see, by id, in one statement for any number; null for those that they cannot, or that are none. */
export function postLoader({ em, viewerId }: Context): DataLoader<string, PostRow | null> {
  return batchLoader(em, async (ids) => {
    const rows = await query(
      em,
      sql<PostRow>`select ${postColumns} from ${visiblePosts(viewerId)} where p.id = any(${ids.filter(isId)}::uuid[])`,
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
  });
}

/** What posts say, by the ids of posts that this request has read: it can be long, so that only who asks for it gets it. */
export function contentLoader({ em }: Context): DataLoader<string, string> {
  return batchLoader(em, async (ids) => {
    // Not by the filter: a post that is deleted in the moment between is shown as it was.
    const rows = await query(
      em,
      sql<{ id: string; content: string }>`select id, content from posts where id = any(${ids}::uuid[])`,
    );
    const byId = new Map(rows.map(({ id, content }) => [id, content]));
    return ids.map((id) => byId.get(id) ?? '');
  });
}
