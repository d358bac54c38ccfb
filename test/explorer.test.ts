import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Kind, parse, validate } from 'graphql';
import type { FastifyInstance } from 'fastify';
import { loadConfig } from '../src/config.js';
import { exampleOperations } from '../src/explorer/examples.js';
import { createLog } from '../src/log.js';
import { createSchema } from '../src/schema.js';
import { createServer, type LaurelServer } from '../src/server.js';
import { openTestDatabase, type TestDatabase } from './support/database.js';

const SANDBOX = 'https://studio.apollographql.com';
const INTROSPECTED = { data: { __schema: { queryType: { name: 'Query' } } } };
const SCRIPT_FRAME = '/explorer/iframe-sandbox/index.html';
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://127.0.0.1/laurel',
  TOKEN_SECRET: 'a token secret of the tests, 32 bytes',
};

let database: TestDatabase;
const servers: LaurelServer[] = [];
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(async () => {
  for (const { apollo, http } of servers) {
    await apollo.stop();
    await http.close();
  }
  await database.close();
});

/** The HTTP side of a server with those settings. */
async function start(settings: NodeJS.ProcessEnv): Promise<FastifyInstance> {
  const config = { ...loadConfig(settings), tokenKey: Buffer.from('a token secret of the tests, 32 bytes') };
  const server = await createServer(database, config, createLog('silent'));
  servers.push(server);
  return server.http;
}

function preflight(http: FastifyInstance, requestHeaders: string) {
  return http.inject({
    method: 'OPTIONS',
    url: '/graphql',
    headers: {
      origin: SANDBOX,
      'access-control-request-method': 'POST',
      'access-control-request-headers': requestHeaders,
    },
  });
}

function introspect(http: FastifyInstance) {
  return http.inject({
    method: 'POST',
    url: '/graphql',
    headers: { origin: SANDBOX, 'content-type': 'application/json' },
    payload: { query: '{ __schema { queryType { name } } }' },
  });
}

