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

/** Today's date by user id, in each player's zone; null for who is deleted or unknown. */
export function playerDayLoader({ em, config }: Context): DataLoader<string, string | null> {
  return batchLoader(em, async (userIds) => {
    const days = await playerDays(em, userIds, config.seasonTimeZone);
    return userIds.map((userId) => days.get(userId) ?? null);
  });
}

/** Streaks by user id, in one statement for any number once their days are known. Asked only after `maySeePrivate`. */
export function visitStreakLoader(context: Context): DataLoader<string, VisitStreak> {
  const { em } = context;
  return batchLoader(em, async (userIds) => {
    const loader = context.loader(playerDayLoader);
    const days = await Promise.all(userIds.map(async (userId) => [userId, await loader.load(userId)] as const));
    const streaks = await findVisitStreaks(em, new Map(days.flatMap(([id, day]) => (day === null ? [] : [[id, day]]))));
    return userIds.map((userId) => streaks.get(userId) ?? { current: 0, longest: 0 });
  });
}
