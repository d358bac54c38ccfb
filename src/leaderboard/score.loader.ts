import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import type { InstantText } from '../shared/instant.js';

/** When scores were voided, by id, in one statement for any number; null for those that count. */
export function voidedAtLoader({ em }: Context): DataLoader<string, InstantText | null> {
  return batchLoader(em, async (ids) => {
    const rows = await query(
      em,
      sql<{ id: string; voidedAt: InstantText }>`select id, voided_at as "voidedAt" from scores
        where id = any(${ids}::uuid[]) and voided_at is not null`,
    );
    const byId = new Map(rows.map((row) => [row.id, row.voidedAt]));
    return ids.map((id) => byId.get(id) ?? null);
  });
}
