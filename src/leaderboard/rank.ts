import { sql } from '../database/query.js';
import type { StandingRow } from './standing.type.js';
import type { SeasonRow } from './season.type.js';

/*
 * How ranks are found: from the counts that the database keeps (the migration standing_counts describes them, and
 * has the functions), so that a rank takes the same few index ranges at any number of players.
 */

/** A standing as it is stored. */
export interface StoredStanding {
  userId: string;
  score: string;
  sortScore: string;
  achievedAt: string;
}

/** A standing with how many of the season's players are before it. */
export interface PlacedStanding extends StoredStanding {
  /** Players with a better score. */
  better: number;
  /** Players with the same score who are before it. */
  tiedAhead: number;
}

/** The columns of a StoredStanding, of the table aliased `s`. */
export const storedColumns = sql<StoredStanding>`s.user_id as "userId", s.score, s.sort_score as "sortScore",
  s.achieved_at as "achievedAt"`;

/** SQL: how many ranked players of a season have a better score than `sortScore`. */
export function countBetter(seasonId: unknown, sortScore: unknown) {
  return sql<number>`laurel_count_better(${seasonId}, ${sortScore})`;
}

/** SQL: how many of those with the same score stand before a place. */
export function countTiedAhead(seasonId: unknown, sortScore: unknown, achievedAt: unknown, userId: unknown) {
  return sql<number>`laurel_count_tied_ahead(${seasonId}, ${sortScore}, ${achievedAt}, ${userId})`;
}

/** SQL: how many ranked players of a season hold that score. */
export function countTied(seasonId: unknown, sortScore: unknown) {
  return sql<number>`coalesce((
      select c.players from standing_counts c
      where c.season_id = ${seasonId} and c.level = 0 and c.bucket = ${sortScore}
    ), 0)`;
}

/** SQL: how many ranked players a season has. */
export function countPlayers(seasonId: unknown) {
  return sql<number>`laurel_count_players(${seasonId})`;
}

/** A stored standing with its ranks, as clients see it. */
export function toStanding(season: SeasonRow, placed: PlacedStanding): StandingRow {
  return standingAt(season, placed, placed.better, placed.better + placed.tiedAhead);
}

/**
 * @param better how many players have a better score
 * @param ahead how many are anywhere before it
 */
function standingAt(season: SeasonRow, stored: StoredStanding, better: number, ahead: number): StandingRow {
  return {
    id: `${season.id}:${stored.userId}`,
    season,
    userId: stored.userId,
    score: Number(stored.score),
    sortScore: stored.sortScore,
    achievedAt: stored.achievedAt,
    rank: better + 1,
    position: ahead + 1,
  };
}

/**
 * Ranks for consecutive standings of a season, from how many players are before the first of them: further
 * down, a row has the rank of the row above where the scores are equal, and else its position.
 */
export function placeConsecutive(
  season: SeasonRow,
  rows: readonly StoredStanding[],
  first: { better: number; tiedAhead: number },
): StandingRow[] {
  let better = first.better;
  return rows.map((row, index) => {
    const ahead = first.better + first.tiedAhead + index;
    if (index > 0 && row.sortScore !== rows[index - 1]?.sortScore) {
      better = ahead;
    }
    return standingAt(season, row, better, ahead);
  });
}
