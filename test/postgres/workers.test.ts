import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { DEMO_LOGIN } from '../../src/seed/seed.service.js';
import { laurel, LaurelProcess, postOnNewConnection } from '../cli/process.js';
import { createEmptyDatabase } from '../support/database.js';

const WORKERS = 3;
/** More than enough connections for each worker to get one, taken in turn. */
const ATTEMPTS = 4 * WORKERS;

let settings: Record<string, string>;
let drop: () => Promise<void>;
let server: LaurelProcess;
let address: string;
beforeAll(async () => {
  const database = await createEmptyDatabase(process.env['TEST_POSTGRES_URL'], process.env['LAUREL_TEST_TEMPLATE']);
  ({ drop } = database);
  settings = {
    DATABASE_URL: database.url,
    PORT: '0',
    TOKEN_SECRET: 'd8b1ad70f3bb4d5cb8b26d0c5c1f9a7e',
    LOG_LEVEL: 'error',
  };
  await laurel(['seed', '--players', '50'], settings);
  server = new LaurelProcess(['serve', '--workers', String(WORKERS)], settings);
  address = await server.address();
});
afterAll(async () => {
  server.kill('SIGKILL');
  await server.finished;
  await drop();
});

const ask = (query: string, variables: object, token?: string) => postOnNewConnection(address, query, variables, token);

async function login(): Promise<{ accessToken: string; refreshToken: string }> {
  const { data } = await ask('mutation ($input: LoginInput!) { login(input: $input) { accessToken refreshToken } }', {
    input: { email: DEMO_LOGIN.email, password: DEMO_LOGIN.password },
  });
  return data.login;
}

function workerPids(): number[] {
  const listed = execFileSync('ps', ['-A', '-o', 'ppid=,pid='], { encoding: 'utf8' });
  const rows = listed
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return rows.flatMap(([parent, pid]) => (parent === server.pid ? [pid!] : []));
}

async function eventually<T>(look: () => T | Promise<T>, isRight: (value: T) => boolean): Promise<T> {
  for (let left = 300; ; left -= 1) {
    const value = await look();
    if (isRight(value) || left === 0) {
      return value;
    }
    await sleep(100);
  }
}

test('what one worker writes all others know: sessions, tokens, scores, ranks', async () => {
  expect(workerPids()).toHaveLength(WORKERS);
  const { accessToken, refreshToken } = await login();
  const SUBMIT =
    'mutation ($input: SubmitScoreInput!) { submitScore(input: $input) { score { id } standing { rank } } }';
  const input = { score: 90_000_000, idempotencyKey: 'one-for-all' };
  const submitted = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    submitted.push((await ask(SUBMIT, { input }, accessToken)).data.submitScore);
  }
  expect(new Set(submitted.map(({ score }) => score.id)).size).toBe(1);
  expect(new Set(submitted.map(({ standing }) => standing.rank))).toEqual(new Set([1]));

  const refreshed = await ask('mutation ($token: String!) { refreshSession(refreshToken: $token) { accessToken } }', {
    token: refreshToken,
  });
  const token = refreshed.data.refreshSession.accessToken;
  await ask('mutation { logout { sessionsEnded } }', {}, token);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { errors } = await ask('{ viewer { nickname } }', {}, token);
    expect(errors[0].extensions).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' });
  }
});

// A worker that the machine lets wait sees its request only when another one's answer is out already: then it is a
// replay to it, and rightly ends the session. On a machine that is busy with other suites that happens now and then.
jest.retryTimes(3);

test('of many refreshes at once on different workers, exactly one succeeds and the session stands', async () => {
  for (let round = 0; round < 20; round += 1) {
    const { refreshToken } = await login();
    const answers = await Promise.all(
      Array.from({ length: WORKERS }, () =>
        ask('mutation ($token: String!) { refreshSession(refreshToken: $token) { accessToken } }', {
          token: refreshToken,
        }),
      ),
    );
    const succeeded = answers.flatMap(({ data }) => (data?.refreshSession ? [data.refreshSession.accessToken] : []));
    expect(succeeded).toHaveLength(1);
    const { data } = await ask('{ viewer { nickname } }', {}, succeeded[0]);
    expect(data.viewer.nickname).toBe(DEMO_LOGIN.nickname);
  }
});

test('a worker that dies is replaced, and the others go on', async () => {
  const before = workerPids();
  process.kill(before[0]!, 'SIGKILL');
  await eventually(workerPids, (pids) => !pids.includes(before[0]!));
  const { data } = await ask('{ leaderboard { slug } }', {});
  expect(data.leaderboard.slug).toBe('monthly');
  const after = await eventually(workerPids, (pids) => pids.length === WORKERS);
  expect(after).toHaveLength(WORKERS);
  expect(after).not.toContain(before[0]);
});

test('SIGTERM ends all of them, in order', async () => {
  const other = new LaurelProcess(['serve', '--workers', '2'], settings);
  await other.address();
  other.kill('SIGTERM');
  expect((await other.finished).code).toBe(0);
});

test('they go when the process that started them is killed', async () => {
  const other = new LaurelProcess(['serve', '--workers', '2'], settings);
  const at = await other.address();
  other.kill('SIGKILL');
  const listens = (): Promise<boolean> =>
    fetch(`${at}/livez`).then(
      () => true,
      () => false,
    );
  expect(await eventually(listens, (still) => !still)).toBe(false);
});

test('without a database server there is one process, or none', async () => {
  const { DATABASE_URL: _, ...embedded } = settings;
  const refused = await laurel(['serve', '--workers', '2'], embedded);
  expect(refused).toEqual({ code: 2, output: expect.stringContaining('set DATABASE_URL') });
  expect(await laurel(['serve', '--workers', '0'], settings)).toMatchObject({ code: 2 });
  const unreachable = { ...settings, DATABASE_URL: 'postgres://postgres@127.0.0.1:1/none' };
  expect(await laurel(['serve', '--workers', '2'], unreachable)).toMatchObject({ code: 1 });
});
