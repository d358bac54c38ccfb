import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { MAX_COST } from '../../src/limits/query-limits.js';
import { shapeLimits } from '../../src/limits/query-shape.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { startTestServer, type TestServer } from '../support/server.js';

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://127.0.0.1/laurel',
  TOKEN_SECRET: 'a token secret of the tests, 32 bytes',
};

let database: TestDatabase;
let server: TestServer;
let production: TestServer;
beforeAll(async () => {
  database = await openTestDatabase();
  server = await startTestServer({}, database);
  production = await startTestServer(PRODUCTION, database);
});
afterAll(async () => {
  await production.apollo.stop();
  await production.http.close();
  await server.close();
});

const many = (count: number, item: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => item(n)).join(' ');

/** `leaderboard` and then seasons of boards of seasons, as deep as asked for. */
function deep(fields: number): string {
  const chain = Array.from({ length: fields - 1 }, (_, n) => (n % 2 === 0 ? 'currentSeason' : 'leaderboard'));
  const names = ['leaderboard', ...chain.slice(0, -1), 'id'];
  return `{ ${names.join(' { ')} ${'}'.repeat(names.length)}`;
}

async function refusal(query: string, variables?: Record<string, unknown>) {
  const response = await server.send(query, variables);
  return { status: response.statusCode, ...JSON.parse(response.body) };
}

test.each([
  ['depth', deep(shapeLimits.depth + 1), deep(shapeLimits.depth)],
  [
    'aliases',
    `{ viewer { ${many(shapeLimits.aliases + 1, (n) => `a${n}: id`)} } }`,
    `{ viewer { ${many(shapeLimits.aliases, (n) => `a${n}: id`)} } }`,
  ],
  [
    'directives',
    `{ viewer { ${many(shapeLimits.directives + 1, () => 'id @include(if: true)')} } }`,
    `{ viewer { ${many(shapeLimits.directives, () => 'id @include(if: true)')} } }`,
  ],
  [
    'fields at the root of a query',
    `{ ${many(shapeLimits.queries + 1, (n) => `a${n}: viewer { id }`)} }`,
    `{ ${many(shapeLimits.queries, (n) => `a${n}: viewer { id }`)} }`,
  ],
  [
    'fields at the root of a mutation',
    `mutation { ${many(shapeLimits.mutations + 1, (n) => `a${n}: recordVisit { user { id } }`)} }`,
    `mutation { ${many(shapeLimits.mutations, (n) => `a${n}: recordVisit { user { id } }`)} }`,
  ],
  [
    'root fields by way of fragments',
    `mutation { ...F ...G ${many(4, (n) => `a${n}: recordVisit { user { id } }`)} }
      fragment F on Mutation { ${many(4, (n) => `f${n}: recordVisit { user { id } }`)} }
      fragment G on Mutation { ... on Mutation { ${many(3, (n) => `g${n}: recordVisit { user { id } }`)} } }`,
    `mutation { ...F ${many(4, (n) => `a${n}: recordVisit { user { id } }`)} }
      fragment F on Mutation { ${many(4, (n) => `f${n}: recordVisit { user { id } }`)} }`,
  ],
])('%s: one too many is refused, and nothing is executed', async (_what, tooMany, allowed) => {
  database.statements.length = 0;
  const refused = await refusal(tooMany);
  expect(refused).toMatchObject({ status: 400, errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
  expect(refused.data).toBeUndefined();
  expect(database.statements).toEqual([]);
  expect((await refusal(allowed)).data).toBeDefined();
});

test('an answer that could be too large is refused, by its variables too, and nothing is executed', async () => {
  const query = `query ($n: Int!) { users(nicknamePrefix: "", first: $n) { nodes { friends(first: $n) { nodes { id } } } } }`;
  // What can be compiled is, from its first use: the limit holds for that as well.
  expect((await refusal(query, { n: 10 })).data).toBeDefined();
  expect((await refusal(query, { n: 10 })).data).toBeDefined();
  database.statements.length = 0;
  const refused = await refusal(query, { n: 100 });
  expect(refused).toMatchObject({
    status: 400,
    errors: [
      {
        message: expect.stringContaining('20201'),
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED', cost: { cost: 20_201, allowed: MAX_COST } },
      },
    ],
  });
  expect(refused.data).toBeUndefined();
  expect(database.statements).toEqual([]);
  expect((await refusal(query, { n: 10 })).data).toBeDefined();
});

test('fragments that double and lists that multiply are counted together', async () => {
  const refused = await refusal(`{ leaderboards(first: 50) { nodes { ...F ...F } } }
    fragment F on Leaderboard { a: seasons(first: 50) { ...G } b: seasons(first: 50) { ...G } }
    fragment G on SeasonConnection { nodes { key id startsAt } }`);
  expect(refused).toMatchObject({ status: 400, errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
});

test('a hundred thousand aliases are not even parsed', async () => {
  const query = `{ ${many(100_000, (n) => `a${n}:__typename`)} }`;
  const { statusCode, body } = await server.send(query);
  expect({ statusCode, ...JSON.parse(body) }).toEqual({
    statusCode: 413,
    errors: [{ message: 'Request body is too large', extensions: { code: 'BAD_REQUEST' } }],
  });
});

test('nor are as many as fit into a request', async () => {
  expect(await refusal(`{ ${many(12_000, (n) => `a${n}:__typename`)} }`)).toMatchObject({
    status: 400,
    errors: [{ message: expect.stringContaining('2000 tokens'), extensions: { code: 'GRAPHQL_PARSE_FAILED' } }],
  });
});

test('introspection as tools send it is within the limits', async () => {
  expect((await refusal(getIntrospectionQuery())).data.__schema).toBeDefined();
});

test('what an answer has cost is told outside production alone', async () => {
  const query = '{ leaderboards(first: 5) { nodes { slug } } }';
  expect(JSON.parse((await server.send(query)).body).extensions).toEqual({ cost: { cost: 11, allowed: MAX_COST } });
  expect(JSON.parse((await production.send(query)).body)).not.toHaveProperty('extensions');
});
