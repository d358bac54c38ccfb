import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SeasonRow } from '../../src/leaderboard/season.type.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers } from '../visit/support.js';
import { insertStandings, makeSeason } from './support.js';

let server: TestServer;
let season: SeasonRow;
beforeAll(async () => {
  server = await startTestServer();
  const em = server.database.orm.em.fork();
  const players = await insertPlayers(em, 'greedy', 5);
  season = await makeSeason(em);
  const entries = players.map((userId, score) => ({ userId, score, achievedAt: '2026-02-05 10:20:00+00' }));
  await insertStandings(em, season.id, entries);
});
afterAll(() => server.close());

const ofSeason = (fields: string, fragments = '') =>
  server.graphql(`query ($slug: String!) { leaderboard(slug: $slug) { currentSeason { ${fields} } } } ${fragments}`, {
    slug: season.leaderboard.slug,
  });

test('many lists in one request are read ten in a statement, and each is right', async () => {
  const positions = Array.from({ length: 35 }, (_, index) => 1 + (index % 6));
  server.database.statements.length = 0;
  const { data, errors } = await ofSeason(
    positions.map((from, n) => `l${n}: standings(first: 2, fromPosition: ${from}) { nodes { position } }`).join('\n'),
  );
  expect(errors).toBeUndefined();
  const lists = Object.values<{ nodes: { position: number }[] }>(data.leaderboard.currentSeason);
  expect(lists.map(({ nodes }) => nodes.map(({ position }) => position))).toEqual(
    positions.map((from) => [from, from + 1].filter((position) => position <= 5)),
  );
  // The board, four parts of the lists, and for those beyond the end whether anybody has played.
  const beyond = positions.filter((from) => from > 5).length;
  expect(server.database.statements).toHaveLength(1 + 4 + beyond);
});

test('fragments that double with each level are refused', async () => {
  const depth = 40;
  const doubling = Array.from(
    { length: depth },
    (_, n) => `fragment F${n} on StandingConnection { ...F${n + 1} ...F${n + 1} }`,
  );
  const spread = await ofSeason(
    'standings { ...F0 }',
    `${doubling.join(' ')} fragment F${depth} on StandingConnection { __typename }`,
  );
  const nested = Array.from(
    { length: depth },
    (_, n) => `fragment F${n} on Season {
      a: leaderboard { currentSeason { ...F${n + 1} } } b: leaderboard { currentSeason { ...F${n + 1} } } }`,
  );
  const nesting = await ofSeason('...F0', `${nested.join(' ')} fragment F${depth} on Season { key }`);
  for (const { data, errors } of [spread, nesting]) {
    expect(data).toBeUndefined();
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
  }
});
