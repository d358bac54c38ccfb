import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { toInstantText } from '../shared/instant.js';
import { leaderboardColumns } from './leaderboard.service.js';
import type { LeaderboardRow } from './leaderboard.type.js';
import { currentSeason } from './season.service.js';
import type { SeasonRow } from './season.type.js';

/** Boards as this process has last seen them, by database and slug. */
const seen = new WeakMap<object, Map<string, LeaderboardRow>>();

/**
 * The current seasons of boards, as far as this process knows: by the boards it has seen and by its own clock. For
 * a write only, which must make sure of both.
 * @param afresh to read the boards and the database's clock
 * @returns by slug; boards that do not exist are left out
 */
export async function guessCurrentSeasons(
  em: SqlEntityManager,
  slugs: readonly string[],
  afresh: boolean,
): Promise<Map<string, SeasonRow>> {
  const database = em.getDriver();
  const known = seen.get(database) ?? new Map<string, LeaderboardRow>();
  seen.set(database, known);
  const unknown = afresh ? slugs : slugs.filter((slug) => !known.has(slug));
  const read = unknown.length === 0 ? [] : await findBoards(em, unknown);
  for (const slug of unknown) {
    known.delete(slug);
  }
  for (const board of read) {
    known.set(board.slug, board);
  }
  const readAt = toInstantText(new Date());
  const boards = slugs.flatMap((slug) => {
    const board = known.get(slug);
    return board === undefined ? [] : [afresh ? board : { ...board, readAt }];
  });
  return new Map(boards.map((board) => [board.slug, currentSeason(board)]));
}

function findBoards(em: SqlEntityManager, slugs: readonly string[]): Promise<LeaderboardRow[]> {
  return query(
    em,
    sql<LeaderboardRow>`select ${leaderboardColumns} from leaderboards l where l.slug = any(${slugs}::text[])`,
  );
}
