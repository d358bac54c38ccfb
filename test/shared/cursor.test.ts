import { describe, expect, test } from '@jest/globals';
import { array, assert, property, string } from 'fast-check';
import { type CursorList, decodeCursor, encodeCursor } from '../../src/shared/cursor.js';

const list: CursorList = { name: 'a list', key: ['text', 'instant', 'integer', 'id'] };
const key = ['x', '2026-02-05 10:20:00.123456+00', '-9007199254740991', '0190a1b2-0000-7000-8000-000000000000'];
const REFUSED = { code: 'BAD_USER_INPUT', field: 'after' };

const forge = (change: Record<number, unknown>) => {
  const content = JSON.parse(Buffer.from(encodeCursor(list, key), 'base64url').toString()) as unknown[];
  return Buffer.from(JSON.stringify(Object.assign(content, change))).toString('base64url');
};

/** The error that a call throws, as a plain value. */
function refusal(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    const { code, field } = error as { code?: unknown; field?: unknown };
    return { code, field };
  }
}

describe('cursors', () => {
  test('give back the key they were made of', () => {
    expect(decodeCursor(list, encodeCursor(list, key), 'after')).toEqual(key);
    assert(
      property(array(string({ unit: 'grapheme' }), { minLength: 1, maxLength: 4 }), (texts) => {
        const usable = texts.map((text) => text.replaceAll('\0', ''));
        const texted: CursorList = { name: 'texts', key: usable.map(() => 'text' as const) };
        expect(decodeCursor(texted, encodeCursor(texted, usable), 'after')).toEqual(usable);
      }),
    );
  });

  test('say nothing a URL would have to escape', () => {
    expect(encodeCursor(list, ['가😀', ...key.slice(1)])).toMatch(/^[\w-]+$/);
  });

  test('of another list are refused', () => {
    const cursor = encodeCursor({ ...list, name: 'another list' }, key);
    expect(refusal(() => decodeCursor(list, cursor, 'after'))).toEqual(REFUSED);
  });

  test.each([
    ['another kind', { 1: 7 }],
    ['NUL', { 1: 'a\0' }],
    ['a lone surrogate', { 1: '\ud800' }],
    ['no instant', { 2: 'now' }],
    ['infinity', { 2: 'infinity' }],
    ['a day that does not exist', { 2: '2026-02-30 10:20:00+00' }],
    ['an hour that does not exist', { 2: '2026-02-03 25:20:00+00' }],
    ['midnight at the end of a day', { 2: '2026-02-03 24:00:00+00' }],
    ['the year 0', { 2: '0000-02-03 10:20:00+00' }],
    ['another zone', { 2: '2026-02-03 10:20:00+09' }],
    ['an ISO instant', { 2: '2026-02-03T10:20:00Z' }],
    ['no integer', { 3: '1.5' }],
    ['too many digits', { 3: '12345678901234567' }],
    ['hexadecimal', { 3: '0x1f' }],
    ['nothing for an integer', { 3: '' }],
    ['no id', { 4: 'x' }],
    ['too much', { 5: 'x' }],
  ])('with %s in the key are refused', (_what, change) => {
    expect(refusal(() => decodeCursor(list, forge(change), 'after'))).toEqual(REFUSED);
  });

  test('that are any other text are refused', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        expect(refusal(() => decodeCursor(list, text, 'after'))).toEqual(REFUSED);
      }),
    );
  });
});
