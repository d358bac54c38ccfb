import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CommandPlace, migratedPlace } from './place.js';
import { laurel, LaurelProcess } from './process.js';

let place: CommandPlace;
let settings: Record<string, string>;
beforeAll(async () => {
  place = await migratedPlace();
  ({ settings } = place);
});
afterAll(() => place?.close());

test.each([
  [['api-key', 'create', '--scopes', 'admin'], '--name'],
  [['api-key', 'create', '--name', 'x'], '--scopes'],
  [['api-key', 'create', '--name', ' ', '--scopes', 'admin'], 'visible characters'],
  [['api-key', 'create', '--name', 'x', '--scopes', 'admin,everything'], 'scores:write, users:read, admin'],
  [['api-key', 'create', '--name', 'x', '--scopes', ''], 'scores:write, users:read, admin'],
  [['api-key', 'create', '--name', 'x', '--scopes', 'admin', '--expires', '0d'], 'days from 1'],
  [['api-key', 'create', '--name', 'x', '--scopes', 'admin', '--expires', '90'], 'days from 1'],
  [['api-key', 'revoke'], 'id'],
])('laurel %j is wrong usage', async (words, text) => {
  expect(await laurel(words, settings)).toEqual({ code: 2, output: expect.stringContaining(text) });
});

test('a key is made, listed, let in, revoked and not let in', async () => {
  const made = await laurel(
    ['api-key', 'create', '--name', 'matchmaker', '--scopes', 'users:read, scores:write', '--expires', '90d', '--json'],
    settings,
  );
  expect(made.code).toBe(0);
  const { key, ...report } = JSON.parse(made.output);
  const days = (Date.parse(report.expiresAt) - Date.parse(report.createdAt)) / 86_400_000;
  expect({ ...report, days }).toMatchObject({
    name: 'matchmaker',
    prefix: key.slice(0, 13),
    scopes: ['scores:write', 'users:read'],
    revokedAt: null,
    lastUsedAt: null,
    days: 90,
  });
  const forPeople = await laurel(['api-key', 'create', '--name', 'x', '--scopes', 'admin'], settings);
  expect(forPeople).toEqual({ code: 0, output: expect.stringMatching(/never expires[^]*\nlaurel_[\w-]{43}\n$/) });

  expect(await activeUsersOf(key)).toMatchObject({ data: { activeUsers: [] } });
  const list = await laurel(['api-key', 'list', '--json'], settings);
  expect(JSON.parse(list.output)).toMatchObject([
    { name: 'x', scopes: ['admin'], lastUsedAt: null },
    { ...report, lastUsedAt: expect.any(String) },
  ]);
  expect(list.output).not.toContain(key);

  const revoked = await laurel(['api-key', 'revoke', report.id, '--json'], settings);
  expect({ code: revoked.code, report: JSON.parse(revoked.output) }).toMatchObject({
    code: 0,
    report: { id: report.id, revokedAt: expect.any(String) },
  });
  expect(await laurel(['api-key', 'revoke', report.id, '--json'], settings)).toEqual(revoked);
  expect(await laurel(['api-key', 'list'], settings)).toEqual({
    code: 0,
    output: expect.stringMatching(/never used\n.*"matchmaker".*revoked.*last used.*\n$/),
  });
  expect(await activeUsersOf(key)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});

test('a key that is not there is not revoked', async () => {
  const { code, output } = await laurel(['api-key', 'revoke', '00000000-0000-4000-8000-000000000000'], settings);
  expect(code).toBe(2);
  expect(output).toContain('Nothing was changed');
});

/** What a server answers to that key. It is the only one who can have the embedded database, so it ends again. */
async function activeUsersOf(key: string): Promise<unknown> {
  const server = new LaurelProcess(['serve'], { ...settings, PORT: '0' });
  try {
    const response = await fetch(`${await server.address()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify({ query: '{ activeUsers(from: "2000-01-01", to: "2000-01-02") { date } }' }),
    });
    return await response.json();
  } finally {
    server.kill('SIGTERM');
    await server.finished;
  }
}
