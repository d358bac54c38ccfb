import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { MAX_IN_FLIGHT } from '../../src/limits/concurrency-limit.js';
import { shedLoad } from '../../src/limits/shedding.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { startTestServer, type TestServer } from '../support/server.js';

let database: TestDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await openTestDatabase();
  server = await startTestServer({}, database);
});
afterAll(() => server.close());

const SHED = {
  errors: [
    {
      message: 'The server is busy. Try again in a moment.',
      extensions: { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 },
    },
  ],
};

async function get(http: FastifyInstance, url: string) {
  const { statusCode, headers, body } = await http.inject({ url });
  return { status: statusCode, retryAfter: headers['retry-after'], body: JSON.parse(body) };
}

/** A server that holds its answers back, of which so many requests are under way. */
async function holding(watchLoop: boolean) {
  const http = Fastify();
  let inFlight = 0;
  await http.register(async (api) => {
    await shedLoad(api, () => inFlight, watchLoop);
    api.get('/graphql', async () => ({ data: null }));
  });
  http.get('/livez', async () => ({ status: 'ok' }));
  await http.ready();
  return { http, setInFlight: (count: number) => (inFlight = count) };
}

test('more requests than can be answered at once are refused, health endpoints never', async () => {
  const { http, setInFlight } = await holding(false);
  setInFlight(MAX_IN_FLIGHT);
  expect(await get(http, '/graphql')).toMatchObject({ status: 200 });
  setInFlight(MAX_IN_FLIGHT + 1);
  expect(await get(http, '/graphql')).toEqual({ status: 503, retryAfter: '1', body: SHED });
  expect(await get(http, '/livez')).toMatchObject({ status: 200 });
  setInFlight(1);
  expect(await get(http, '/graphql')).toMatchObject({ status: 200 });
  await http.close();
});

test('so are those that come while the event loop is busy', async () => {
  const { http } = await holding(true);
  expect(await get(http, '/graphql')).toMatchObject({ status: 200 });
  // A second in which every timer is late.
  const busyUntil = performance.now() + 2500;
  let shed;
  while (performance.now() < busyUntil) {
    const until = performance.now() + 600;
    while (performance.now() < until) {
      // Keeps the processor.
    }
    await sleep(1);
    const answer = await get(http, '/graphql');
    shed = answer.status === 503 ? answer : shed;
    expect(await get(http, '/livez')).toMatchObject({ status: 200 });
  }
  expect(shed).toEqual({ status: 503, retryAfter: '1', body: SHED });
  for (let left = 50; (await get(http, '/graphql')).status !== 200; left -= 1) {
    expect(left).toBeGreaterThan(0);
    await sleep(100);
  }
  await http.close();
});

test('sign-ins that would wait too long are refused with 503 and when to try again', async () => {
  const signIn = () =>
    server.http.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query: 'mutation { login(input: { email: "x@example.com", password: "x" }) { accessToken } }' },
    });
  const answers = await Promise.all(Array.from({ length: 200 }, signIn));
  const refused = answers.filter(({ statusCode }) => statusCode !== 200);
  expect(refused.length).toBeGreaterThan(0);
  // Two are at work, and a hundred wait.
  expect(answers.length - refused.length).toBeGreaterThanOrEqual(102);
  for (const answer of refused) {
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('2');
    expect(answer.json()).toMatchObject({
      data: { login: null },
      errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE', retryAfter: 2 } }],
    });
  }
});
