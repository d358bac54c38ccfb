import { LRUCache } from 'lru-cache';
import { Temporal } from 'temporal-polyfill';

export type Period = 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'ALL_TIME';

/** One season of a board. Half-open: `startsAt` belongs to it, `endsAt` to the next; both null for all time. */
export interface SeasonWindow {
  key: string;
  startsAt: Date | null;
  endsAt: Date | null;
}

const ALL_TIME: SeasonWindow = { key: 'all', startsAt: null, endsAt: null };

/** The season last found for a period and zone: as a rule the next question falls in it too. */
const lastFound = new LRUCache<string, BoundedWindow>({ max: 1000 });

/**
 * The season that an instant falls in.
 * @param timeZone IANA name; seasons begin and end at its midnights, whatever daylight saving time does to them
 */
export function seasonAt(period: Period, timeZone: string, instant: Date): SeasonWindow {
  if (period === 'ALL_TIME') {
    return ALL_TIME;
  }
  const calendar = `${period} ${timeZone}`;
  const last = lastFound.get(calendar);
  if (last !== undefined && last.startsAt <= instant && instant < last.endsAt) {
    return last;
  }
  const found = findSeason(period, timeZone, instant);
  lastFound.set(calendar, found);
  return found;
}

function findSeason(period: BoundedPeriod, timeZone: string, instant: Date): BoundedWindow {
  const date = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
  const season = windowFrom(period, timeZone, firstDay(period, date));
  // Clocks set back across midnight show yesterday's date once more: the day has begun all the same.
  if (instant >= season.endsAt) {
    return windowFrom(period, timeZone, firstDay(period, date).add(length(period)));
  }
  return season;
}

/** The season with that key, e.g. 2026-02, 2026-W06, 2026-02-05 or all; undefined where the key is malformed. */
export function seasonOfKey(period: Period, timeZone: string, key: string): SeasonWindow | undefined {
  if (period === 'ALL_TIME') {
    return key === ALL_TIME.key ? ALL_TIME : undefined;
  }
  const day = parseKey(period, key);
  return day === undefined ? undefined : windowFrom(period, timeZone, day);
}

function windowFrom(period: BoundedPeriod, timeZone: string, first: Temporal.PlainDate): BoundedWindow {
  return {
    key: keyOf(period, first),
    startsAt: startOfDay(first, timeZone),
    endsAt: startOfDay(first.add(length(period)), timeZone),
  };
}

type BoundedPeriod = Exclude<Period, 'ALL_TIME'>;

interface BoundedWindow extends SeasonWindow {
  startsAt: Date;
  endsAt: Date;
}

/** The day's first instant: midnight, or where clocks skip it, the moment they jump to. */
function startOfDay(date: Temporal.PlainDate, timeZone: string): Date {
  return new Date(date.toZonedDateTime(timeZone).epochMilliseconds);
}

function length(period: BoundedPeriod): Temporal.DurationLike {
  switch (period) {
    case 'DAILY':
      return { days: 1 };
    case 'WEEKLY':
      return { weeks: 1 };
    case 'MONTHLY':
      return { months: 1 };
  }
}

function firstDay(period: BoundedPeriod, date: Temporal.PlainDate): Temporal.PlainDate {
  switch (period) {
    case 'DAILY':
      return date;
    case 'WEEKLY':
      return date.subtract({ days: date.dayOfWeek - 1 });
    case 'MONTHLY':
      return date.with({ day: 1 });
  }
}

/** Weeks by ISO 8601: Monday first, week 1 has the year's first Thursday. */
function keyOf(period: BoundedPeriod, first: Temporal.PlainDate): string {
  switch (period) {
    case 'DAILY':
      return first.toString();
    case 'WEEKLY':
      return `${String(first.yearOfWeek).padStart(4, '0')}-W${String(first.weekOfYear).padStart(2, '0')}`;
    case 'MONTHLY':
      return first.toPlainYearMonth().toString();
  }
}

function parseKey(period: BoundedPeriod, key: string): Temporal.PlainDate | undefined {
  const day = dayOfKey(period, key);
  // The way back must give the same key: that refuses 2026-02-30, week 53 of a short year and the year 0000.
  return day !== undefined && day.year > 0 && keyOf(period, day) === key ? day : undefined;
}

function dayOfKey(period: BoundedPeriod, key: string): Temporal.PlainDate | undefined {
  switch (period) {
    case 'DAILY': {
      const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(key) ?? [];
      return toDate(year, month, day);
    }
    case 'WEEKLY': {
      const [, year, week] = /^(\d{4})-W(\d{2})$/.exec(key) ?? [];
      // The fourth of January is always in week 1.
      const inFirstWeek = toDate(year, '01', '04');
      return inFirstWeek && firstDay('WEEKLY', inFirstWeek).add({ weeks: Number(week) - 1 });
    }
    case 'MONTHLY': {
      const [, year, month] = /^(\d{4})-(\d{2})$/.exec(key) ?? [];
      return toDate(year, month, '01');
    }
  }
}

function toDate(year = '', month = '', day = ''): Temporal.PlainDate | undefined {
  if (year === '' || Number(month) < 1 || Number(day) < 1) {
    return undefined;
  }
  return Temporal.PlainDate.from({ year: Number(year), month: Number(month), day: Number(day) });
}
