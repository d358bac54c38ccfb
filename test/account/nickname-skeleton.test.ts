import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { array, assert, asyncProperty, constant, constantFrom, oneof, string, tuple } from 'fast-check';
import { CONFUSABLES } from '../../migrations/Migration20261121002100_look_alikes.js';
import { query, sql } from '../../src/database/query.js';
import { demoNickname } from '../../src/seed/nickname.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

interface Keys {
  key: string;
  skeleton: string;
}

/** What the database makes of nicknames, in their order. */
function keysOf(nicknames: readonly string[]): Promise<Keys[]> {
  return query(
    database.orm.em.fork(),
    sql<Keys>`select laurel_nickname_key(nickname) as key, laurel_nickname_skeleton(nickname) as skeleton
      from unnest(${nicknames}::text[]) with ordinality as names (nickname, place) order by place`,
  );
}

const asText = (codes: string): string =>
  codes
    .trim()
    .split(' ')
    .filter((code) => code !== '')
    .map((code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .join('');

/** Characters by what they are taken for. */
const LIKE = CONFUSABLES.split('\n').map((line) => {
  const [prototype, characters] = line.split('<') as [string, string];
  return { prototype: asText(prototype), characters: Array.from(asText(characters)) };
});

const ASCII = Array.from({ length: 94 }, (_, index) => String.fromCodePoint(index + 33));
const wide = (letter: string): string => String.fromCodePoint(letter.codePointAt(0)! + 0xfee0);

/** How else an ASCII letter can be written that is the same in a nickname. */
const everyForm = constantFrom<(letter: string) => string>(
  (letter) => letter,
  (letter) => letter.toUpperCase(),
  (letter) => letter.toLowerCase(),
  (letter) => wide(letter.toUpperCase()),
  (letter) => wide(letter.toLowerCase()),
);

// One statement asks for many nicknames at once.
const MANY = { minLength: 300, maxLength: 300 };

describe('the skeleton of nicknames', () => {
  test('is one for nicknames of ASCII letters and digits that are the same but for case and width', async () => {
    const letter = constantFrom(...ASCII.filter((each) => /[A-Za-z0-9]/.test(each)));
    const pair = array(tuple(letter, everyForm, everyForm), { minLength: 1, maxLength: 12 }).map((letters) => [
      letters.map(([each, form]) => form(each)).join(''),
      letters.map(([each, , form]) => form(each)).join(''),
    ]);
    await assert(
      asyncProperty(array(pair, MANY), async (pairs) => {
        const [left, right] = await Promise.all([0, 1].map((side) => keysOf(pairs.map((names) => names[side]!))));
        expect(left!.map(({ key }) => key)).toEqual(right!.map(({ key }) => key));
        expect(left!.map(({ skeleton }) => skeleton)).toEqual(right!.map(({ skeleton }) => skeleton));
      }),
      { numRuns: 10 },
    );
  });

  test('is one where characters are exchanged for others that Unicode takes for them', async () => {
    const exchange = constantFrom(...LIKE).chain(({ prototype, characters }) =>
      tuple(constant(prototype), constantFrom(...characters)),
    );
    const plain = constantFrom(...ASCII, '가', '힣', 'ж', '漢', '🦊').map((each) => [each, each] as const);
    const pair = array(oneof(exchange, plain), { minLength: 1, maxLength: 8 }).map((parts) => [
      parts.map(([prototype]) => prototype).join(''),
      parts.map(([, character]) => character).join(''),
    ]);
    await assert(
      asyncProperty(array(pair, MANY), async (pairs) => {
        const [left, right] = await Promise.all([0, 1].map((side) => keysOf(pairs.map((names) => names[side]!))));
        expect(left!.map(({ skeleton }) => skeleton)).toEqual(right!.map(({ skeleton }) => skeleton));
      }),
      { numRuns: 10 },
    );
  });

  test('does not go by how a nickname is composed, and there is one for any text', async () => {
    const text = string({ unit: 'binary', maxLength: 12 }).map((each) => each.replaceAll('\0', ''));
    await assert(
      asyncProperty(array(text, MANY), async (texts) => {
        const [composed, decomposed] = await Promise.all([
          keysOf(texts.map((each) => each.normalize('NFC'))),
          keysOf(texts.map((each) => each.normalize('NFD'))),
        ]);
        expect(composed.map(({ skeleton }) => skeleton)).toEqual(decomposed.map(({ skeleton }) => skeleton));
        expect(composed.every(({ skeleton }) => typeof skeleton === 'string')).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  test.each([
    ['I', 'l'],
    ['0', 'O'],
    ['m', 'rn'],
    ['а', 'a'],
    ['Ν', 'N'],
    ['ſ', 'f'],
    ['ᄁ', 'ᄀᄀ'],
    ['\u030c', '\u0306'],
    ['\u05ad', '\u0596'],
  ])('knows that %s is taken for %s', (character, prototype) => {
    expect(LIKE.find(({ characters }) => characters.includes(character))?.prototype).toBe(prototype);
  });

  test('tells apart what looks apart', async () => {
    const skeletons = (await keysOf(['Anna', 'Hanna', 'Ann', 'Bo b', 'Bob', '철수', '영희', 'Олег', 'Ольга'])).map(
      ({ skeleton }) => skeleton,
    );
    expect(new Set(skeletons).size).toBe(skeletons.length);
  });

  test('is another one for each demo player', async () => {
    const skeletons = await keysOf(Array.from({ length: 100_000 }, (_, index) => demoNickname(index + 1)));
    expect(new Set(skeletons.map(({ skeleton }) => skeleton)).size).toBe(100_000);
  });
});
