import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { findSeasons } from './season.service.js';
import type { SeasonRow } from './season.type.js';

/** Seasons that were played, by id, with their boards, in one statement; null for any other. */
export function seasonLoader({ em }: Context): DataLoader<string, SeasonRow | null> {
  return batchLoader(em, async (ids) => {
    const byId = new Map((await findSeasons(em, ids)).map((season) => [season.id, season]));
    return ids.map((id) => byId.get(id) ?? null);
  });
}
