import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { laurel, LaurelProcess, post } from './process.js';

const LOGIN = `mutation { login(input: { email: "player1@demo.laurel.example", password: "laurel-demo" }) {
  accessToken user { nickname } } }`;

let dataDir: string;
let settings: Record<string, string>;
let server: LaurelProcess;

function start(): LaurelProcess {
  return new LaurelProcess(['serve'], settings);
}

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'laurel-serve-'));
  // The same player signs in more often at once than people do.
  settings = { DATA_DIR: dataDir, PORT: '0', RATE_LIMITS: 'false' };
});
afterEach(async () => {
  server?.kill('SIGKILL');
  await server?.finished;
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

test('the first start migrates, seeds, prints the address and a login that works; the next keeps everything', async () => {
  server = start();
  let address = await server.address();
  expect(server.output).toContain('sign in as player1@demo.laurel.example with the password laurel-demo');
  expect(await (await fetch(`${address}/readyz`)).json()).toEqual({ status: 'ok' });
  const { data } = await post(address, LOGIN);
  expect(data.login.user.nickname).toBe('데모');

  server.kill('SIGTERM');
  expect((await server.finished).code).toBe(0);
  server = start();
  address = await server.address();
  // The token was signed before the restart, and the session is in the database.
  const { data: after } = await post(address, '{ viewer { nickname } }', data.login.accessToken);
  expect(after.viewer.nickname).toBe('데모');
});

describe('the lock on the data folder', () => {
  test('a second server and a command are refused, naming the pid', async () => {
    server = start();
    await server.address();
    const refusal = `in use by the Laurel process with pid ${server.pid}`;
    for (const words of [['serve'], ['leaderboard', 'list'], ['migrate', 'upgrade']]) {
      const { code, output } = await laurel(words, settings);
      expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(refusal) });
    }
  });

  test('a lock left by a killed process is taken over', async () => {
    server = start();
    await server.address();
    server.kill('SIGKILL');
    await server.finished;
    const { code, output } = await laurel(['leaderboard', 'list'], settings);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('monthly') });
  });

  test('so is one whose pid belongs to another process by now', async () => {
    writeFileSync(join(dataDir, 'laurel.lock'), JSON.stringify({ pid: process.pid, startedAt: '1' }));
    const { code, output } = await laurel(['leaderboard', 'list'], settings);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('monthly') });
  });

  test('of several that start at once, one gets in', async () => {
    const ended = await Promise.all(Array.from({ length: 4 }, () => laurel(['leaderboard', 'list'], settings)));
    expect(ended.filter(({ code }) => code === 0).length).toBeGreaterThanOrEqual(1);
    for (const { code, output } of ended) {
      expect(output).toContain(code === 0 ? 'monthly' : 'in use by the Laurel process with pid');
    }
  });
});

test('SIGTERM lets the request in flight finish while readyz answers 503', async () => {
  server = start();
  const address = await server.address();
  // The embedded database runs one statement after the other: a crowd of logins keeps some in flight.
  const logins = Array.from({ length: 12 }, () => post(address, LOGIN));
  await sleep(30);
  server.kill('SIGTERM');
  await sleep(20);
  const ready = await fetch(`${address}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: 'unavailable', reason: 'shutting down' });
  for (const { data } of await Promise.all(logins)) {
    expect(data.login.user.nickname).toBe('데모');
  }
  expect((await server.finished).code).toBe(0);
});
