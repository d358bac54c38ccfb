import { once } from 'node:events';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Database, openDatabase } from '../src/database/database.js';
import { query, sql } from '../src/database/query.js';
import { createLog } from '../src/log.js';
import { createServer, type LaurelServer } from '../src/server.js';
import { API_KEY, PASSWORD, startTestServer, type TestServer } from './support/server.js';

const lines: string[] = [];
const log = createLog('trace', { write: (line) => lines.push(line) });
const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
const LEAK = /select |insert |users|picture_|relation|constraint|node_modules|\.ts:|\.js:|stacktrace|kysely|postgres/i;

let server: TestServer;
let logging: LaurelServer;
beforeAll(async () => {
  server = await startTestServer();
  logging = await createServer(server.database, server.config, log);
});
afterAll(async () => {
  await close(logging);
  await server.close();
});
beforeEach(() => {
  lines.length = 0;
});

async function close({ apollo, http }: LaurelServer): Promise<void> {
  await apollo.stop();
  await http.close();
}

function openNowhere(port: number): Promise<Database> {
  const databaseUrl = `postgres://somebody:a-secret@localhost:${port}/none`;
  return openDatabase({ databaseUrl, databasePoolSize: 1, dataDir: '' });
}

async function send(to: LaurelServer, payload: unknown, headers: Record<string, string> = {}) {
  const { statusCode, body } = await to.http.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
  return { status: statusCode, body };
}

/** Takes a column away while `work` runs: a fault of the server that no client has caused. */
async function withoutColumn<T>(work: () => Promise<T>): Promise<T> {
  const em = server.database.orm.em.fork();
  await query(em, sql`alter table users rename column picture_url to picture_elsewhere`);
  try {
    return await work();
  } finally {
    await query(em, sql`alter table users rename column picture_elsewhere to picture_url`);
  }
}

describe('an unexpected error', () => {
  test('is masked, under an id that is in the log with its cause', async () => {
    const answer = await withoutColumn(() =>
      send(logging, { query: '{ userByNickname(nickname: "x") { id } leaderboard { slug } }' }),
    );
    const { data, errors } = JSON.parse(answer.body);
    expect(data).toEqual({ userByNickname: null, leaderboard: { slug: 'monthly' } });
    expect(errors).toHaveLength(1);
    const { errorId } = errors[0].extensions;
    expect(errors[0].extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', errorId });
    expect(errors[0].path).toEqual(['userByNickname']);
    expect(answer.body).not.toMatch(LEAK);
    expect(logged()).toEqual([
      expect.objectContaining({
        errorId,
        err: expect.objectContaining({ code: '42703', message: expect.stringContaining('picture_url') }),
      }),
    ]);
  });

  test('is masked as well where it fails the request before its execution', async () => {
    const { accessToken } = await server.player();
    const answer = await withoutColumn(() =>
      send(logging, { query: '{ viewer { id } }' }, { authorization: `Bearer ${accessToken}` }),
    );
    const [error] = JSON.parse(answer.body).errors;
    expect(answer.status).toBe(500);
    expect(error.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', errorId: expect.any(String) });
    expect(answer.body).not.toMatch(LEAK);
    expect(lines.join('')).toContain(error.extensions.errorId);
    expect(lines.join('')).not.toContain(accessToken);
  });
});

describe('a database that cannot be had', () => {
  /** Hangs up on everybody, as a pooler without a server behind it does. */
  const listener = createListener((socket) => socket.end());
  let nowhere: Database;
  let stranded: LaurelServer;
  beforeAll(async () => {
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    nowhere = await openNowhere((listener.address() as AddressInfo).port);
    stranded = await createServer(nowhere, server.config, log);
  });
  afterAll(async () => {
    await close(stranded);
    await nowhere.close();
    listener.close();
  });

  test.each([
    ['anonymous callers', {}],
    ['service keys', { 'x-api-key': API_KEY }],
  ])('answers %s with 503', async (_who, headers) => {
    const answer = await send(stranded, { query: '{ userByNickname(nickname: "x") { id } }' }, headers);
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({
      data: { userByNickname: null },
      errors: [expect.objectContaining({ extensions: { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 } })],
    });
    expect(answer.body).not.toMatch(LEAK);
    expect(lines.join('')).not.toContain('a-secret');
  });

  test('answers signed-in users with 503', async () => {
    const { accessToken } = await server.player();
    const headers = { authorization: `Bearer ${accessToken}` };
    const answer = await send(stranded, { query: '{ viewer { id } }' }, headers);
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body).errors[0].extensions).toEqual({ code: 'SERVICE_UNAVAILABLE', retryAfter: 1 });
    expect(answer.body).not.toMatch(LEAK);
  });

  test('answers with 503 as well where nobody listens', async () => {
    const refused = await openNowhere(1);
    const waiting = await createServer(refused, server.config, log);
    const { accessToken } = await server.player();
    const answer = await send(waiting, { query: '{ viewer { id } }' }, { authorization: `Bearer ${accessToken}` });
    expect(answer.status).toBe(503);
    await close(waiting);
    await refused.close();
  });

  test('answers mutations with 503', async () => {
    const answer = await send(stranded, { query: 'mutation { refreshSession(refreshToken: "x") { accessToken } }' });
    expect(answer.status).toBe(503);
  });

  test('leaves what needs no database as it is', async () => {
    const answer = await send(stranded, { query: '{ __typename userByNickname(nickname: "x") { id } }' });
    expect(JSON.parse(answer.body).data).toEqual({ __typename: 'Query', userByNickname: null });
    expect(answer.status).toBe(200);
  });
});

