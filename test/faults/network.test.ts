import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import type { LaurelProcess } from '../cli/process.js';
import { createEmptyDatabase } from '../support/database.js';
import { type FreezableProxy, startProxy } from '../support/freezable-proxy.js';
import { freePort } from '../support/own-servers.js';
import { registerPlayer, send, serve, startLoad, storedKeys, type TestPlayer, untilReady } from './load.js';

/** Seconds that the server gives a statement, in these tests. */
const DATABASE_TIMEOUT = 2;
/** Milliseconds within which everybody has an answer: the statement's time, and that of a free connection. */
const PATIENCE = 12_000;

const UNAVAILABLE = { status: 503, data: expect.anything(), code: 'SERVICE_UNAVAILABLE' };
const VIEWER = '{ viewer { id } }';

let database: { url: string; drop: () => Promise<void> };
let proxy: FreezableProxy;
let server: LaurelProcess;
let address: string;
let players: TestPlayer[];

beforeAll(async () => {
  database = await createEmptyDatabase(process.env['TEST_POSTGRES_URL'], process.env['LAUREL_TEST_TEMPLATE']);
  const direct = new URL(database.url);
  proxy = await startProxy(Number(direct.port || 5432));
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  server = serve(Object.assign(new URL(database.url), { port: String(proxy.port) }).href, port, {
    DATABASE_TIMEOUT: String(DATABASE_TIMEOUT),
    DATABASE_POOL_SIZE: '4',
  });
  await untilReady(address);
  players = await Promise.all(Array.from({ length: 6 }, () => registerPlayer(address)));
});
afterAll(async () => {
  server?.kill('SIGKILL');
  await server?.finished;
  proxy?.close();
  await database?.drop();
});

const ask = () => send(address, VIEWER, {}, players[0]!.token, PATIENCE);

test('a network that swallows everything is answered for, and the next request is served when it is back', async () => {
  const load = startLoad(address, players);
  await sleep(300);
  proxy.freeze();
  const answers = await Promise.all(Array.from({ length: 8 }, ask));
  expect(answers.map(({ status, code }) => ({ status, code }))).toEqual(
    answers.map(() => ({ status: UNAVAILABLE.status, code: UNAVAILABLE.code })),
  );
  // Health is answered from what is known: the database cannot be had.
  expect((await fetch(`${address}/livez`)).status).toBe(200);
  proxy.thaw();
  await untilReady(address);
  expect((await ask()).data).toEqual({ viewer: { id: players[0]!.id } });
  const before = load.acknowledged.size;
  await sleep(1000);
  await load.stop();
  expect(load.acknowledged.size).toBeGreaterThan(before);
  expect([...load.failures.keys()].filter((code) => code !== 'SERVICE_UNAVAILABLE')).toEqual([]);
  const { keys, twice } = await storedKeys(database.url);
  expect([...load.acknowledged].every((key) => keys.has(key))).toBe(true);
  expect(twice).toBe(0);
});

test('connections that are reset are made anew, and whoever was cut off is told to come again', async () => {
  const load = startLoad(address, players);
  for (let reset = 0; reset < 5; reset += 1) {
    await sleep(200);
    proxy.reset();
  }
  await sleep(500);
  await load.stop();
  expect(load.acknowledged.size).toBeGreaterThan(10);
  expect([...load.failures.keys()].filter((code) => code !== 'SERVICE_UNAVAILABLE')).toEqual([]);
  const { keys, twice } = await storedKeys(database.url);
  expect([...load.acknowledged].every((key) => keys.has(key))).toBe(true);
  expect(twice).toBe(0);
});

test('a lock that somebody else holds is not waited for for ever', async () => {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('begin');
  await client.query('select from users where id = $1 for update', [players[0]!.id]);
  const waiting = await send(
    address,
    'mutation { updateProfile(input: { pictureUrl: null }) { user { id } } }',
    {},
    players[0]!.token,
    PATIENCE,
  );
  expect({ status: waiting.status, code: waiting.code }).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' });
  await client.query('rollback');
  await client.end();
  expect((await ask()).data).toEqual({ viewer: { id: players[0]!.id } });
});

test('more than the pool can take is answered, late or with 503, and served again afterwards', async () => {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('begin');
  // All four connections wait for these.
  await client.query('select from users where id = any($1) for update', [players.map(({ id }) => id)]);
  const answers = await Promise.all(
    players.map(({ token }) =>
      send(address, 'mutation { updateProfile(input: { pictureUrl: null }) { user { id } } }', {}, token, PATIENCE),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  await client.query('rollback');
  await client.end();
  expect((await ask()).status).toBe(200);
});
