import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CommandPlace, migratedPlace } from './place.js';
import { laurel, LaurelProcess, postOnNewConnection } from './process.js';

const EMAIL = 'Ada@Example.com';
const NEW_PASSWORD = 'the password that Ada chose';
const PLAYER = { email: 'bob@example.com', nickname: 'bob', password: 'the password of Bob', birthDate: '2000-01-01' };

const RESET = `mutation ($input: ResetPasswordInput!) {
  resetPassword(input: $input) { accessToken user { id nickname } }
}`;
const LOGIN = `mutation ($input: LoginInput!) {
  login(input: $input) { accessToken user { id } }
}`;
const REGISTER = `mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }`;
const ACCOUNT = '{ viewer { id nickname account { email role emailVerified } } }';
const LOG = '{ auditLog { nodes { actorKind actorId action targetId details } } }';

let place: CommandPlace;
let dataDir: string;
let settings: Record<string, string>;
beforeAll(async () => {
  place = await migratedPlace();
  dataDir = place.dataDir;
  settings = { ...place.settings, APP_URL: 'https://game.example.com/' };
});
afterAll(() => place?.close());

/** The token in the mail to that address, once it has been written to the outbox. */
async function mailedToken(address: string): Promise<string> {
  const outbox = join(dataDir, 'outbox');
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const mails = readdirSync(outbox).map((name) => readFileSync(join(outbox, name), 'utf8'));
    const mail = mails.find((text) => text.includes(`To: ${address}`));
    const [, token] = /verify-email#token=(\S+)/.exec(unfolded(mail ?? '')) ?? [];
    if (token !== undefined) {
      return token;
    }
    await sleep(100);
  }
  throw new Error(`No mail has come to ${address}.`);
}

/** Without what quoted-printable has put into it. */
function unfolded(mail: string): string {
  return mail.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=');
}

type Send = (query: string, variables?: object, token?: string) => ReturnType<typeof postOnNewConnection>;

/** What is asked of a server, which is the only one who can have the embedded database meanwhile. */
async function served<T>(ask: (send: Send) => Promise<T>, more: Record<string, string> = {}): Promise<T> {
  const server = new LaurelProcess(['serve'], { ...settings, ...more, PORT: '0' });
  try {
    const address = await server.address();
    return await ask((query, variables = {}, token) => postOnNewConnection(address, query, variables, token));
  } finally {
    server.kill('SIGTERM');
    await server.finished;
  }
}

const create = (email: string, nickname: string, ...more: string[]) =>
  laurel(['admin', 'create', '--email', email, '--nickname', nickname, ...more], settings);

async function created(email: string, nickname: string) {
  const { code, output } = await create(email, nickname, '--json');
  expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^\{.*\}\n$/) });
  return JSON.parse(output);
}

/** All that the database holds, as text. */
async function exported(): Promise<string> {
  const folder = join(dataDir, 'exported');
  expect(await laurel(['export', 'csv', '--to', folder], settings)).toMatchObject({ code: 0 });
  const files = readdirSync(folder);
  expect(files).toContain('password_resets.csv');
  return files.map((file) => readFileSync(join(folder, file), 'utf8')).join('');
}

test.each([
  [['admin', 'create', '--nickname', 'ada'], '--email'],
  [['admin', 'create', '--email', 'ada@example.com'], '--nickname'],
  [['admin', 'create', '--email', 'ada', '--nickname', 'ada'], 'email'],
  [['admin', 'create', '--email', '', '--nickname', 'ada'], 'email'],
  [['admin', 'create', '--email', 'ada@example.com', '--nickname', 'a'], 'nickname'],
  [['admin', 'create', '--email', 'ada@example.com', '--nickname', 'a\u0007da'], 'nickname'],
])('laurel %j is wrong usage', async (words, text) => {
  const { code, output } = await laurel(words, settings);
  expect({ code, output: output.toLowerCase() }).toEqual({ code: 2, output: expect.stringContaining(text) });
});

