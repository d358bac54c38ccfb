import type DataLoader from 'dataloader';
import type { UserRow } from '../account/user.type.js';
import { userColumns } from '../account/user.service.js';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';

/**
 * Users by id, deleted ones too, in one statement for any number. Only for players whose standing this request
 * has read, and who have left before it came to reading them.
 */
export function leaverLoader({ em }: Context): DataLoader<string, UserRow | null> {
  return batchLoader(em, async (ids) => {
    const rows = await query(em, sql<UserRow>`select ${userColumns} from users u where u.id = any(${ids}::uuid[])`);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id) ?? null);
  });
}
