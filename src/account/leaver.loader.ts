import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import { userLoader } from './user.loader.js';
import { userColumns } from './user.service.js';
import type { UserRow } from './user.type.js';

/**
 * The user of a row that this request has read, and that names nobody who was deleted then. Where the user has
 * left in the moment between, they are shown as they were, rather than failing the whole page.
 */
export function loadUserOfRow(context: Context, userId: string): Promise<UserRow | null> {
  const present = context.loader(userLoader).load(userId);
  return present.then((user) => user ?? context.loader(leaverLoader).load(userId));
}

/** Users by id, deleted ones too, in one statement for any number. */
function leaverLoader({ em }: Context): DataLoader<string, UserRow | null> {
  return batchLoader(em, async (ids) => {
    const rows = await query(em, sql<UserRow>`select ${userColumns} from users u where u.id = any(${ids}::uuid[])`);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id) ?? null);
  });
}
