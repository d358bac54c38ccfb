import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type DocumentNode, Kind, parse, specifiedRules, validate } from 'graphql';
import { exampleOperations } from '../../src/explorer/examples.js';
import { costOf, evaluate } from '../../src/limits/query-cost.js';
import { MAX_COST } from '../../src/limits/query-limits.js';
import { limitShape } from '../../src/limits/query-shape.js';
import { createSchema } from '../../src/schema.js';

const schema = createSchema();

function operationOf(document: DocumentNode) {
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) {
    throw new Error('no operation');
  }
  return operation;
}

function cost(source: string, variables: Record<string, unknown> = {}): number {
  const document = parse(source);
  expect(validate(schema, document)).toEqual([]);
  return evaluate(costOf(schema, document, operationOf(document)), variables);
}

/** Where the lists of an operation stand. */
const board = (inside: string): string => `leaderboard { currentSeason { ${inside} } }`;
const standings = (size: string): string => board(`standings${size} { totalCount nodes { rank score } }`);

describe('what a query costs', () => {
  test.each([
    ['each field counts', '{ viewer { id nickname } }', 3],
    ['what is asked twice counts twice', '{ a: viewer { id } b: viewer { id } }', 4],
    ['a page counts as often as it has items', `{ ${standings('(first: 7)')} }`, 2 + 2 + 7 * 3],
    ['the last ones as the first ones', `{ ${standings('(last: 7)')} }`, 2 + 2 + 7 * 3],
    ['without a size, fifty', `{ ${standings('')} }`, 2 + 2 + 50 * 3],
    ['without a size, by null', `{ ${standings('(first: null)')} }`, 2 + 2 + 50 * 3],
    ['a size that is refused later counts as the largest', `{ ${standings('(first: 1000000)')} }`, 2 + 2 + 100 * 3],
    ['so does one below one', `{ ${standings('(first: -5)')} }`, 2 + 2 + 100 * 3],
    ['edges and nodes each', `{ users(nicknamePrefix: "", first: 10) { edges { cursor } nodes { id } } }`, 1 + 20 + 20],
    ['neighbours on both sides', `{ ${board('around(radius: 3) { nodes { score } }')} }`, 3 + 7 * 2],
    ['neighbours without a radius', `{ ${board('around { nodes { score } }')} }`, 3 + 11 * 2],
    [
      'lists in lists multiply',
      '{ leaderboards(first: 3) { nodes { seasons(first: 4) { nodes { key } } } } }',
      1 + 3 * (2 + 4 * 2),
    ],
    ['what a post says weighs more', '{ feed(first: 10) { nodes { title content } } }', 1 + 10 * (1 + 1 + 401)],
    ['days', '{ activeUsers(from: "2026-02-01", to: "2026-02-07") { date users } }', 7 * 3],
    ['days that make no sense count as the most there are', '{ activeUsers(from: "x", to: "y") { date } }', 366 * 2],
    [
      'fragments count wherever they are spread',
      `{ a: viewer { ...F } b: viewer { ...F ... on User { id } } } fragment F on User { id nickname }`,
      7,
    ],
    [
      'a fragment of a page is multiplied',
      `{ users(nicknamePrefix: "", first: 9) { ...P } } fragment P on UserSearchConnection { nodes { id } }`,
      1 + 18,
    ],
  ])('%s', (_what, source, expected) => {
    expect(cost(source)).toBe(expected);
  });

  test('sizes out of variables, of their defaults too', () => {
    const source = `query ($n: Int = 4) { ${standings('(first: $n)')} }`;
    expect(cost(source, { n: 9 })).toBe(4 + 9 * 3);
    expect(cost(source)).toBe(4 + 4 * 3);
    expect(cost(source, { n: null })).toBe(4 + 50 * 3);
    expect(cost(source, { n: 'many' })).toBe(4 + 100 * 3);
    expect(cost(source, { n: 1e9 })).toBe(4 + 100 * 3);
  });

  test('a range of days out of variables', () => {
    const source = 'query ($from: Date!, $to: Date!) { activeUsers(from: $from, to: $to) { date } }';
    expect(cost(source, { from: '2026-02-01', to: '2026-02-03' })).toBe(6);
  });

  test('every list of the schema is counted by its size', () => {
    const lists = '{ users(nicknamePrefix: "", first: 100) { nodes { friends(first: 100) { nodes { id } } } } }';
    expect(cost(lists)).toBeGreaterThan(MAX_COST);
    expect(cost(lists.replaceAll('100', '10'))).toBe(1 + 10 * (2 + 10 * 2));
  });
});

describe('what is meant to be asked is within the limits', () => {
  const guide = ['docs/guide.md', 'README.md'].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/```graphql\n([\s\S]*?)```/g)].map(([, source]) => source!),
  );
  const queries = [
    ...exampleOperations.map(({ name, query, variables }) => ({ name, query, variables })),
    ...guide.map((query) => ({ name: query.trim().slice(0, 60), query, variables: {} })),
  ];

  test('there are some', () => {
    expect(guide.length).toBeGreaterThan(5);
  });

  test.each(queries)('$name', ({ query, variables }) => {
    const document = parse(query);
    expect(validate(schema, document, [...specifiedRules, limitShape])).toEqual([]);
    for (const definition of document.definitions) {
      if (definition.kind === Kind.OPERATION_DEFINITION) {
        expect(evaluate(costOf(schema, document, definition), variables ?? {})).toBeLessThan(MAX_COST / 5);
      }
    }
  });
});
