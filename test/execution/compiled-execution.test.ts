import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SqlEntityManager } from '@mikro-orm/postgresql';
import { CompiledExecution } from '../../src/execution/compiled-execution.js';
import { createLog } from '../../src/log.js';
import { createServer, GRAPHQL_PATH } from '../../src/server.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.execution.answered = 0;
});

const BOARD = '{ leaderboard { slug title } }';

describe('compiled execution answers', () => {
  test.each([
    ['queries', BOARD, {}],
    ['their functions', '{ leaderboards { totalCount nodes { slug } } }', {}],
    ['their variables', 'query ($slug: String) { leaderboard(slug: $slug) { title } }', { slug: 'monthly' }],
    ['unknown boards', 'query ($slug: String) { leaderboard(slug: $slug) { title } }', { slug: 'x' }],
  ])('%s', async (_, source, variables) => {
    const { errors } = await server.graphql(source, variables);
    expect(errors).toBeUndefined();
    expect(server.execution.answered).toBe(1);
  });

  test('GET requests', async () => {
    const { body } = await server.http.inject({
      url: `${GRAPHQL_PATH}?query=${encodeURIComponent(BOARD)}`,
      headers: { 'apollo-require-preflight': 'true' },
    });
    expect(JSON.parse(body)).toMatchObject({ data: { leaderboard: { slug: 'monthly', title: 'Monthly' } } });
    expect(server.execution.answered).toBe(1);
  });
});

describe('Apollo Server answers', () => {
  test.each([
    ['mutations', 'mutation { logout { sessionsEnded } }', {}],
    ['directives', '{ leaderboard { title @include(if: true) } }', {}],
    ['introspection', '{ __schema { description } }', {}],
    ['errors of arguments', '{ leaderboards(first: 0) { totalCount } }', {}],
    ['wrong variables', 'query ($first: Int) { leaderboards(first: $first) { totalCount } }', { first: 'x' }],
    [
      'null for an argument',
      'query ($radius: Int) { leaderboard { currentSeason { around(radius: $radius) { totalCount } } } }',
      { radius: null },
    ],
  ])('%s', async (_, source, variables) => {
    await server.graphql(source, variables);
    expect(server.execution.answered).toBe(0);
  });
});

test('text in a query never becomes code', async () => {
  const code = '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d(globalThis.compiledText=true,0)';
  const { data } = await server.graphql(`{ leaderboard(slug: ${JSON.stringify(code)}) { id } }`);
  expect(data).toEqual({ leaderboard: null });
  expect(globalThis).not.toHaveProperty('compiledText');
});

test('several operations in a document are told apart', async () => {
  const query = 'query a { leaderboard { slug } } query b { leaderboard { title } }';
  const ask = async (operationName: string) => {
    const { body } = await server.http.inject({
      method: 'POST',
      url: GRAPHQL_PATH,
      payload: { query, operationName },
    });
    return JSON.parse(body).data?.leaderboard;
  };
  expect([await ask('a'), await ask('b'), await ask('a'), await ask('c')]).toEqual([
    { slug: 'monthly' },
    { title: 'Monthly' },
    { slug: 'monthly' },
    undefined,
  ]);
  expect(server.execution.answered).toBe(3);
});

describe('in the server as it is started', () => {
  test('an operation is compiled at its third use', async () => {
    const execution = new CompiledExecution();
    const { responseForOperation } = await execution.requestDidStart();
    const answered: boolean[] = [];
    const other = await createServer(server.database, server.config, createLog('silent'), {
      requestDidStart: async () => ({
        responseForOperation: async (request) => {
          const response = await responseForOperation(request);
          answered.push(response !== null);
          return response;
        },
      }),
    });
    for (let use = 0; use < 4; use += 1) {
      const { body } = await other.http.inject({ method: 'POST', url: GRAPHQL_PATH, payload: { query: BOARD } });
      expect(JSON.parse(body)).toMatchObject({ data: { leaderboard: { slug: 'monthly', title: 'Monthly' } } });
    }
    expect(answered).toEqual([false, false, true, true]);
    await other.apollo.stop();
  });

  test('a fault of the server stops it for a while, so that nothing is tried twice in a row', async () => {
    const { responseForOperation } = await new CompiledExecution(1).requestDidStart();
    const other = await createServer(server.database, server.config, createLog('silent'), {
      requestDidStart: async () => ({ responseForOperation }),
    });
    const lost = jest.spyOn(SqlEntityManager.prototype, 'getKysely').mockImplementation(() => {
      throw new Error('Connection terminated');
    });
    const send = async () => {
      lost.mockClear();
      const { statusCode } = await other.http.inject({
        method: 'POST',
        url: GRAPHQL_PATH,
        payload: { query: BOARD },
      });
      return { statusCode, attempts: lost.mock.calls.length };
    };
    expect(await send()).toEqual({ statusCode: 503, attempts: 2 });
    expect(await send()).toEqual({ statusCode: 503, attempts: 1 });
    lost.mockRestore();
    await other.apollo.stop();
  });
});
