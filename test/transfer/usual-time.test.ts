import { expect, test } from '@jest/globals';
import { assert, constantFrom, integer, nat, property } from 'fast-check';
import { usualDay } from '../../src/transfer/values/usual-time.js';

const day = (text: string, isDate?: boolean): number => usualDay(Buffer.from(text), isDate);

test('a usual date or timestamp is its day', () => {
  expect(day('2026-03-29 02:30:00')).toBe(20_260_329);
  expect(day('0001-01-01 00:00:00.1')).toBe(10_101);
  expect(day('9999-12-31 23:59:59.999999')).toBe(99_991_231);
  expect(day('2024-02-29', true)).toBe(20_240_229);
});

test.each([
  ['0000-00-00 00:00:00'],
  ['0000-01-01 00:00:00'],
  ['2026-00-10 00:00:00'],
  ['2026-10-00 00:00:00'],
  ['2026-13-01 00:00:00'],
  ['2026-01-01 24:00:00'],
  ['2026-01-01 00:60:00'],
  ['2026-01-01 00:00:60'],
  ['2026-01-01T00:00:00'],
  ['2026-01-01 00:00:00.'],
  ['2026-01-01 00:00:00.1234567'],
  ['2026-01-01 00:00:00+02'],
  ['2026-01-01 00:00:00Z'],
  ['2026-01-01 00:00'],
  ['2026-01-01'],
  ['20 6-01-01 00:00:00'],
  ['12026-01-01 00:00:00'],
  ['infinity'],
  [''],
])('%p is no usual timestamp', (text) => {
  expect(day(text)).toBe(0);
});

test('days are those of the calendar', () => {
  const two = (number: number): string => String(number).padStart(2, '0');
  const part = integer({ min: 0, max: 40 });
  assert(
    property(integer({ min: 1, max: 9999 }), part, part, (year, month, date) => {
      const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(date)}`;
      const parsed = new Date(`${text}T00:00:00Z`);
      const isThere = !Number.isNaN(parsed.valueOf()) && parsed.toISOString().startsWith(text);
      expect(day(text, true) !== 0).toBe(isThere);
      expect(day(`${text} 12:00:00`) !== 0).toBe(isThere);
    }),
    {
      numRuns: 2000,
      examples: [
        [1800, 2, 29],
        [2100, 2, 29],
        [2000, 2, 29],
        [2023, 2, 29],
        [2023, 4, 31],
        [2023, 12, 31],
      ],
    },
  );
});

test('whatever changes a character of a usual time into no digit makes it unusual', () => {
  const usual = '2026-11-21 16:38:53.25';
  assert(
    property(nat({ max: usual.length - 1 }), constantFrom('x', '/', ':', '-', '.', ' '), (place, other) => {
      const changed = usual.slice(0, place) + other + usual.slice(place + 1);
      expect(day(changed) === 0).toBe(changed !== usual);
    }),
  );
});
