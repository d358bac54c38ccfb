import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { playerDays } from './player-day.service.js';
import { findVisits, findVisitStreaks, type VisitRange } from './visit.service.js';
import type { VisitStreak, VisitType } from './visit.type.js';

/** Visits by player and range of days, in one statement for any number. Asked only after `maySeePrivate`. */
export function visitsLoader({ em }: Context): DataLoader<VisitRange, VisitType[], string> {
  return batchLoader(
    em,
    (ranges) => findVisits(em, ranges),
    ({ userId, from, to }) => `${userId} ${from} ${to}`,
  );
}

/** Streaks by user id, in two statements for any number. Asked only after `maySeePrivate`. */
export function visitStreakLoader({ em, config }: Context): DataLoader<string, VisitStreak> {
  return batchLoader(em, async (userIds) => {
    const days = await playerDays(em, userIds, config.seasonTimeZone);
    const streaks = await findVisitStreaks(em, days);
    return userIds.map((userId) => streaks.get(userId) ?? { current: 0, longest: 0 });
  });
}
