import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { assert, asyncProperty, constantFrom, integer } from 'fast-check';
import { query, sql } from '../../src/database/query.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { errorsOf, insertUser } from './support.js';

const SEARCH = `query ($prefix: String!, $first: Int, $after: String) {
  users(nicknamePrefix: $prefix, first: $first, after: $after) {
    edges { cursor node { nickname } }
    nodes { nickname }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

/** Nicknames around every trap of a prefix search; one of each set of twins. */
const NICKNAMES = (
  "a ab Abc abd ABE a% a%b a_ a_b a\\ a'b a-b a.b b ba % %a _ __ \\ 가 가나 가나다 각 강 한글 하늘 ＦＵＬＬ é éa e ea " +
  'Straße straw İstanbul ıx 😀 😀a 😁 👨‍👩‍👧‍👦 zz ａ1 a10 a2 ﬁn'
)
  .split(' ')
  .concat('a b', 'a bc');

interface UserPage {
  edges: { cursor: string; node: { nickname: string } }[];
  nodes: { nickname: string }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const nickname of NICKNAMES) {
    await insertUser(server, { nickname });
  }
});
afterAll(() => server.close());

const search = (variables: Record<string, unknown>) => server.graphql(SEARCH, variables);
const found = async (prefix: string): Promise<string[]> =>
  (await search({ prefix, first: 100 })).data.users.nodes.map(({ nickname }: { nickname: string }) => nickname);

/** What the database folds a nickname to, said in another language. */
const fold = (text: string) => text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
const bytes = (text: string) => Buffer.from(fold(text));
/** The whole list for a prefix, in the order of code points. */
async function naive(prefix: string): Promise<string[]> {
  const users = await query(
    server.database.orm.em.fork(),
    sql<{ nickname: string }>`select nickname from users where deleted_at is null`,
  );
  return users
    .map(({ nickname }) => nickname)
    .filter((nickname) => fold(nickname).startsWith(fold(prefix)))
    .toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)));
}

test('what is longer than any nickname is not looked for, as normalising it takes minutes', async () => {
  const endless = 'a' + '\u0316\u0301'.repeat(2000);
  server.database.statements.length = 0;
  const { data } = await server.graphql(
    'query ($n: String!) { userByNickname(nickname: $n) { id } users(nicknamePrefix: $n) { nodes { id } } }',
    { n: endless },
  );
  expect(data).toEqual({ userByNickname: null, users: { nodes: [] } });
  expect(server.database.statements).toEqual([]);
});

describe('user', () => {
  test('is found by id, in any case of its letters', async () => {
    const player = await server.player();
    const ask = (id: string) => server.graphql('query ($id: ID!) { user(id: $id) { id } }', { id });
    expect((await ask(player.id)).data.user).toEqual({ id: player.id });
    expect((await ask(player.id.toUpperCase())).data.user).toEqual({ id: player.id });
  });

  test('is found by an id that came from elsewhere, whatever its version', async () => {
    const id = '11111111-2222-3333-0444-555555555555';
    await query(
      server.database.orm.em.fork(),
      sql`insert into users (id, nickname) values (${id}, ${'zzz elsewhere'})`,
    );
    expect((await server.graphql(`{ user(id: "${id}") { nickname } }`)).data.user.nickname).toBe('zzz elsewhere');
  });

  test.each(['', '0', '1', 'me', 'null', '0190a1b2-0000-7000-8000-000000000000', "' or true --", 'x'.repeat(10_000)])(
    'is null for the unknown id %j',
    async (id) => {
      const answer = await server.graphql('query ($id: ID!) { user(id: $id) { id } }', { id });
      expect(answer.errors).toBeUndefined();
      expect(answer.data).toEqual({ user: null });
    },
  );

  test('is null for a number', async () => {
    expect((await server.graphql('{ user(id: 7) { id } }')).data).toEqual({ user: null });
  });

  test('many in one request take one statement', async () => {
    const player = await server.player();
    server.database.statements.length = 0;
    await server.graphql(
      `query ($id: ID!) { a: user(id: $id) { nickname } b: user(id: $id) { nickname } c: user(id: "${crypto.randomUUID()}") { id } }`,
      { id: player.id },
    );
    expect(server.database.statements).toHaveLength(1);
  });
});

describe('viewer', () => {
  test('is null for nobody and for a service key', async () => {
    expect((await server.graphql('{ viewer { id } }')).data).toEqual({ viewer: null });
    expect((await server.graphql('{ viewer { id } }', {}, 'service')).data).toEqual({ viewer: null });
  });
});

describe('userByNickname', () => {
  const ask = async (nickname: string) =>
    (await server.graphql('query ($n: String!) { userByNickname(nickname: $n) { nickname } }', { n: nickname })).data
      .userByNickname?.nickname ?? null;

  test.each([
    ['ABC', 'Abc'],
    ['ａｂｃ', 'Abc'],
    ['full', 'ＦＵＬＬ'],
    ['STRASSE', 'Straße'],
    ['한글'.normalize('NFD'), '한글'],
    ['É', 'é'],
    ['e\u0301', 'é'],
    ['FIN', 'ﬁn'],
    ['a%', 'a%'],
    ['a%%', null],
    ['abcd', null],
    ['', null],
    ['x'.repeat(10_000), null],
  ])('%j finds %j', async (nickname, stored) => {
    expect(await ask(nickname)).toBe(stored);
  });
});

describe('users', () => {
  test.each([
    '',
    'a',
    'A',
    'ａ',
    'ab',
    'a%',
    'a_',
    '%',
    '_',
    '\\',
    "a'",
    'a ',
    '가',
    '각',
    '하',
    'E',
    'é',
    'fi',
    'STRASS',
  ])('begins with %j', async (prefix) => {
    expect(await found(prefix)).toEqual(await naive(prefix));
  });

  test('wildcards are letters like others', async () => {
    expect(await found('a%')).toEqual(['a%', 'a%b']);
    expect(await found('a_')).toEqual(['a_', 'a_b']);
    expect(await found('%')).toEqual(['%', '%a']);
    expect(await found('\\')).toEqual(['\\']);
  });

  test('a prefix that nobody has is an empty page', async () => {
    expect((await search({ prefix: 'nobody' })).data.users).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  test('20 by default, 100 at most', async () => {
    expect((await search({ prefix: '' })).data.users.nodes).toHaveLength(20);
    expect((await search({ prefix: '', first: null, after: null })).data.users.nodes).toHaveLength(20);
    for (const first of [0, -1, 101, 2_147_483_647, -2_147_483_648]) {
      expect(errorsOf(await search({ prefix: '', first }))).toEqual([{ code: 'BAD_USER_INPUT', field: 'first' }]);
    }
    for (const first of ['5', 1.5, 2_147_483_648, true, [1, 2]]) {
      expect(errorsOf(await search({ prefix: '', first }))).toEqual([{ code: 'BAD_USER_INPUT', field: 'first' }]);
    }
  });

  test('pages of any size concatenate to the naive list', async () => {
    const prefixes = constantFrom('', 'a', 'AB', 'a%', '가', '하', 'e', 'zz', 'none', '😀');
    await assert(
      asyncProperty(prefixes, integer({ min: 1, max: 20 }), async (prefix, first) => {
        const seen: string[] = [];
        let after: string | null = null;
        for (;;) {
          const { edges, nodes, pageInfo }: UserPage = (await search({ prefix, first, after })).data.users;
          expect(nodes).toEqual(edges.map(({ node }) => node));
          expect(pageInfo.hasPreviousPage).toBe(after !== null);
          expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor ?? null);
          seen.push(...nodes.map(({ nickname }) => nickname));
          if (!pageInfo.hasNextPage) {
            break;
          }
          expect(nodes).toHaveLength(first);
          after = pageInfo.endCursor;
        }
        expect(seen).toEqual(await naive(prefix));
      }),
      { numRuns: 40 },
    );
  });

  test('cursors of another search, of another list or of nothing are refused', async () => {
    const { endCursor } = (await search({ prefix: 'a', first: 2 })).data.users.pageInfo;
    const [fingerprint, ...key] = JSON.parse(Buffer.from(endCursor, 'base64url').toString()) as string[];
    const forge = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url');
    const texts = ['', 'x', 'null', 'e30', '____', endCursor.slice(4), `${endCursor}${endCursor}`, 'x'.repeat(100_000)];
    const forged = [[], ['x', 'y'], [fingerprint], [fingerprint, 7], [fingerprint, null], [fingerprint, ...key, 'x']];
    const malformed = [
      [fingerprint, 'a\0'],
      [fingerprint, '\ud800'],
    ];
    const garbled = texts.concat([...forged, ...malformed, {}].map(forge));
    for (const after of garbled) {
      expect(errorsOf(await search({ prefix: 'a', after }))).toEqual([{ code: 'BAD_USER_INPUT', field: 'after' }]);
    }
    expect(errorsOf(await search({ prefix: 'ab', after: endCursor }))).toEqual([
      { code: 'BAD_USER_INPUT', field: 'after' },
    ]);
    expect((await search({ prefix: 'a', after: endCursor })).errors).toBeUndefined();
  });

  test('a renamed user is found by the new name alone', async () => {
    const player = await server.player('before');
    await server.graphql('mutation { updateProfile(input: { nickname: "after it all" }) { user { id } } }', {}, player);
    expect(await found(player.nickname)).toEqual([]);
    expect(await found('AFTER IT')).toEqual(['after it all']);
  });
});
