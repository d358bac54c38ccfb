import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { array, assert, asyncProperty, jsonValue } from 'fast-check';
import { type CommunitySource, openCommunitySource } from '../../src/transfer/community/source.js';
import { exportFile } from './community-support.js';
import { scratchFolder } from './csv-support.js';

let folder: ReturnType<typeof scratchFolder>;
beforeAll(() => {
  folder = scratchFolder();
});
afterAll(() => folder.remove());

const open = (content: unknown): Promise<CommunitySource> => openCommunitySource(exportFile(folder.path, content));

/** The rows of each table as objects without what is NULL. */
async function rowsOf(source: CommunitySource): Promise<Record<string, Record<string, string>[]>> {
  const all: Record<string, Record<string, string>[]> = {};
  for (const table of source.tables) {
    all[table.name] = [];
    for await (const rows of source.rows(table)) {
      for (const row of rows) {
        const values = table.columns.flatMap(({ name }, place) =>
          row[place] === null ? [] : [[name, row[place]!.toString()]],
        );
        all[table.name]!.push(Object.fromEntries(values));
      }
    }
  }
  return all;
}

const read = async (content: unknown) => rowsOf(await open(content));

const ADA = { email: 'ada@example.com', name: 'Ada', verified_email: true, provider: 'one', provider_id: '1' };

describe('an export of the community', () => {
  test('has its rows in lists, with numbers in their own digits', async () => {
    const json = `{
      "users": [{"email": "ada@example.com", "provider_id": 123456789012345678901234567890, "verified_email": false}],
      "posts": [{"id": 7, "title": "\\u00e9\\n", "content": ""}],
      "token_blacklist": [{"token": "t", "blacklisted_at": "2025-01-01T00:00:00Z"}]
    }`;
    expect(await read(json)).toEqual({
      users: [
        {
          entry: '1',
          email: 'ada@example.com',
          provider_id: '123456789012345678901234567890',
          verified_email: 'false',
        },
      ],
      posts: [{ entry: '1', id: '7', title: 'é\n', content: '' }],
      token_blacklist: [{ entry: '1', token: 't', blacklisted_at: '2025-01-01T00:00:00Z' }],
    });
  });

  test('has them by their keys, as the old service kept them', async () => {
    const { email, ...rest } = ADA;
    expect(
      await read({
        users: { [email]: rest, 'eve@example.com': { email: 'eve@example.com', name: 'Eve' } },
        posts: { 'p-1': { title: 'T' } },
        blacklist: { 'the.token': '2025-01-01T00:00:00', other: null, third: { blacklisted_at: '2025-01-02' } },
      }),
    ).toEqual({
      users: [
        { entry: '1', ...ADA, verified_email: 'true' },
        { entry: '2', email: 'eve@example.com', name: 'Eve' },
      ],
      posts: [{ entry: '1', id: 'p-1', title: 'T' }],
      token_blacklist: [
        { entry: '1', token: 'the.token', blacklisted_at: '2025-01-01T00:00:00' },
        { entry: '2', token: 'other' },
        { entry: '3', token: 'third', blacklisted_at: '2025-01-02' },
      ],
    });
  });

  test('has a set of tokens, and parts that are empty or left out', async () => {
    expect(await read({ posts: {}, token_blacklist: ['a', 'b'] })).toEqual({
      posts: [],
      token_blacklist: [
        { entry: '1', token: 'a' },
        { entry: '2', token: 'b' },
      ],
    });
  });

  test('says of a row what cannot be taken, and takes the rest of it', async () => {
    const json = `{ "users": {
      "a@example.com": {"email": "b@example.com", "name": "A"},
      "c@example.com": {"name": 1e400, "picture": {"a": [1, {"b": null}], "c": "d"}, "provider": true, "verified_email": 1},
      "d@example.com": {"name": "D", "name": "E"},
      "e@example.com": [1, "x"],
      "f@example.com": {"provider_id": 1.5, "created_at": 1735689600}
    } }`;
    expect(await read(json)).toEqual({
      users: [
        {
          entry: '1',
          name: 'A',
          fault: 'the row is kept by "a@example.com", and its email is "b@example.com"',
        },
        {
          entry: '2',
          email: 'c@example.com',
          fault:
            'name is to be a text, and is 1e400; picture is to be a text, and is {"a":[1,{"b":null}],"c":"d"}; verified_email is to be true or false, and is 1; provider is to be a text, and is true',
        },
        { entry: '3', email: 'd@example.com', fault: 'name is there 2 times: "D", "E"' },
        { entry: '4', email: 'e@example.com', fault: 'the row is to be an object, and is [1,"x"]' },
        {
          entry: '5',
          email: 'f@example.com',
          fault:
            'provider_id is to be a text or an integer, and is 1.5; created_at is to be a time as text, and is 1735689600',
        },
      ],
    });
  });

  test('has every value as it is or says so, whatever is in it', async () => {
    await assert(
      asyncProperty(array(jsonValue({ maxDepth: 4 }), { maxLength: 20 }), async (values) => {
        const { users } = await read({ users: values.map((name) => ({ name })) });
        expect(
          users!.map(
            ({ name, fault }) =>
              name ?? JSON.parse(/^name is to be a text, and is (.*)$/s.exec(fault ?? '')?.[1] ?? 'null'),
          ),
        ).toEqual(values.map((value) => JSON.parse(JSON.stringify(value))));
      }),
      { numRuns: 200 },
    );
  });

  test('of rows by one key twice, has both', async () => {
    const { users } = await read('{"users": {"a@example.com": {"name": "A"}, "a@example.com": {"name": "B"}}}');
    expect(users!.map(({ email, name }) => [email, name])).toEqual([
      ['a@example.com', 'A'],
      ['a@example.com', 'B'],
    ]);
  });

  test('says what else is in it', async () => {
    const source = await open({
      version: 3,
      sessions: [{ a: [1, 2] }],
      users: [{ ...ADA, last_ip: '::1' }, { last_ip: 'x', note: 1 }, {}],
      posts: [{ likes: {} }],
    });
    expect(source.notCarried).toEqual([
      { name: 'version', why: "is no part of the community's export" },
      { name: 'sessions', why: "is no part of the community's export" },
      { name: 'users.last_ip', why: 'a field of 2 rows that the community does not have' },
      { name: 'users.note', why: 'a field of 1 row that the community does not have' },
      { name: 'posts.likes', why: 'a field of 1 row that the community does not have' },
    ]);
    expect((await rowsOf(source))['users']).toHaveLength(3);
  });

  test('may begin with a byte order mark, and have characters across the pieces in which it is read', async () => {
    const name = '김'.repeat(200_000);
    const bytes = Buffer.from(`\ufeff${JSON.stringify({ users: [{ name }] })}`);
    const { users } = await read(bytes);
    expect(users![0]!['name'] === name).toBe(true);
  });
});

