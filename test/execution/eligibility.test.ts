import { describe, expect, test } from '@jest/globals';
import { getOperationAST, parse, validate } from 'graphql';
import { isEligible } from '../../src/execution/eligibility.js';
import { createSchema } from '../../src/schema.js';

const schema = createSchema();

function judge(source: string, operationName?: string): boolean {
  const document = parse(source);
  expect(validate(schema, document)).toEqual([]);
  return isEligible(schema, document, getOperationAST(document, operationName)!);
}

describe('eligible are', () => {
  test.each([
    ['fields', '{ leaderboard { title __typename } }'],
    [
      'harmless literals',
      '{ leaderboard(slug: "weekly-2") { currentSeason { standings(first: 50) { totalCount } } } }',
    ],
    ['aliases', '{ board: leaderboard { name: title } }'],
    [
      'variables of built-in scalars and enums',
      `query ($id: ID!, $first: Int = 3, $direction: FriendRequestDirection!) { user(id: $id) {
        account { friendRequests(first: $first, direction: $direction) { totalCount } } } }`,
    ],
    [
      'fragments',
      `query { leaderboard { ...board ... on Leaderboard { slug } ... { title } } }
      fragment board on Leaderboard { title currentSeason { key } }`,
    ],
  ])('%s', (_, source) => {
    expect(judge(source)).toBe(true);
  });

  test('queries of 200 fields', () => {
    expect(judge(`{ ${aliases(200)} }`)).toBe(true);
  });
});

describe('not eligible are', () => {
  test.each([
    ['mutations', 'mutation { logout { sessionsEnded } }'],
    ['directives on fields', '{ leaderboard { title @include(if: true) } }'],
    ['directives on fragments', '{ ...board @skip(if: false) } fragment board on Query { leaderboard { title } }'],
    ['the schema', '{ __schema { description } }'],
    ['a type', '{ __type(name: "User") { name } }'],
    [
      'introspection in fragments',
      '{ leaderboard { slug } ...meta } fragment meta on Query { __schema { description } }',
    ],
    ['the alias __proto__', '{ __proto__: leaderboard { title } }'],
    ['aliases with underscores', '{ my_board: leaderboard { title } }'],
    ['variables of other scalars', 'query ($to: Date!) { viewer { visits(from: "2026-02-01", to: $to) { count } } }'],
    [
      'text with underscores or brackets',
      '{ leaderboard(slug: "__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d(0)") { title } }',
    ],
    ['text escaped in the source', String.raw`{ leaderboard(slug: "\u005f") { title } }`],
    ['block strings with brackets', '{ leaderboard(slug: """f()""") { title } }'],
    ['text in defaults of variables', 'query ($slug: String = "a_b") { leaderboard(slug: $slug) { title } }'],
  ])('%s', (_, source) => {
    expect(judge(source)).toBe(false);
  });

  test('queries of more than 200 fields', () => {
    expect(judge(`{ ${aliases(201)} }`)).toBe(false);
  });

  test('queries whose fragments have more than 200 fields, once they are spread', () => {
    const source = `{ a: leaderboard { ...f1 } b: leaderboard { ...f1 } c: leaderboard { ...f1 } }
      fragment f1 on Leaderboard { d: currentSeason { ...f2 } e: currentSeason { ...f2 } f: currentSeason { ...f2 } }
      fragment f2 on Season { g: leaderboard { ...f3 } h: leaderboard { ...f3 } i: leaderboard { ...f3 } }
      fragment f3 on Leaderboard { id slug title order period timeZone aggregation }`;
    expect(judge(source)).toBe(false);
  });
});

test('of several operations, the one that is asked for decides', () => {
  const source = 'query ask { leaderboard { title } } mutation act { logout { sessionsEnded } }';
  expect(judge(source, 'ask')).toBe(true);
  expect(judge(source, 'act')).toBe(false);
});

function aliases(count: number): string {
  return Array.from({ length: count }, (_, index) => `a${index}: __typename`).join(' ');
}