test('an admin is made, sets the password by the last link, once, and signs in', async () => {
  const first = await created(EMAIL, 'ada');
  expect(first).toEqual({
    id: expect.any(String),
    created: true,
    link: `https://game.example.com/reset-password#token=${first.token}`,
    token: expect.any(String),
    expiresAt: expect.any(String),
  });
  const hours = (Date.parse(first.expiresAt) - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(23);
  expect(hours).toBeLessThanOrEqual(24);

  const again = await create(EMAIL.toLowerCase(), 'another name');
  expect(again.code).toBe(0);
  const [, link] = /^(https:\S+)$/m.exec(again.output) ?? [];
  expect(again.output).toMatch(`${first.id}  was there already, and is an admin.`);
  const token = link!.replace('https://game.example.com/reset-password#token=', '');
  expect(token).not.toBe(first.token);

  expect(await exported()).not.toMatch(new RegExp(`${first.token}|${token}`));

  const answers = await served(async (send) => {
    const reset = (spent: string) => send(RESET, { input: { token: spent, newPassword: NEW_PASSWORD } });
    const login = () => send(LOGIN, { input: { email: EMAIL, password: NEW_PASSWORD } });
    const before = await login();
    const old = await reset(first.token);
    const done = await reset(token);
    const second = await reset(token);
    const signedIn = await login();
    const { accessToken } = signedIn.data.login;
    return {
      refused: [before, old, second].map(({ errors }) => errors[0].extensions),
      done: done.data.resetPassword.user,
      account: (await send(ACCOUNT, {}, accessToken)).data.viewer,
      log: (await send(LOG, {}, accessToken)).data.auditLog.nodes,
    };
  });
  expect(answers).toEqual({
    refused: [
      { code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS' },
      { code: 'BAD_USER_INPUT', field: 'input.token' },
      { code: 'BAD_USER_INPUT', reason: 'TOKEN_REVOKED', field: 'input.token' },
    ],
    done: { id: first.id, nickname: 'ada' },
    account: { id: first.id, nickname: 'ada', account: { email: EMAIL, role: 'ADMIN', emailVerified: true } },
    log: [{ actorKind: 'OPERATOR', actorId: null, action: 'ADMIN_CREATED', targetId: first.id, details: {} }],
  });

  // Whoever has a password keeps it.
  expect(await created(EMAIL, 'ada')).toEqual({
    id: first.id,
    created: false,
    link: null,
    token: null,
    expiresAt: null,
  });
});

test('a player becomes an admin, and keeps the password; a taken nickname and a board are told apart in the log', async () => {
  const { id } = await served(async (send) => (await send(REGISTER, { input: PLAYER })).data.register.user);
  const taken = await create('carol@example.com', 'BOB');
  expect(taken).toEqual({ code: 1, output: expect.stringContaining('nickname') });
  expect(taken.output).toContain('Nothing was changed');

  // Whoever has registered with the address need not be who reads it.
  const squatter = await create(PLAYER.email, 'ignored');
  expect(squatter).toEqual({
    code: 1,
    output: expect.stringMatching(/nobody has confirmed it[^]*Nothing was changed/),
  });
  const verified = await served(async (send) =>
    send('mutation ($t: String!) { verifyEmail(token: $t) { user { id } } }', { t: await mailedToken(PLAYER.email) }),
  );
  expect(verified.data).toEqual({ verifyEmail: { user: { id } } });

  const promoted = await create(PLAYER.email.toUpperCase(), 'ignored');
  expect(promoted).toEqual({
    code: 0,
    output: `${id}  was there already, and is an admin.\nThe account keeps its password.\n`,
  });
  const board = await laurel(['leaderboard', 'create', 'speedrun', '--period', 'WEEKLY', '--json'], settings);
  const [{ id: boardId }] = [JSON.parse(board.output)].flat();

  const admin = {
    ADMIN_EMAIL: 'dora@example.com',
    ADMIN_NICKNAME: 'dora',
    ADMIN_PASSWORD: 'the password of Dora',
    ADMIN_BIRTH_DATE: '1990-01-01',
  };
  await served(async () => undefined, admin);
  const log = await served(async (send) => {
    const { data } = await send(LOGIN, { input: { email: PLAYER.email, password: PLAYER.password } });
    return (await send(LOG, {}, data.login.accessToken)).data.auditLog.nodes;
  }, admin);
  const byOperator = { actorKind: 'OPERATOR', actorId: null };
  expect(log.slice(0, 3)).toEqual([
    { ...byOperator, action: 'ADMIN_CREATED', targetId: expect.any(String), details: {} },
    {
      ...byOperator,
      action: 'LEADERBOARD_CREATED',
      targetId: boardId,
      details: {
        slug: 'speedrun',
        title: 'speedrun',
        aggregation: 'BEST',
        order: 'HIGHER_IS_BETTER',
        period: 'WEEKLY',
        timeZone: 'UTC',
      },
    },
    { ...byOperator, action: 'ROLE_SET', targetId: id, details: { role: 'ADMIN' } },
  ]);
  expect(log).toHaveLength(4);
});
