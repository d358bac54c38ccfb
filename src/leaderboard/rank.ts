import { sql } from '../database/query.js';
import type { StandingRow } from './standing.type.js';
import type { SeasonRow } from './season.type.js';

/*
 * How ranks are found. Everything that counts standings is in this file, so that a faster structure can take
 * the place of counting behind the same functions.
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
  /** Players anywhere before it, those with the same score among them. */
  ahead: number;
}

/** The columns of a StoredStanding, of the table aliased `s`. */
export const storedColumns = sql<StoredStanding>`s.user_id as "userId", s.score, s.sort_score as "sortScore",
  s.achieved_at as "achievedAt"`;

/** SQL: how many ranked players of a season have a better score than `sortScore`. */
export function countBetter(seasonId: unknown, sortScore: unknown) {
  return sql<number>`(select count(*)::int from standings b
    where b.season_id = ${seasonId} and b.ranked and b.sort_score < ${sortScore})`;
}

/** SQL: how many ranked players of a season stand before the place given by the three sort keys. */
export function countAhead(seasonId: unknown, sortScore: unknown, achievedAt: unknown, userId: unknown) {
  return sql<number>`(select count(*)::int from standings b
    where b.season_id = ${seasonId} and b.ranked
      and (b.sort_score, b.achieved_at, b.user_id) < (${sortScore}, ${achievedAt}, ${userId}))`;
}

/** A stored standing with its ranks, as clients see it. */
export function toStanding(season: SeasonRow, placed: PlacedStanding): StandingRow {
  return {
    id: `${season.id}:${placed.userId}`,
    season,
    userId: placed.userId,
    score: Number(placed.score),
    sortScore: placed.sortScore,
    achievedAt: placed.achievedAt,
    rank: placed.better + 1,
    position: placed.ahead + 1,
  };
}

/**
 * Ranks for consecutive standings of a season, from how many players are before the first of them: further
 * down, a row has the rank of the row above where the scores are equal, and else its position.
 */
export function placeConsecutive(
  season: SeasonRow,
  rows: readonly StoredStanding[],
  first: { better: number; ahead: number },
): StandingRow[] {
  let better = first.better;
  return rows.map((row, index) => {
    const ahead = first.ahead + index;
    if (index > 0 && row.sortScore !== rows[index - 1]?.sortScore) {
      better = ahead;
    }
    return toStanding(season, { ...row, better, ahead });
  });
}
