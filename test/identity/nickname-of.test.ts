import { expect, test } from '@jest/globals';
import { assert, property, string } from 'fast-check';
import { normalizeNickname } from '../../src/account/nickname.js';
import { nicknamesFor } from '../../src/identity/nickname-of.js';

const MAX_CODE_POINTS = 320;

test.each([
  ['Ada Lovelace', 'Ada Lovelace'],
  ['  Ada \t Lovelace\n', 'Ada Lovelace'],
  ['Zoë', 'Zoë'],
  ['지민', '지민'],
  ['\u202eAda\u200b', 'Ada'],
  ['A', 'player'],
  ['', 'player'],
  [null, 'player'],
  ['\u0000\u0007', 'player'],
  ['x'.repeat(40), 'x'.repeat(32)],
  [`${'y'.repeat(31)} z`, 'y'.repeat(31)],
])('the name %j makes the nickname %j', (name, nickname) => {
  expect(nicknamesFor(name)[0]).toBe(nickname);
});

test('digits are put behind it, until it is "player" with so many that nobody has them', () => {
  expect(nicknamesFor('x'.repeat(40))).toEqual([
    'x'.repeat(32),
    expect.stringMatching(/^x{30}\d{2}$/),
    expect.stringMatching(/^x{28}\d{4}$/),
    expect.stringMatching(/^x{26}\d{6}$/),
    expect.stringMatching(/^x{24}\d{8}$/),
    expect.stringMatching(/^player\d{24}$/),
  ]);
});

test('whatever the name, what is tried is a nickname', () => {
  assert(
    property(string({ unit: 'binary', maxLength: 60 }), (name) => {
      for (const nickname of nicknamesFor(name)) {
        expect(normalizeNickname(nickname, 'nickname')).toBe(nickname);
        expect(Array.from(nickname).length).toBeLessThanOrEqual(MAX_CODE_POINTS);
      }
    }),
    { numRuns: 2000 },
  );
});
