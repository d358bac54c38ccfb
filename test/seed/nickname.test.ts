import { expect, test } from '@jest/globals';
import { normalizeNickname } from '../../src/account/nickname.js';
import { demoNickname } from '../../src/seed/nickname.js';

const NUMBERS = Array.from({ length: 100_000 }, (_, index) => index + 1);

test('nicknames are as the server would store them', () => {
  for (const nickname of NUMBERS.slice(0, 5000).map(demoNickname)) {
    expect(normalizeNickname(nickname, 'nickname')).toBe(nickname);
  }
});

test('no two of 100,000 are the same but for case or width', () => {
  const keys = NUMBERS.map((number) => demoNickname(number).normalize('NFKC').toUpperCase().toLowerCase());
  expect(new Set(keys).size).toBe(keys.length);
});

test.each([
  ['Korean', /^\p{Script=Hangul}+$/u],
  ['Latin', /^\p{Script=Latin}+$/u],
  ['Japanese', /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+$/u],
  ['Cyrillic', /^\p{Script=Cyrillic}+$/u],
  ['emoji', /^\p{RGI_Emoji}/v],
])('some of the first 20 are %s', (_, pattern) => {
  expect(NUMBERS.slice(0, 20).map(demoNickname)).toContainEqual(expect.stringMatching(pattern));
});
