import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readPersistedOperations } from '../../src/limits/persisted-operations.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { startTestServer, type TestServer } from '../support/server.js';

const BODY = 'query Boards { leaderboards(first: 1) { nodes { slug } } }';
const OTHER = '{ __typename }';
const OPERATIONS = [{ id: 'boards-1', name: 'Boards', type: 'query', body: BODY }];
const MANIFEST = { format: 'apollo-persisted-query-manifest', version: 1, operations: OPERATIONS };

let folder: string;
let file: string;
let database: TestDatabase;
let open: TestServer;
let closed: TestServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'laurel-manifest-'));
  file = join(folder, 'manifest.json');
  writeFileSync(file, JSON.stringify(MANIFEST));
  database = await openTestDatabase();
  open = await startTestServer({ PERSISTED_OPERATIONS: file }, database);
  closed = await startTestServer({ PERSISTED_OPERATIONS: file, PERSISTED_ONLY: 'true' }, database);
});
afterAll(async () => {
  await open.apollo.stop();
  await open.http.close();
  await closed.close();
  rmSync(folder, { recursive: true });
});

const byId = (id: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: id } } });

async function post(server: TestServer, payload: object) {
  const { statusCode, body } = await server.http.inject({ method: 'POST', url: '/graphql', payload });
  return { status: statusCode, ...JSON.parse(body) };
}

const ANSWERED = { status: 200, data: { leaderboards: { nodes: [{ slug: 'monthly' }] } } };
const REFUSED = { status: 400, errors: [{ extensions: { code: 'PERSISTED_QUERY_ONLY' } }] };

describe('with the operations of a file', () => {
  test('an id is answered', async () => {
    expect(await post(open, byId('boards-1'))).toMatchObject(ANSWERED);
    expect(await post(closed, byId('boards-1'))).toMatchObject(ANSWERED);
  });

  test('an id is answered by GET', async () => {
    const { statusCode } = await closed.http.inject({
      url: `/graphql?extensions=${encodeURIComponent(JSON.stringify(byId('boards-1').extensions))}`,
      headers: { 'apollo-require-preflight': 'true' },
    });
    expect(statusCode).toBe(200);
  });

  test('an unknown id is not, and cannot be registered', async () => {
    const hash = '7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b';
    for (const server of [open, closed]) {
      expect(await post(server, byId(hash))).toMatchObject({
        errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
      });
    }
    await post(open, { query: OTHER, ...byId(hash) });
    expect(await post(open, byId(hash))).toMatchObject({
      errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    });
  });

  test('other operations are answered, unless these are all', async () => {
    expect(await post(open, { query: OTHER })).toMatchObject({ status: 200, data: { __typename: 'Query' } });
    expect(await post(closed, { query: OTHER })).toMatchObject(REFUSED);
    expect(await post(closed, { query: `${BODY} ` })).toMatchObject(REFUSED);
    expect(await post(closed, { query: OTHER, ...byId('boards-1') })).toMatchObject(REFUSED);
    expect(await post(closed, { query: [OTHER] })).toMatchObject(REFUSED);
    expect((await post(closed, [{ query: OTHER }])).data).toBeUndefined();
  });

  test('the text of one is as good as its id', async () => {
    expect(await post(closed, { query: BODY })).toMatchObject(ANSWERED);
  });

  test('other operations are refused by GET as well', async () => {
    const { statusCode, body } = await closed.http.inject({
      url: `/graphql?query=${encodeURIComponent(OTHER)}`,
      headers: { 'apollo-require-preflight': 'true' },
    });
    expect({ status: statusCode, ...JSON.parse(body) }).toMatchObject(REFUSED);
  });

  test('nor does it help to write the address in another way', async () => {
    const { statusCode, body } = await closed.http.inject({
      method: 'POST',
      url: '/%67raphql?x=/other',
      payload: { query: OTHER },
    });
    expect({ status: statusCode, ...JSON.parse(body) }).toMatchObject(REFUSED);
  });

  test('what is refused does not reach the parser, whose messages would tell of the schema', async () => {
    const { errors } = await post(closed, { query: '{ viewr { id } }' });
    expect(JSON.stringify(errors)).not.toMatch(/viewer|Cannot query/);
  });
});

test.each([
  ['no JSON', '{', /JSON/],
  ['another format', JSON.stringify({ ...MANIFEST, format: 'relay' }), /format/],
  ['no operations', JSON.stringify({ ...MANIFEST, operations: undefined }), /operations/],
  ['an operation without a body', JSON.stringify({ ...MANIFEST, operations: [{ id: 'x' }] }), /operations\.0\.body/],
])('a file with %s is refused, and says why', (_what, text, message) => {
  const broken = join(folder, 'broken.json');
  writeFileSync(broken, text);
  expect(() => readPersistedOperations(broken)).toThrow(message);
});
