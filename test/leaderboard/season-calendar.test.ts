import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Period, seasonAt, seasonOfKey, type SeasonWindow } from '../../src/leaderboard/season-calendar.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Zones with some of their transitions, around which the properties look more closely. */
const ZONES: Record<string, string[]> = {
  UTC: [],
  'Asia/Seoul': ['1988-05-07T17:00:00Z'],
  // Clocks jump from 00:00 to 01:00: such days have no midnight.
  'America/Sao_Paulo': ['2018-11-04T03:00:00Z', '2019-02-17T02:00:00Z'],
  'Africa/Cairo': ['2024-04-25T22:00:00Z', '2024-10-31T21:00:00Z'],
  'Asia/Beirut': ['2024-03-30T22:00:00Z', '2024-10-26T21:00:00Z'],
  // 45 minutes beside the hour.
  'Pacific/Chatham': ['2025-09-27T14:00:00Z', '2026-04-04T14:00:00Z'],
  // Clocks went back from 00:01 to 23:01 of the day before: midnight came twice.
  'America/St_Johns': ['2006-10-29T02:31:00Z', '2006-04-02T03:31:00Z'],
  // 30 December 2011 was left out.
  'Pacific/Apia': ['2011-12-30T10:00:00Z'],
};
const BOUNDED = ['DAILY', 'WEEKLY', 'MONTHLY'] as const;
type Bounded = (typeof BOUNDED)[number];

/*
 * The naive model. A day begins at the first minute at which the wall's calendar shows it or a later one, and it
 * has begun for good, whatever the clocks do then. Days are whole numbers since 1970-01-01.
 */

