import { describe, expect, test } from '@jest/globals';
import { parseValue } from 'graphql';
import { DateScalar, DateTimeScalar, inputProblem, SafeIntScalar, UrlScalar } from '../../src/shared/scalars.js';
import { isId, newId, seasonId } from '../../src/shared/ids.js';
import { isInstantText, toDate } from '../../src/shared/instant.js';
import { isTimeZone } from '../../src/shared/time-zone.js';

const MAX = Number.MAX_SAFE_INTEGER;

describe('output scalars', () => {
  test('instants are in UTC with milliseconds, cut and not rounded', () => {
    expect(DateTimeScalar.serialize('2026-02-05 10:20:00.123999+00')).toBe('2026-02-05T10:20:00.123Z');
    expect(DateTimeScalar.serialize('2026-02-05 10:20:00+00')).toBe('2026-02-05T10:20:00.000Z');
    expect(DateTimeScalar.serialize(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
  });

  test('do not judge what is stored', () => {
    expect(UrlScalar.serialize('not an address')).toBe('not an address');
    expect(DateScalar.serialize('0001-01-01')).toBe('0001-01-01');
    expect(SafeIntScalar.serialize('-9007199254740991')).toBe(-MAX);
  });
});

describe('input scalars', () => {
  test.each([0, -0, 1, MAX, -MAX])('SafeInt takes %d', (value) => {
    expect(inputProblem('SafeInt', SafeIntScalar.parseValue(value))).toBeUndefined();
  });

  test.each([MAX + 1, -MAX - 1, 1.5, 1e300, Infinity, Number.NaN])('SafeInt refuses %d', (value) => {
    expect(inputProblem('SafeInt', SafeIntScalar.parseValue(value))).toBeDefined();
  });

  test.each(['1', true, null, [1], {}])('SafeInt takes no %j', (value) => {
    expect(() => SafeIntScalar.parseValue(value)).toThrow('SafeInt must be a number.');
  });

  test.each(['9007199254740993', '99999999999999999999', '1e400', '0.5'])('SafeInt refuses the literal %s', (text) => {
    expect(inputProblem('SafeInt', SafeIntScalar.parseLiteral(parseValue(text)))).toBeDefined();
  });

  test.each(['"1"', 'true', 'ENUM', '[1]'])('SafeInt takes no literal %s', (text) => {
    expect(() => SafeIntScalar.parseLiteral(parseValue(text))).toThrow('SafeInt must be a number.');
  });

  test.each([1, true, ['2026-01-01'], {}])('text scalars take no %j', (value) => {
    expect(() => DateScalar.parseValue(value)).toThrow('Date must be a string.');
  });

  test.each(['2024-02-29', '0001-01-01', '9999-12-31'])('%s is a date', (text) => {
    expect(inputProblem('Date', text)).toBeUndefined();
  });

  test.each(['2023-02-29', '2024-00-01', '2024-01-32', '24-01-01', '02024-01-01', '2024-01-01 ', '２０２４-01-01'])(
    '%j is no date',
    (text) => {
      expect(inputProblem('Date', text)).toBeDefined();
    },
  );
});

describe('time zones', () => {
  test.each([
    'UTC',
    'Asia/Seoul',
    'asia/seoul',
    'Asia/Kolkata',
    'Asia/Calcutta',
    'Europe/Kyiv',
    'EST5EDT',
    'Etc/GMT-14',
  ])('%s is one', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });

  test.each([
    '',
    'Seoul',
    'KST',
    'PST',
    'ist',
    '+09:00',
    'UTC+9',
    'GMT+9',
    'Etc/Unknown',
    'SystemV/AST4',
    'Asia/Seoul ',
  ])('%j is none', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});

describe('ids', () => {
  test('new ones are in the order they were made', () => {
    const ids = Array.from({ length: 1000 }, newId);
    expect(ids.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(ids);
    expect(new Set(ids).size).toBe(1000);
    expect(ids.every(isId)).toBe(true);
  });

  test.each([
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-ffff-ffff-ffff-ffffffffffff',
    '11111111-2222-3333-0444-555555555555',
  ])('%s can be one: the database takes any', (id) => {
    expect(isId(id)).toBe(true);
  });

  test.each([
    '',
    '1',
    '{0190a1b2-0000-7000-8000-000000000000}',
    '0190a1b200007000800000000000000',
    'x'.repeat(36),
    '0190a1b2-0000-7000-8000-00000000000\n',
  ])('%j can be none', (id) => {
    expect(isId(id)).toBe(false);
  });

  test("a season's is the same everywhere", () => {
    const board = '0190a1b2-0000-7000-8000-000000000000';
    expect(seasonId(board, '2026-02')).toBe(seasonId(board, '2026-02'));
    expect(seasonId(board, '2026-02')).not.toBe(seasonId(board, '2026-03'));
  });

  test("a season's is made for boards of any id", () => {
    // As PostgreSQL makes it: md5 of the bytes of both, with the version and the variant of RFC 9562.
    expect(seasonId('00000000-0000-0000-0000-00000000000a', 'all')).toBe('60702afc-a002-3125-a721-ad7c9f9500de');
  });
});

test('instants of the database are told from other text', () => {
  expect(isInstantText('2024-02-29 23:59:59.999999+00')).toBe(true);
  expect(isInstantText('2024-02-29 23:59:59+00')).toBe(true);
  expect(isInstantText('2023-02-29 23:59:59+00')).toBe(false);
  expect(isInstantText('2024-02-29 23:59:60+00')).toBe(false);
  expect(isInstantText('10000-01-01 00:00:00+00')).toBe(false);
  expect(toDate('2024-02-29 23:59:59.999999+00').toISOString()).toBe('2024-02-29T23:59:59.999Z');
});
