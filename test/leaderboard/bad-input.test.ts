import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LeaderboardRow } from '../../src/leaderboard/leaderboard.type.js';
import { newId } from '../../src/shared/ids.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { befriend, countRows, errorsOf, makeBoard, submitted } from './support.js';

let server: TestServer;
let player: Player;
let friend: Player;
let board: LeaderboardRow;
let other: LeaderboardRow;
/** Cursors by the list they belong to. */
let cursors: Record<string, string>;
beforeAll(async () => {
  server = await startTestServer();
  [player, friend] = await Promise.all([server.player(), server.player()]);
  await befriend(em(), player.id, [friend.id], 'accepted');
  board = await makeBoard(em());
  other = await makeBoard(em());
  for (const { slug } of [board, other]) {
    await submitted(server, player, { leaderboardSlug: slug, score: 1 });
    await submitted(server, friend, { leaderboardSlug: slug, score: 2 });
  }
  cursors = { ...(await cursorsOf(board, '')), ...(await cursorsOf(other, 'other ')) };
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

async function cursorsOf({ slug }: LeaderboardRow, prefix: string): Promise<Record<string, string>> {
  const { data, errors } = await server.graphql(
    `query ($slug: String!) {
      leaderboards { edges { cursor } }
      viewer { scores { edges { cursor } } }
      leaderboard(slug: $slug) {
        seasons { edges { cursor } }
        currentSeason { standings { edges { cursor } } friendStandings { edges { cursor } } }
      }
    }`,
    { slug },
    player,
  );
  expect(errors).toBeUndefined();
  const { leaderboards, viewer, leaderboard } = data;
  const { standings, friendStandings } = leaderboard.currentSeason;
  const lists = { leaderboards, scores: viewer.scores, seasons: leaderboard.seasons, standings, friendStandings };
  return Object.fromEntries(Object.entries(lists).map(([name, { edges }]) => [prefix + name, edges[0].cursor]));
}

/** Asks one list with these arguments, and answers its errors and what stands in its place. */
async function ask(list: string, values: string): Promise<{ errors: unknown; fields: unknown[] }> {
  const answer = await server.graphql(QUERIES[list]!(values), { slug: board.slug }, player);
  return { errors: errorsOf(answer), fields: answer.errors?.map(({ path }) => path?.at(-1)) ?? [] };
}

const inSeason = (field: string): string =>
  `query ($slug: String!) { leaderboard(slug: $slug) { currentSeason { ${field} } } }`;

const QUERIES: Record<string, (values: string) => string> = {
  leaderboards: (values) => `{ leaderboards(${values}) { nodes { id } } }`,
  scores: (values) => `{ viewer { scores(${values}) { nodes { id } } } }`,
  seasons: (values) => `query ($slug: String!) { leaderboard(slug: $slug) { seasons(${values}) { nodes { id } } } }`,
  standings: (values) => inSeason(`standings(${values}) { nodes { id } }`),
  friendStandings: (values) => inSeason(`friendStandings(${values}) { nodes { id } }`),
  around: (values) => inSeason(`around(${values}) { nodes { id } }`),
};
const LISTS = ['leaderboards', 'scores', 'seasons', 'standings', 'friendStandings'];

const refused = (field: string) => [{ code: 'BAD_USER_INPUT', field }];

describe.each(LISTS)('%s', (list) => {
  test('takes 1 to 100 items', async () => {
    for (const first of [1, 100, null]) {
      expect(await ask(list, `first: ${first}`)).toEqual({ errors: undefined, fields: [] });
    }
    for (const first of [0, -1, 101, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(await ask(list, `first: ${first}`)).toEqual({ errors: refused('first'), fields: [list] });
    }
  });

  test('takes its own cursors and refuses those of other lists', async () => {
    expect(await ask(list, `after: "${cursors[list]}"`)).toEqual({ errors: undefined, fields: [] });
    // Boards and a player's scores are one list, whatever board was asked about.
    const foreign = Object.entries(cursors).filter(
      ([name]) => name !== list && !(name === `other ${list}` && ['leaderboards', 'scores'].includes(list)),
    );
    expect(foreign.length).toBeGreaterThanOrEqual(8);
    for (const [name, cursor] of foreign) {
      expect([name, (await ask(list, `after: "${cursor}"`)).errors]).toEqual([name, refused('after')]);
    }
  });

  test('refuses garbled cursors', async () => {
    const own = cursors[list]!;
    const content = JSON.parse(Buffer.from(own, 'base64url').toString()) as string[];
    const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const garbled = [
      '',
      ' ',
      '42',
      'null',
      encoded(null),
      encoded({}),
      encoded([]),
      encoded(content.slice(0, 1)),
      encoded([...content, 'x']),
      encoded(content.map((part, index) => (index === 0 ? part : 1))),
      encoded(content.map((part, index) => (index === 0 ? part : `${part}\0`))),
      own.slice(0, -8),
      'x'.repeat(10_000),
    ];
    if (content.length > 2) {
      garbled.push(encoded(content.map((part, index) => (index === 0 ? part : "1' or true --"))));
      garbled.push(encoded(content.map((part, index) => (index === 0 ? part : '2026-02-30 00:00:00+00'))));
    }
    for (const cursor of garbled) {
      expect([cursor, (await ask(list, `after: ${JSON.stringify(cursor)}`)).errors]).toEqual([
        cursor,
        refused('after'),
      ]);
    }
  });
});

describe('standings', () => {
  test.each([
    ['last: 0', 'last'],
    ['last: -1', 'last'],
    ['last: 101', 'last'],
    ['first: 5, last: 5', 'last'],
    ['fromPosition: 0', 'fromPosition'],
    ['fromPosition: -1', 'fromPosition'],
    ['fromPosition: 1, first: 0', 'first'],
    ['fromPosition: 1, last: 5', 'fromPosition'],
    ['before: ""', 'before'],
    ['before: "x"', 'before'],
  ])('refuses %s', async (values, field) => {
    expect(await ask('standings', values)).toEqual({ errors: refused(field), fields: ['standings'] });
  });

  test('refuses a position beside a cursor, and foreign cursors before', async () => {
    for (const argument of ['after', 'before']) {
      const { errors } = await ask('standings', `fromPosition: 1, ${argument}: "${cursors['standings']}"`);
      expect(errors).toEqual(refused('fromPosition'));
    }
    const { errors } = await ask('standings', `last: 5, before: "${cursors['other standings']}"`);
    expect(errors).toEqual(refused('before'));
  });

  test('takes the largest position, and cursors with the largest scores', async () => {
    expect((await ask('standings', 'fromPosition: 2147483647')).errors).toBeUndefined();
    const [owner, , ...rest] = JSON.parse(Buffer.from(cursors['standings']!, 'base64url').toString()) as string[];
    for (const score of ['9007199254740991', '-9007199254740991', '9999999999999999']) {
      const cursor = Buffer.from(JSON.stringify([owner, score, ...rest])).toString('base64url');
      expect((await ask('standings', `after: "${cursor}"`)).errors).toBeUndefined();
      expect((await ask('standings', `last: 3, before: "${cursor}"`)).errors).toBeUndefined();
    }
  });

  test('numbers beyond 32 bits, and other types, are no requests', async () => {
    for (const values of ['first: 2147483648', 'fromPosition: 3000000000', 'first: "5"', 'first: 1.5', 'after: 5']) {
      const answer = await server.graphql(QUERIES['standings']!(values), { slug: board.slug });
      expect(answer.errors?.[0]?.extensions?.['code']).toBe('GRAPHQL_VALIDATION_FAILED');
    }
  });
});

describe('around', () => {
  test('takes a radius of 1 to 50', async () => {
    for (const radius of [1, 50]) {
      expect((await ask('around', `radius: ${radius}`)).errors).toBeUndefined();
    }
    for (const radius of [0, -1, 51, 2 ** 31 - 1]) {
      expect(await ask('around', `radius: ${radius}`)).toEqual({ errors: refused('radius'), fields: ['around'] });
    }
  });

  test('unknown users have no neighbours and no standing', async () => {
    for (const userId of [newId(), '', '7', 'no id', `${player.id} `, "' or true --"]) {
      const { data, errors } = await server.graphql(
        `query ($slug: String!, $userId: ID!) { leaderboard(slug: $slug) { currentSeason {
          around(userId: $userId) { nodes { id } } standing(userId: $userId) { id } } } }`,
        { slug: board.slug, userId },
        player,
      );
      expect(errors).toBeUndefined();
      expect(data.leaderboard.currentSeason).toEqual({ around: { nodes: [] }, standing: null });
    }
  });

  test('takes ids in capitals for what they are', async () => {
    const { data } = await server.graphql(
      `query ($slug: String!, $userId: ID!) { leaderboard(slug: $slug) { currentSeason {
        around(userId: $userId) { totalCount nodes { user { id } } } standing(userId: $userId) { user { id } } } } }`,
      { slug: board.slug, userId: player.id.toUpperCase() },
    );
    expect(data.leaderboard.currentSeason).toMatchObject({
      around: { totalCount: 2, nodes: [{ user: { id: friend.id } }, { user: { id: player.id } }] },
      standing: { user: { id: player.id } },
    });
  });
});

test('text that the database cannot hold is refused with its argument', async () => {
  const rows = await countRows(em());
  const cases: [string, string][] = [
    ['{ leaderboard(slug: $text) { id } }', 'slug'],
    ['{ leaderboards(after: $text) { nodes { id } } }', 'after'],
    ['{ leaderboard { season(key: $text) { id } } }', 'key'],
    ['{ leaderboard { seasons(after: $text) { nodes { id } } } }', 'after'],
    ['{ leaderboard { currentSeason { standings(after: $text) { nodes { id } } } } }', 'after'],
    ['{ leaderboard { currentSeason { standings(before: $text) { nodes { id } } } } }', 'before'],
    ['{ viewer { standing(leaderboardSlug: $text) { id } } }', 'leaderboardSlug'],
    ['{ viewer { standing(seasonKey: $text) { id } } }', 'seasonKey'],
  ];
  for (const text of ['a\0b', 'a\ud800b']) {
    for (const [source, field] of cases) {
      const answer = await server.graphql(`query ($text: String!) ${source}`, { text }, player);
      expect([source, errorsOf(answer)]).toEqual([source, refused(field)]);
    }
    for (const source of ['standing(userId: $text) { id }', 'around(userId: $text) { nodes { id } }']) {
      const answer = await server.graphql(
        `query ($text: ID!) { leaderboard { currentSeason { ${source} } } }`,
        { text },
        player,
      );
      expect([source, errorsOf(answer)]).toEqual([source, refused('userId')]);
    }
  }
  expect(await countRows(em())).toEqual(rows);
});
