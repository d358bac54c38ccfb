import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { dateIn, daysBetween, today } from '../../src/shared/calendar.js';

describe('dateIn', () => {
  test.each([
    // +09:00, no daylight saving time.
    ['Asia/Seoul', '2026-02-05T14:59:59.999Z', '2026-02-05'],
    ['Asia/Seoul', '2026-02-05T15:00:00.000Z', '2026-02-06'],
    // +13:45 in summer, +12:45 in winter.
    ['Pacific/Chatham', '2026-02-05T10:14:59.999Z', '2026-02-05'],
    ['Pacific/Chatham', '2026-02-05T10:15:00.000Z', '2026-02-06'],
    ['Pacific/Chatham', '2026-07-05T11:14:59.999Z', '2026-07-05'],
    ['Pacific/Chatham', '2026-07-05T11:15:00.000Z', '2026-07-06'],
    // At midnight the clocks went from -03:00 to -02:00: the day began at one o'clock.
    ['America/Sao_Paulo', '2018-11-04T02:59:59.999Z', '2018-11-03'],
    ['America/Sao_Paulo', '2018-11-04T03:00:00.000Z', '2018-11-04'],
    // At midnight they went back again: eleven o'clock in the evening came twice.
    ['America/Sao_Paulo', '2018-02-18T01:59:59.999Z', '2018-02-17'],
    ['America/Sao_Paulo', '2018-02-18T02:59:59.999Z', '2018-02-17'],
    ['America/Sao_Paulo', '2018-02-18T03:00:00.000Z', '2018-02-18'],
    // The whole of 30 December was left out.
    ['Pacific/Apia', '2011-12-30T09:59:59.999Z', '2011-12-29'],
    ['Pacific/Apia', '2011-12-30T10:00:00.000Z', '2011-12-31'],
    ['UTC', '2024-02-29T23:59:59.999Z', '2024-02-29'],
  ])('in %s at %s is %s', (timeZone, instant, date) => {
    expect(dateIn(timeZone, new Date(instant))).toBe(date);
  });

  test('agrees with Intl at any instant', () => {
    const zones = fc.constantFrom(
      'Asia/Seoul',
      'America/Sao_Paulo',
      'Pacific/Chatham',
      'Pacific/Apia',
      'Europe/Berlin',
    );
    const instants = fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(zones, instants, (timeZone, instant) => {
        const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
        expect(dateIn(timeZone, instant)).toBe(format.format(instant));
      }),
    );
  });
});

test('today is the date by the clock', () => {
  const before = dateIn('Pacific/Kiritimati', new Date());
  const date = today('Pacific/Kiritimati');
  expect([before, dateIn('Pacific/Kiritimati', new Date())]).toContain(date);
});

describe('daysBetween', () => {
  test.each([
    ['2026-02-05', '2026-02-05', 0],
    ['2026-02-05', '2026-02-06', 1],
    ['2026-02-06', '2026-02-05', -1],
    ['2024-02-28', '2024-03-01', 2],
    ['2024-01-01', '2025-01-01', 366],
    ['0001-01-01', '9999-12-31', 3_652_058],
  ])('from %s to %s are %d', (from, to, days) => {
    expect(daysBetween(from, to)).toBe(days);
  });
});