describe('the log', () => {
  test('has nothing secret and nothing personal of all that a client can do', async () => {
    const email = 'a.private.address@example.com';
    const birthDate = '1987-06-05';
    const credentials = { email, password: PASSWORD };
    const register = `mutation ($input: RegisterInput!) { register(input: $input) { accessToken refreshToken } }`;
    const login = `mutation ($input: LoginInput!) { login(input: $input) { accessToken } }`;
    const refresh = `mutation ($token: String!) { refreshSession(refreshToken: $token) { refreshToken } }`;
    const account = { ...credentials, nickname: 'logged', birthDate };
    const registered = await send(logging, { query: register, variables: { input: account } });
    const { accessToken, refreshToken } = JSON.parse(registered.body).data.register;
    const headers = { authorization: `Bearer ${accessToken}` };
    const payloads: unknown[] = [
      { query: register, variables: { input: account } },
      { query: register, variables: { input: { ...account, nickname: 7 } } },
      { query: login, variables: { input: { ...credentials, password: [PASSWORD] } } },
      { query: login, variables: { input: { ...credentials, password: `${PASSWORD}\0` } } },
      { query: `mutation { login(input: { email: "${email}", password: "${PASSWORD}" }) { nonsense } }` },
      { query: `mutation { login(input: { email: "${email}", password: "${PASSWORD}"` },
      { query: refresh, variables: { token: refreshToken } },
      { query: refresh, variables: { token: refreshToken } },
      `{"query": "mutation", "variables": {"email": "${email}", "password": "${PASSWORD}",}}`,
      `${refreshToken} ${PASSWORD}`,
      [{ query: login, variables: { input: credentials } }],
    ];
    for (const payload of payloads) {
      await send(logging, payload, headers);
      await send(logging, payload);
      await send(logging, payload, { 'content-type': 'text/plain' });
      await send(logging, payload, { 'x-api-key': `${API_KEY}x` });
      await withoutColumn(() => send(logging, payload));
    }
    await logging.http.inject({ url: `/graphql?query=${encodeURIComponent(login)}&variables=${refreshToken}` });
    await logging.http.inject({ url: `/nowhere?token=${refreshToken}`, headers });
    expect(lines.length).toBeGreaterThan(0);
    const all = lines.join('');
    for (const secret of [email, birthDate, PASSWORD, accessToken, refreshToken, API_KEY, 'a token secret of']) {
      expect(all).not.toContain(secret);
      expect(all).not.toContain(secret.slice(0, 9));
    }
  });

  test('redacts by name, at any usual depth', () => {
    const secrets = { password: 's3cret', refreshToken: 's3cret', email: 's3cret', birthDate: 's3cret' };
    const headers = { authorization: 's3cret', 'x-api-key': 's3cret', cookie: 's3cret' };
    log.info({ ...secrets, a: { ...secrets, b: { ...secrets, headers } }, headers, req: { headers } }, 'told');
    expect(lines.join('')).toContain('[redacted]');
    expect(lines.join('')).not.toContain('s3cret');
  });

  test('keeps the data that the database quotes out', async () => {
    const em = server.database.orm.em.fork();
    const text = sql`select ${'s3cret "in" quotes'}::text::uuid`;
    const cast = await query(em, text).catch((error: unknown) => error);
    await server.player('x', { email: 's3cret@example.com' });
    const statement = sql`insert into users (id, nickname, email) values (gen_random_uuid(), 'y', 's3cret@example.com')`;
    const twin = await query(em, statement).catch((error: unknown) => error);
    log.error({ err: cast }, 'cast');
    log.error({ err: twin }, 'twin');
    log.error({ err: 's3cret' }, 'not an error');
    expect(logged().map(({ err }) => (err as { code?: string }).code)).toEqual(['22P02', '23505', undefined]);
    expect(lines.join('')).toContain('users_email_unique');
    expect(lines.join('')).not.toContain('s3cret');
  });
});