test('the page and all it refers to come from the server itself', async () => {
  const http = await start({});
  const page = await http.inject('/');
  expect(page.statusCode).toBe(200);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.body).toContain('<base href="/explorer/">');
  const files = [...page.body.matchAll(/<(?:link|script|img) [^>]*(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
  expect(files).toEqual(expect.arrayContaining(['main.js', 'styles.css', 'options.js']));
  for (const file of files) {
    expect(file).not.toMatch(/^(https?:)?\/\//);
    const { statusCode } = await http.inject(new URL(file, 'http://localhost/explorer/').pathname);
    expect({ file, statusCode }).toEqual({ file, statusCode: 200 });
  }
});

test('the page allows neither evaluated code, nor other hosts, nor frames around it', async () => {
  const http = await start({});
  const { headers } = await http.inject('/');
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe-eval|https?:|\*/);
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
});

test('scripts are evaluated for this origin alone', async () => {
  const http = await start({});
  const policyFor = async (path: string) =>
    String((await http.inject({ url: path, headers: { host: 'game.example' } })).headers['content-security-policy']);
  expect(await policyFor(`${SCRIPT_FRAME}?sc=http://game.example&action=evaluator`)).toContain("'unsafe-eval'");
  for (const path of [
    SCRIPT_FRAME,
    `${SCRIPT_FRAME}?sc=https://evil.example`,
    `${SCRIPT_FRAME}?sc=https://evil.example&sc=http://game.example`,
    '/explorer/iframe-sandbox/%69ndex.html?sc=https://evil.example',
    '/explorer/iframe-sandbox/%69ndex.html?sc=http://game.example',
    '/explorer/index.html?sc=http://game.example',
  ]) {
    expect({ path, policy: await policyFor(path) }).toEqual({ path, policy: expect.not.stringContaining('eval') });
  }
});

test('the endpoint is where the page was asked for', async () => {
  const http = await start({});
  const { body, headers } = await http.inject({ url: '/explorer/options.js', headers: { host: 'localhost:4000' } });
  expect(body).toContain('endpointURL: `http://localhost:4000/graphql`');
  expect(headers['cache-control']).toBe('no-store');
});

test('forwarded addresses count only where the proxy is trusted', async () => {
  const headers = { host: 'inner:4000', 'x-forwarded-host': 'game.example', 'x-forwarded-proto': 'https' };
  const behindProxy = await start({ TRUST_PROXY: 'true' });
  const direct = await start({});
  expect((await behindProxy.inject({ url: '/explorer/options.js', headers })).body).toContain(
    '`https://game.example/graphql`',
  );
  expect((await direct.inject({ url: '/explorer/options.js', headers })).body).toContain('`http://inner:4000/graphql`');
});

test('a host name cannot put code into the script', async () => {
  const http = await start({});
  const { body } = await http.inject({ url: '/explorer/options.js', headers: { host: '`+alert(1)+`${alert(2)}' } });
  expect(body).toContain('\\`+alert(1)+\\`\\${alert(2)}');
});

test('production has no explorer, unless it is asked for', async () => {
  const without = await start(PRODUCTION);
  expect((await without.inject('/')).statusCode).toBe(404);
  expect((await without.inject('/explorer/main.js')).statusCode).toBe(404);
  const asked = await start({ ...PRODUCTION, EXPLORER: 'true' });
  expect((await asked.inject('/')).statusCode).toBe(200);
});

test('files outside the explorer are out of reach', async () => {
  const http = await start({});
  for (const path of ['/explorer/../package.json', '/explorer/..%2f..%2fpackage.json', '/explorer/%2e%2e/index.js']) {
    expect((await http.inject(path)).statusCode).toBeGreaterThanOrEqual(400);
  }
});

test.each(exampleOperations)('the example "$name" fits the schema', ({ query, variables }) => {
  const document = parse(query);
  expect(validate(createSchema(), document)).toEqual([]);
  const declared = document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? (definition.variableDefinitions ?? []) : [],
  );
  expect(Object.keys(variables ?? {})).toEqual(declared.map(({ variable }) => variable.name.value));
});

test('the hosted Apollo Sandbox can connect', async () => {
  const http = await start({});
  const asked = 'authorization,content-type,x-api-key,apollo-require-preflight,apollographql-client-name';
  const { statusCode, headers } = await preflight(http, asked);
  expect(statusCode).toBe(204);
  expect(headers['access-control-allow-origin']).toBe(SANDBOX);
  expect(headers['access-control-allow-methods']).toContain('POST');
  expect(headers['access-control-allow-headers']).toBe(asked);
  const answer = await introspect(http);
  expect(answer.headers['access-control-allow-origin']).toBe(SANDBOX);
  expect(answer.json()).toMatchObject(INTROSPECTED);
});

test('in production it cannot, and the schema is not told', async () => {
  const http = await start(PRODUCTION);
  const { headers } = await preflight(http, 'content-type');
  expect(headers).not.toHaveProperty('access-control-allow-origin');
  const answer = await introspect(http);
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  expect(answer.json()).toMatchObject({ errors: [expect.anything()] });
  expect(answer.body).not.toContain('queryType": {');
});

test('in production it can by setting', async () => {
  const http = await start({ ...PRODUCTION, INTROSPECTION: 'true', CORS_ORIGINS: SANDBOX });
  expect((await preflight(http, 'content-type')).headers['access-control-allow-origin']).toBe(SANDBOX);
  expect((await introspect(http)).json()).toEqual(INTROSPECTED);
});

test('other origins are not allowed', async () => {
  const http = await start({});
  const { headers } = await http.inject({
    method: 'OPTIONS',
    url: '/graphql',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  });
  expect(headers['access-control-allow-origin']).not.toBe('https://evil.example');
  expect(headers['access-control-allow-origin']).not.toBe('*');
});
