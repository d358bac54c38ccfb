import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { friendStandingPage } from '../../src/leaderboard/friend-standing.service.js';
import type { SeasonRow } from '../../src/leaderboard/season.type.js';
import { readStandingLists, type StandingList, type StandingPage } from '../../src/leaderboard/standing-list.js';
import { standingPage, type StandingRange, standingWindow } from '../../src/leaderboard/standing.service.js';

/* Pages of standings one at a time, without a request around them. */

export function pageOfStandings(em: SqlEntityManager, season: SeasonRow, range: StandingRange): Promise<StandingPage> {
  return read(em, standingPage(season, range, false));
}

export function standingsAround(
  em: SqlEntityManager,
  season: SeasonRow,
  userId: string,
  radius: number,
): Promise<StandingPage> {
  return read(em, standingWindow(season, userId, radius, false));
}

export function pageOfFriendStandings(
  em: SqlEntityManager,
  season: SeasonRow,
  viewerId: string,
  size: number,
  after: string | null,
): Promise<StandingPage> {
  return read(em, friendStandingPage(season, viewerId, size, after, false));
}

async function read(em: SqlEntityManager, list: StandingList): Promise<StandingPage> {
  const [page] = await readStandingLists(em, [list], () => {});
  return page!;
}
