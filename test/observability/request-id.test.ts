import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createLog } from '../../src/log.js';
import { createServer, type LaurelServer } from '../../src/server.js';
import { startTestServer, type TestServer } from '../support/server.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const lines: string[] = [];
const log = createLog('info', { write: (line) => lines.push(line) });
const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

let base: TestServer;
let direct: LaurelServer;
let behindProxy: LaurelServer;
let slow: LaurelServer;
beforeAll(async () => {
  base = await startTestServer();
  direct = await createServer(base.database, base.config, log);
  behindProxy = await createServer(base.database, { ...base.config, trustProxy: ['10.0.0.0/8'] }, log);
  slow = await createServer(base.database, { ...base.config, slowOperationMilliseconds: 1 }, log);
});
afterAll(async () => {
  for (const { apollo, http } of [direct, behindProxy, slow]) {
    await apollo.stop();
    await http.close();
  }
  await base.close();
});
beforeEach(() => {
  lines.length = 0;
});

async function idOf(server: LaurelServer, given?: string, remoteAddress = '10.1.2.3'): Promise<unknown> {
  const { headers } = await server.http.inject({
    method: 'POST',
    url: '/graphql',
    remoteAddress,
    headers: given === undefined ? {} : { 'x-request-id': given },
    payload: { query: '{ leaderboard { slug } }' },
  });
  return headers['x-request-id'];
}

test('every answer has an id of its own', async () => {
  const one = await idOf(direct);
  expect(one).toMatch(UUID);
  expect(await idOf(direct)).not.toBe(one);
  for (const url of ['/livez', '/nothing', '/graphql?query=%7B']) {
    const { headers } = await direct.http.inject({ url });
    expect(headers['x-request-id']).toMatch(UUID);
  }
});

test("a trusted proxy's is taken, nobody else's", async () => {
  expect(await idOf(behindProxy, 'edge-1:42')).toBe('edge-1:42');
  expect(await idOf(behindProxy, 'edge-1:42', '192.0.2.1')).toMatch(UUID);
  expect(await idOf(direct, 'edge-1:42')).toMatch(UUID);
});

test.each([['with blanks'], ['quo"te'], ['{"level":50}'], ['x'.repeat(129)]])(
  'one that has no place in a log is not: %s',
  async (given) => {
    expect(await idOf(behindProxy, given)).toMatch(UUID);
  },
);

test('what is logged of a request has its id, and that of nobody else', async () => {
  const send = (server: LaurelServer, n: number) =>
    server.http.inject({
      method: 'POST',
      url: '/graphql',
      remoteAddress: '10.0.0.1',
      headers: { 'x-request-id': `request-${n}` },
      payload: { query: `query Q${n} { leaderboard { slug } }` },
    });
  const proxied = await createServer(
    base.database,
    { ...base.config, trustProxy: true, slowOperationMilliseconds: 1 },
    log,
  );
  await Promise.all(Array.from({ length: 20 }, (_, n) => send(proxied, n)));
  await proxied.apollo.stop();
  await proxied.http.close();
  const slowLines = logged().filter(({ msg }) => msg === 'An operation was slow');
  expect(slowLines.length).toBeGreaterThan(0);
  for (const { operation, requestId } of slowLines) {
    expect(requestId).toBe(`request-${String(operation).slice(1)}`);
  }
  log.info('outside of any request');
  expect(logged().at(-1)).not.toHaveProperty('requestId');
});

test('an operation that takes long is logged, with what it took and nothing that was in it', async () => {
  const { headers } = await slow.http.inject({
    method: 'POST',
    url: '/graphql',
    payload: {
      query: 'mutation SignIn($input: LoginInput!) { login(input: $input) { accessToken } }',
      variables: { input: { email: 'somebody@example.com', password: 'a secret of somebody' } },
    },
  });
  const line = logged().find(({ msg }) => msg === 'An operation was slow');
  expect(line).toMatchObject({
    level: 40,
    operation: 'SignIn',
    type: 'mutation',
    outcome: 'UNAUTHENTICATED',
    document: expect.stringMatching(/^[0-9a-f]{64}$/),
    milliseconds: expect.any(Number),
    sqlMilliseconds: expect.any(Number),
    requestId: headers['x-request-id'],
  });
  expect(line?.['statements']).toBeGreaterThan(0);
  expect(lines.join('')).not.toMatch(/somebody|secret/);
});

test('its statements are those that were sent for it', async () => {
  const { statements } = base.database;
  const before = statements.length;
  await slow.http.inject({
    method: 'POST',
    url: '/graphql',
    payload: { query: 'query Board { leaderboard { slug currentSeason { key standings(first: 3) { totalCount } } } }' },
  });
  const line = logged().find(({ operation }) => operation === 'Board');
  expect(line?.['statements']).toBe(statements.length - before);
});

test('quick ones are not logged', async () => {
  await idOf(direct);
  expect(logged()).toEqual([]);
});
