import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { acrossRequests } from '../database/across-requests.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import { leaderboardColumns } from './leaderboard.service.js';
import type { LeaderboardRow } from './leaderboard.type.js';

/** Boards by slug, in one statement; null for a slug that no board has. */
export function leaderboardLoader({ em }: Context): DataLoader<string, LeaderboardRow | null> {
  return batchLoader(em, (slugs) => loadLeaderboards(em, slugs));
}

const loadLeaderboards = acrossRequests<string, LeaderboardRow | null>(async (em, slugs) => {
  const rows = await query(
    em,
    sql<LeaderboardRow>`select ${leaderboardColumns} from leaderboards l where l.slug = any(${slugs}::text[])`,
  );
  const bySlug = new Map(rows.map((row) => [row.slug, row]));
  return slugs.map((slug) => bySlug.get(slug) ?? null);
});
