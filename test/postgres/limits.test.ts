import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { LaurelProcess } from '../cli/process.js';
import { createEmptyDatabase } from '../support/database.js';
import { rowsAt } from '../support/rows-at.js';

const LOGIN = 'mutation ($email: EmailAddress!) { login(input: { email: $email, password: "wrong" }) { accessToken } }';
const ALLOWED = 10;

let database: { url: string; drop: () => Promise<void> };
const servers: LaurelProcess[] = [];
beforeAll(async () => {
  database = await createEmptyDatabase(process.env['TEST_POSTGRES_URL'], process.env['LAUREL_TEST_TEMPLATE']);
});
afterAll(async () => {
  for (const server of servers) {
    server.kill('SIGKILL');
    await server.finished;
  }
  await database.drop();
});

async function serve(settings: Record<string, string> = {}): Promise<{ server: LaurelProcess; address: string }> {
  const server = new LaurelProcess(['serve'], {
    DATABASE_URL: database.url,
    PORT: '0',
    NODE_ENV: 'production',
    TOKEN_SECRET: 'd8b1ad70f3bb4d5cb8b26d0c5c1f9a7e',
    LOG_LEVEL: 'error',
    ...settings,
  });
  servers.push(server);
  return { server, address: new URL(await server.address()).origin };
}

async function guess(
  address: string,
  email: string,
): Promise<{ status: number; code: string; retryAfter: string | null }> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: LOGIN, variables: { email } }),
  });
  const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
  return { status: response.status, code: errors[0]!.extensions.code, retryAfter: response.headers.get('retry-after') };
}

/** Guesses at all of these at once. @returns how many were answered with each code */
async function guessAtOnce(addresses: string[], email: string, each: number): Promise<Record<string, number>> {
  const answers = await Promise.all(
    addresses.flatMap((address) => Array.from({ length: each }, () => guess(address, email))),
  );
  const counts: Record<string, number> = {};
  for (const { code, status, retryAfter } of answers) {
    expect({ code, status }).toEqual({ code, status: code === 'RATE_LIMITED' ? 429 : 200 });
    expect(retryAfter).toEqual(code === 'RATE_LIMITED' ? expect.stringMatching(/^\d+$/) : null);
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}

test('two processes on one database count together, to the last attempt', async () => {
  const pair = await Promise.all([serve(), serve()]);
  const addresses = pair.map(({ address }) => address);
  for (const round of [1, 2, 3]) {
    expect(await guessAtOnce(addresses, `round${round}@example.com`, 20)).toEqual({
      UNAUTHENTICATED: ALLOWED,
      RATE_LIMITED: 40 - ALLOWED,
    });
  }
  pair.forEach(({ server }) => server.kill('SIGTERM'));
});

describe('with Redis', () => {
  let folder: string;
  let port: number;
  let redis: ChildProcess;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'laurel-redis-'));
    port = await freePort();
    redis = await startRedis();
  });
  afterAll(async () => {
    await stopRedis();
    rmSync(folder, { recursive: true });
  });

  async function startRedis(): Promise<ChildProcess> {
    const process = spawn('redis-server', [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      folder,
    ]);
    process.on('error', (error) => {
      throw error;
    });
    for (let left = 100; left > 0; left -= 1) {
      const client = new Redis(port, { lazyConnect: true, retryStrategy: () => null });
      client.on('error', () => undefined);
      try {
        await client.connect();
        client.disconnect();
        return process;
      } catch {
        await sleep(50);
      }
    }
    throw new Error('no Redis server could be started');
  }

  async function stopRedis(): Promise<void> {
    const ended = new Promise((resolve) => redis.once('close', resolve));
    redis.kill('SIGKILL');
    await ended;
  }

  test('two processes count together there, under names that tell nothing; while it is gone, each for itself', async () => {
    const REDIS_URL = `redis://127.0.0.1:${port}`;
    const pair = await Promise.all([serve({ REDIS_URL }), serve({ REDIS_URL })]);
    const addresses = pair.map(({ address }) => address);
    for (const round of [1, 2, 3]) {
      expect(await guessAtOnce(addresses, `redis${round}@example.com`, 20)).toEqual({
        UNAUTHENTICATED: ALLOWED,
        RATE_LIMITED: 40 - ALLOWED,
      });
    }
    const client = new Redis(port);
    const keys = await client.keys('*');
    client.disconnect();
    expect(keys.length).toBeGreaterThan(3);
    for (const key of keys) {
      expect(key).toMatch(/^laurel:limit:(known|[a-zA-Z]+:[a-z+]+):[A-Za-z0-9_-]{43}$/);
    }
    const before = await countInDatabase();

    await stopRedis();
    // No attempt fails for it, and none is unlimited.
    expect(await guessAtOnce(addresses, 'gone@example.com', 20)).toEqual({
      UNAUTHENTICATED: 2 * ALLOWED,
      RATE_LIMITED: 40 - 2 * ALLOWED,
    });
    redis = await startRedis();
    for (let round = 1; ; round += 1) {
      const counts = await guessAtOnce(addresses, `again${round}@example.com`, 20);
      if (counts['UNAUTHENTICATED'] === ALLOWED) {
        break;
      }
      // Not all processes have noticed yet.
      expect(round).toBeLessThan(20);
      await sleep(500);
    }
    expect(await countInDatabase()).toBe(before);
    for (const { server } of pair) {
      expect(server.output).toContain('Redis cannot be reached');
      server.kill('SIGTERM');
    }
  });

  test('a Redis that falls silent is waited for half a second, not for ever', async () => {
    const { address, server } = await serve({ REDIS_URL: `redis://127.0.0.1:${port}` });
    expect(await guessAtOnce([address], 'before-silence@example.com', 12)).toEqual({
      UNAUTHENTICATED: ALLOWED,
      RATE_LIMITED: 2,
    });
    redis.kill('SIGSTOP');
    try {
      expect(await guessAtOnce([address], 'in-silence@example.com', 12)).toEqual({
        UNAUTHENTICATED: ALLOWED,
        RATE_LIMITED: 2,
      });
    } finally {
      redis.kill('SIGCONT');
    }
    server.kill('SIGTERM');
  });

  test('a server starts without it', async () => {
    const nobody = await freePort();
    const { address, server } = await serve({ REDIS_URL: `redis://127.0.0.1:${nobody}` });
    expect(await guessAtOnce([address], 'alone@example.com', 12)).toEqual({ UNAUTHENTICATED: 10, RATE_LIMITED: 2 });
    server.kill('SIGTERM');
    expect((await server.finished).code).toBe(0);
  });
});

test('a statement that takes too long, or waits too long for a lock, is answered with 503', async () => {
  const { address, server } = await serve({ DATABASE_TIMEOUT: '1' });
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('begin');
  await client.query('lock table users');
  const answer = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ userByNickname(nickname: "nobody") { id } }' }),
  });
  expect(await answer.json()).toMatchObject({
    data: { userByNickname: null },
    errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 } }],
  });
  expect({ status: answer.status, retryAfter: answer.headers.get('retry-after') }).toEqual({
    status: 503,
    retryAfter: '1',
  });
  await client.query('rollback');
  await client.end();
  const after = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ userByNickname(nickname: "nobody") { id } }' }),
  });
  expect(after.status).toBe(200);
  server.kill('SIGTERM');
});

async function countInDatabase(): Promise<number> {
  const [row] = await rowsAt<{ count: number }>(database.url, 'select count(*)::int as count from rate_limits');
  return row!.count;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const { port } = listener.address() as { port: number };
      listener.close(() => resolve(port));
    });
  });
}