const calendars = new Map(
  Object.keys(ZONES).map((timeZone) => [timeZone, new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' })]),
);

function wallDay(timeZone: string, instant: number): number {
  return Date.parse(calendars.get(timeZone)!.format(instant)) / DAY;
}

const starts = new Map<string, number>();

function startOfDay(timeZone: string, day: number): number {
  const key = `${timeZone} ${day}`;
  let minute = starts.get(key) ?? day * DAY - 15 * HOUR;
  while (wallDay(timeZone, minute) < day) {
    minute += MINUTE;
  }
  starts.set(key, minute);
  return minute;
}

function dayAt(timeZone: string, instant: number): number {
  let day = wallDay(timeZone, instant);
  while (startOfDay(timeZone, day + 1) <= instant) {
    day += 1;
  }
  return day;
}

const dateOf = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);

/** Day 0 was a Thursday. */
const mondayOf = (day: number): number => day - ((day + 3) % 7);

function naiveSeason(period: Bounded, timeZone: string, instant: number): SeasonWindow {
  const day = dayAt(timeZone, instant);
  const [year, month] = dateOf(day).split('-').map(Number) as [number, number];
  const window = (key: string, first: number, next: number): SeasonWindow => ({
    key,
    startsAt: new Date(startOfDay(timeZone, first)),
    endsAt: new Date(startOfDay(timeZone, next)),
  });
  switch (period) {
    case 'DAILY':
      return window(dateOf(day), day, day + 1);
    case 'WEEKLY': {
      // The year of a week is its Thursday's; the weeks before it in that year are its number.
      const monday = mondayOf(day);
      const thursday = monday + 3;
      const weekYear = dateOf(thursday).slice(0, 4);
      const week = Math.floor((thursday - Date.parse(`${weekYear}-01-01`) / DAY) / 7) + 1;
      return window(`${weekYear}-W${String(week).padStart(2, '0')}`, monday, monday + 7);
    }
    case 'MONTHLY':
      return window(dateOf(day).slice(0, 7), Date.UTC(year, month - 1) / DAY, Date.UTC(year, month) / DAY);
  }
}

const zone = fc.constantFrom(...Object.keys(ZONES));
const period = fc.constantFrom(...BOUNDED);
const anyInstant = fc.integer({ min: Date.parse('1975-01-01'), max: Date.parse('2090-01-01') });
/** A zone with an instant, half of the time within two days of one of its transitions. */
const zoned = zone.chain((timeZone) => {
  const near = ZONES[timeZone]!.map((transition) =>
    fc.integer({ min: -2 * DAY, max: 2 * DAY }).map((offset) => Date.parse(transition) + offset),
  );
  return fc.record({
    timeZone: fc.constant(timeZone),
    instant: near.length === 0 ? anyInstant : fc.oneof(anyInstant, fc.oneof(...near)),
  });
});

describe('seasonAt', () => {
  test('answers as a calendar on the wall that is looked at every minute', () => {
    fc.assert(
      fc.property(zoned, period, ({ timeZone, instant }, bounded) => {
        expect(seasonAt(bounded, timeZone, new Date(instant))).toEqual(naiveSeason(bounded, timeZone, instant));
      }),
      { numRuns: 500 },
    );
  });

  test('answers a season that contains the instant', () => {
    fc.assert(
      fc.property(zoned, period, ({ timeZone, instant }, bounded) => {
        const { startsAt, endsAt } = seasonAt(bounded, timeZone, new Date(instant));
        expect(startsAt!.getTime()).toBeLessThanOrEqual(instant);
        expect(endsAt!.getTime()).toBeGreaterThan(instant);
      }),
      { numRuns: 1000 },
    );
  });

  test('seasons follow each other without gaps or overlaps, their keys in the order of time', () => {
    fc.assert(
      fc.property(zoned, period, ({ timeZone, instant }, bounded) => {
        let season = seasonAt(bounded, timeZone, new Date(instant));
        for (let step = 0; step < 6; step += 1) {
          const end = season.endsAt!;
          expect(seasonAt(bounded, timeZone, new Date(end.getTime() - 1))).toEqual(season);
          const next = seasonAt(bounded, timeZone, end);
          expect(next.startsAt).toEqual(end);
          expect(next.key > season.key).toBe(true);
          season = next;
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    [
      'DAILY',
      'America/Sao_Paulo',
      '2018-11-04T12:00:00Z',
      '2018-11-04',
      '2018-11-04T03:00:00Z',
      '2018-11-05T02:00:00Z',
    ],
    ['DAILY', 'America/St_Johns', '2006-10-29T02:30:30Z', '2006-10-29', '2006-10-29T02:30:00Z', '2006-10-30T03:30:00Z'],
    ['DAILY', 'America/St_Johns', '2006-10-29T02:45:00Z', '2006-10-29', '2006-10-29T02:30:00Z', '2006-10-30T03:30:00Z'],
    ['DAILY', 'Pacific/Apia', '2011-12-30T09:59:59.999Z', '2011-12-29', '2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z'],
    ['DAILY', 'Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-31', '2011-12-30T10:00:00Z', '2011-12-31T10:00:00Z'],
    ['DAILY', 'Africa/Cairo', '2024-04-25T22:00:00Z', '2024-04-26', '2024-04-25T22:00:00Z', '2024-04-26T21:00:00Z'],
    ['WEEKLY', 'Pacific/Chatham', '2026-04-04T14:00:00Z', '2026-W14', '2026-03-29T10:15:00Z', '2026-04-05T11:15:00Z'],
    ['WEEKLY', 'UTC', '2027-01-03T23:59:59.999Z', '2026-W53', '2026-12-28T00:00:00Z', '2027-01-04T00:00:00Z'],
    ['WEEKLY', 'UTC', '2024-12-30T00:00:00Z', '2025-W01', '2024-12-30T00:00:00Z', '2025-01-06T00:00:00Z'],
    ['MONTHLY', 'Asia/Seoul', '2026-01-31T15:00:00Z', '2026-02', '2026-01-31T15:00:00Z', '2026-02-28T15:00:00Z'],
  ] as const)('%s in %s at %s', (bounded, timeZone, instant, key, startsAt, endsAt) => {
    expect(seasonAt(bounded, timeZone, new Date(instant))).toEqual({
      key,
      startsAt: new Date(startsAt),
      endsAt: new Date(endsAt),
    });
  });

  test('of all time there is one, without ends', () => {
    expect(seasonAt('ALL_TIME', 'Asia/Seoul', new Date())).toEqual({ key: 'all', startsAt: null, endsAt: null });
  });
});

describe('seasonOfKey', () => {
  test('answers the season whose key it is', () => {
    fc.assert(
      fc.property(zoned, period, ({ timeZone, instant }, bounded) => {
        const season = seasonAt(bounded, timeZone, new Date(instant));
        expect(seasonOfKey(bounded, timeZone, season.key)).toEqual(season);
      }),
      { numRuns: 1000 },
    );
    expect(seasonOfKey('ALL_TIME', 'UTC', 'all')).toEqual({ key: 'all', startsAt: null, endsAt: null });
  });

  test('a day that a zone left out is empty', () => {
    const { startsAt, endsAt } = seasonOfKey('DAILY', 'Pacific/Apia', '2011-12-30')!;
    expect(startsAt).toEqual(new Date('2011-12-30T10:00:00Z'));
    expect(endsAt).toEqual(startsAt);
  });

  const MALFORMED: Record<Period, string[]> = {
    DAILY: ['2026-02-30', '2026-13-01', '2026-00-10', '2026-02-00', '2025-02-29', '2026-2-5', '2026-02', '0000-01-01'],
    WEEKLY: ['2025-W53', '2026-W54', '2026-W00', '2026-W6', '2026-w06', '2026W06', '0000-W01', '2026-06'],
    MONTHLY: ['2026-13', '2026-00', '2026-2', '2026', '0000-01', '02026-02', '+002026-02', '-2026-02', '2026-02-01'],
    ALL_TIME: ['All', '2026-02', ' all'],
  };

  test.each(Object.entries(MALFORMED) as [Period, string[]][])('refuses what is no key of %s', (anyPeriod, keys) => {
    for (const key of [...keys, '', ' ', 'x', `${keys[0]} `, '٢٠٢٦-٠٢', '2026-02\n', '9'.repeat(400)]) {
      expect([key, seasonOfKey(anyPeriod, 'Asia/Seoul', key)]).toEqual([key, undefined]);
    }
  });

  test('answers the key itself or nothing, whatever it is given', () => {
    const almostKey = fc.stringMatching(/^\d{4}-W?\d{2}(-\d{2})?$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), almostKey), zone, period, (key, timeZone, bounded) => {
        expect([key, undefined]).toContain(seasonOfKey(bounded, timeZone, key)?.key);
      }),
      { numRuns: 1000 },
    );
  });
});
