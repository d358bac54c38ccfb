import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { InjectOptions } from 'fastify';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { startTestServer, type TestServer } from '../support/server.js';

const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://127.0.0.1/laurel',
  TOKEN_SECRET: 'a token secret of the tests, 32 bytes',
};
const GAME = 'https://game.example.com';

let database: TestDatabase;
let server: TestServer;
let production: TestServer;
let address: URL;
beforeAll(async () => {
  database = await openTestDatabase();
  server = await startTestServer({ CORS_ORIGINS: GAME }, database);
  production = await startTestServer({ ...PRODUCTION, CORS_ORIGINS: GAME }, database);
  address = new URL(await production.http.listen({ port: 0, host: '127.0.0.1' }));
});
afterAll(async () => {
  await production.apollo.stop();
  await production.http.close();
  await server.close();
});

async function ask(options: InjectOptions, to = production) {
  const response = await to.http.inject(options);
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(response.body) };
}

const json = { 'content-type': 'application/json' };
const post = (payload: string | Buffer, headers: Record<string, string> = json): InjectOptions => ({
  method: 'POST',
  url: '/graphql',
  headers,
  payload,
});
const OK = JSON.stringify({ query: '{ __typename }' });

describe('every answer is JSON of one shape', () => {
  test.each<[string, InjectOptions, number]>([
    ['an address that is not there', { url: '/nothing' }, 404],
    ['the explorer, which production has not', { url: '/' }, 404],
    ['an address that is none', { url: '/%zz' }, 400],
    ['DELETE', { method: 'DELETE', url: '/graphql' }, 405],
    ['PUT with a query', { ...post(OK), method: 'PUT' }, 405],
    ['malformed JSON', post('{"query":'), 400],
    ['no JSON at all', post('query { viewer { id } }'), 400],
    ['an empty body', post(''), 400],
    ['JSON that is no object', post('"{ viewer { id } }"'), 400],
    ['null', post('null'), 400],
    ['several requests at once', post(`[${OK},${OK}]`), 400],
    ['keys that reach for the prototype', post('{"__proto__":{"query":"{ __typename }"}}'), 400],
    ['another content type', post(OK, { 'content-type': 'application/xml' }), 415],
    ['a form', post('query={__typename}', { 'content-type': 'application/x-www-form-urlencoded' }), 415],
    ['plain text, as other sites may send it', post(OK, { 'content-type': 'text/plain' }), 400],
    ['no content type', post(OK, {}), 415],
    ['a body too large', post(JSON.stringify({ query: `{ __typename ${' '.repeat(1_400_000)} }` })), 413],
    ['GET as other sites may send it', { url: '/graphql?query={__typename}' }, 400],
    ['a query that does not parse', post('{"query":"{"}'), 400],
    ['a token that does not hold', post(OK, { ...json, authorization: 'Bearer nonsense' }), 401],
  ])('%s', async (_what, request, status) => {
    const answer = await ask(request);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/(json|graphql-response\+json)/);
    expect(answer.body).toEqual({
      errors: [
        expect.objectContaining({
          message: expect.any(String),
          extensions: expect.objectContaining({ code: expect.any(String) }),
        }),
      ],
    });
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  test('a wrong method is told the right ones', async () => {
    expect((await ask({ method: 'DELETE', url: '/graphql' })).headers.allow).toBe('GET, POST');
  });

  test('a gzip bomb is not inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
    const answer = await ask(post(bomb, { ...json, 'content-encoding': 'gzip' }));
    expect(answer).toMatchObject({
      status: 415,
      body: { errors: [{ message: 'Send the body without compression.', extensions: { code: 'BAD_REQUEST' } }] },
    });
  });

  test.each([
    ['headers too large', `GET /graphql HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
    ['what is no HTTP', 'hello?\r\n\r\n', 400],
    [
      'two lengths of one body',
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 9\r\n\r\n',
      400,
    ],
    [
      'a length beside chunks',
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('%s', async (_what, bytes, status) => {
    const [head = '', body = ''] = (await sendBytes(bytes)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toContain('content-type: application/json');
    expect(JSON.parse(body)).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST' } }],
    });
  });
});

/** What the server sends until it closes the connection. */
function sendBytes(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(address.port), address.hostname, () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (data: string) => (received += data));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
}

describe('for browsers', () => {
  test('an answer is data for the page that asked, and kept nowhere', async () => {
    const { headers } = await ask(post(OK));
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  test('HTTPS is asked for in production alone', async () => {
    expect((await ask(post(OK), server)).headers).not.toHaveProperty('strict-transport-security');
  });

  test('only listed origins may read answers', async () => {
    const from = (origin: string) => ask(post(OK, { ...json, origin }));
    expect((await from(GAME)).headers['access-control-allow-origin']).toBe(GAME);
    for (const origin of ['https://evil.example.com', 'http://game.example.com', `${GAME}.evil.example`, 'null']) {
      expect((await from(origin)).headers).not.toHaveProperty('access-control-allow-origin');
    }
    expect((await from(GAME)).headers).not.toHaveProperty('access-control-allow-credentials');
  });

  test('OPTIONS that is no preflight has nothing to answer', async () => {
    const { statusCode, body } = await production.http.inject({ method: 'OPTIONS', url: '/graphql' });
    expect({ statusCode, body }).toEqual({ statusCode: 204, body: '' });
  });

  test('caches keep the answers for different origins apart', async () => {
    expect(String((await ask(post(OK, { ...json, origin: GAME }))).headers.vary)).toMatch(/origin/i);
  });
});

describe('in production the schema is not told', () => {
  const INTROSPECTION = '{ __schema { types { name } } }';
  test.each<[string, string, Record<string, unknown>, RegExp]>([
    ['introspection', INTROSPECTION, {}, /RegisterInput|"types"/],
    ['one type', '{ __type(name: "User") { name } }', {}, /"name":/],
    ['a misspelt field', '{ viewr { id } }', {}, /Did you mean|viewer/],
    ['a misspelt argument', '{ user(idd: 1) { id } }', {}, /Did you mean/],
    ['a misspelt type', 'query ($x: RegisterInputt) { viewer { id } }', {}, /Did you mean/],
    [
      'a misspelt value of an enum',
      '{ viewer { account { friendRequests(direction: INCOMIN) { totalCount } } } }',
      {},
      /Did you mean|INCOMING/,
    ],
    [
      'a misspelt value of an enum in a variable',
      'query ($d: FriendRequestDirection!) { viewer { account { friendRequests(direction: $d) { totalCount } } } }',
      { d: 'INCOMIN' },
      /Did you mean|INCOMING/,
    ],
    [
      'a misspelt field of an input in a variable',
      'mutation ($input: LoginInput!) { login(input: $input) { accessToken } }',
      { input: { emai: 'x@example.com', email: 'x@example.com', password: 'x' } },
      /Did you mean/,
    ],
    [
      'a misspelt field of an input',
      'mutation { login(input: { emai: "x@example.com", email: "x@example.com", password: "x" }) { accessToken } }',
      {},
      /Did you mean/,
    ],
    ['a field without its selection', '{ viewer }', {}, /Did you mean/],
    ['a fragment on a misspelt type', '{ ...F } fragment F on Quer { viewer { id } }', {}, /Did you mean|Query/],
  ])('%s', async (_what, query, variables, told) => {
    const hidden = await production.send(query, variables);
    expect(JSON.parse(hidden.body).errors.length).toBeGreaterThan(0);
    expect(hidden.body).not.toMatch(told);
    // Else there would be nothing to hide.
    expect((await server.send(query, variables)).body).toMatch(told);
  });

  test('what a client has sent itself is told back whole', async () => {
    const { body } = await production.send(
      'query ($n: Int!) { users(nicknamePrefix: "", first: $n) { nodes { id } } }',
      {
        n: 'Did you mean this?',
      },
    );
    expect(body).toContain('Did you mean this?');
  });
});