describe('a file that is none is refused, and it is said what to do', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['is cut off', '{"users": [\n {"email": "a"}', /export\.json, line 2, character 16: .* Nothing was changed\./],
    ['is not JSON', '{"users": [],\n "posts": [}', /line 2, character 12: .* Nothing was changed\./],
    ['goes on behind its end', '{"users": []} {}', /line 1, character 15: .* Nothing was changed\./],
    ['is empty', '', /line 1, character 1: .* Nothing was changed\./],
    ['is a list', '[1]', /is no export of the community\. Nothing was changed\. It is to be an object with users/],
    [
      'has nothing of the community',
      '{"people": []}',
      /has none of users, posts, token_blacklist\. Nothing was changed/,
    ],
    ['has a part twice', '{"users": [], "users": []}', /has users twice\. Nothing was changed\. Leave one of them/],
    [
      'has a part by both names',
      '{"blacklist": [], "token_blacklist": []}',
      /has both blacklist and token_blacklist\. Nothing was changed/,
    ],
    ['has a part of another form', '{"users": "none"}', /users is a text\. Nothing was changed\. It is to be a list/],
    ['has null for a part', '{"posts": null}', /posts is null\. Nothing was changed\. .* leave it out/],
    [
      'is not UTF-8',
      Buffer.concat([Buffer.from('{"users": [{"name": "'), Buffer.from([0xff]), Buffer.from('"}]}')]),
      /is not UTF-8: what is after 21 bytes is no text\. Nothing was changed\. Export it as UTF-8/,
    ],
    [
      'ends within a character',
      Buffer.concat([Buffer.from('{"users": [{"name": "'), Buffer.from([0xe2, 0x82])]),
      /is not UTF-8: what is after 21 bytes/,
    ],
  ])('where it %s', async (_what, content, message) => {
    await expect(open(content)).rejects.toThrow(message);
  });

  test('where it is not there', async () => {
    await expect(openCommunitySource(`${folder.path}/nowhere.json`)).rejects.toThrow(
      /There is no file .*nowhere\.json\. Nothing was changed/,
    );
  });

  test('where somebody writes to it meanwhile', async () => {
    const source = await open({ users: [ADA] });
    exportFile(folder.path, { users: [ADA, ADA] });
    await expect(rowsOf(source)).rejects.toThrow(/was changed while it was read/);
  });
});
