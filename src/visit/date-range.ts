import { badInput } from '../errors.js';
import { daysBetween } from '../shared/calendar.js';

/** The most days that one answer covers: a leap year. */
export const MAX_DAYS = 366;

/**
 * Checks a range of dates that were given as the arguments `from` and `to`; both belong to the range.
 * @param from YYYY-MM-DD
 * @param to YYYY-MM-DD
 * @throws AppError BAD_USER_INPUT naming `from` where it is after `to`, and `to` where it is too far from `from`
 */
export function checkDateRange(from: string, to: string): void {
  const days = daysBetween(from, to) + 1;
  if (days < 1) {
    throw badInput('from', 'from must not be after to.');
  }
  if (days > MAX_DAYS) {
    throw badInput('to', `from and to span ${days} days; at most ${MAX_DAYS} are answered at a time.`);
  }
}
