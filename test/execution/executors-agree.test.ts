import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { assert, asyncProperty, constantFrom } from 'fast-check';
import { query, sql } from '../../src/database/query.js';
import { createSchema } from '../../src/schema.js';
import { DEMO_LOGIN, seedDemo } from '../../src/seed/seed.service.js';
import { compareExecutors } from '../support/executors.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { arbitraryQuery, type ValuePool } from './operations.js';

/** More for a longer search. */
const RUNS = Number(process.env['EXECUTOR_RUNS'] ?? 300);

let server: TestServer;
let demo: Player;
let values: ValuePool;

beforeAll(async () => {
  server = await startTestServer();
  await seedDemo(server.database.orm.em.fork(), { players: 60 });
  const { data } = await server.graphql(
    'mutation ($input: LoginInput!) { login(input: $input) { accessToken user { id } } }',
    {
      input: { email: DEMO_LOGIN.email, password: DEMO_LOGIN.password },
    },
  );
  demo = { ...data.login, ...data.login.user };
  values = await meaningfulValues();
});
afterAll(() => server.close());

/** Ids, names and cursors that lead somewhere, beside some that do not. */
async function meaningfulValues(): Promise<ValuePool> {
  const { data } = await server.graphql(
    `{ leaderboard { currentSeason { key standings(first: 3) { edges { cursor } nodes { user { id nickname } } } } }
      leaderboards { edges { cursor } } users(nicknamePrefix: "") { edges { cursor } } }`,
  );
  const { key, standings } = data.leaderboard.currentSeason;
  const users: { id: string; nickname: string }[] = standings.nodes.map(({ user }: { user: object }) => user);
  const cursors = [...standings.edges, ...data.leaderboards.edges, ...data.users.edges].map(({ cursor }) => cursor);
  return {
    Int: [1, 2, 3, 5, 50, 100, 0, -1, 101, 2_147_483_648],
    String: [
      'monthly',
      'monthly',
      key,
      'all',
      '',
      'a',
      cursors[0],
      ...cursors.slice(0, 8),
      ...users.map(({ nickname }) => nickname),
    ],
    ID: [demo.id, ...users.map(({ id }) => id), 'nobody', 7],
    Date: ['2026-02-01', '2026-11-30', '2026-02-30', 'x'],
  };
}

async function rows(): Promise<unknown> {
  return query(
    server.database.orm.em.fork(),
    sql`select (select count(*)::int from users) as users, (select count(*)::int from sessions) as sessions,
      (select count(*)::int from visits) as visits, (select count(*)::int from scores) as scores,
      (select count(*)::int from standings) as standings, (select count(*)::int from friendships) as friendships`,
  );
}

test('compiled and interpreted execution agree on generated queries in status, body, statements and rows', async () => {
  const before = await rows();
  const { execution, database } = server;
  const statuses = new Set<number>();
  let succeeded = 0;
  execution.answered = 0;
  await assert(
    asyncProperty(
      arbitraryQuery(createSchema(), values),
      constantFrom(null, demo, 'service' as const),
      async ({ source, variables }, as) => {
        database.statements.length = 0;
        const { statusCode, body } = await compareExecutors(execution, database.statements, source, () =>
          server.send(source, variables, as),
        );
        statuses.add(statusCode);
        succeeded += 'errors' in JSON.parse(body) ? 0 : 1;
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  expect(await rows()).toEqual(before);
  // The generator must reach both executors, and both ends of a query.
  expect(statuses).toEqual(new Set([200, 400]));
  expect(succeeded).toBeGreaterThan(RUNS / 30);
  expect(execution.answered).toBeGreaterThan(RUNS / 30);
});
