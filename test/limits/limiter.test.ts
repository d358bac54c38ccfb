import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.js';
import { attempt, guess, login } from './attempts.js';

let database: TestDatabase;
/** Not limited: for what the tests need beside. */
let free: TestServer;
let server: TestServer;
let behindProxy: TestServer;
beforeAll(async () => {
  database = await openTestDatabase();
  free = await startTestServer({}, database);
  server = await startTestServer({ RATE_LIMITS: 'true' }, database);
  behindProxy = await startTestServer({ RATE_LIMITS: 'true', TRUST_PROXY: '10.0.0.0/8' }, database);
});
afterAll(async () => {
  for (const { apollo, http } of [free, behindProxy]) {
    await apollo.stop();
    await http.close();
  }
  await server.close();
});

const LIMITED = { status: 429, code: 'RATE_LIMITED' };

/** Addresses that no other test uses. */
let networks = 0;
function network(): (host?: number) => { from: string } {
  networks += 1;
  const third = networks;
  return (host = 1) => ({ from: `198.51.${third}.${host}` });
}

describe('signing in', () => {
  test('ten wrong passwords from an address are answered, then none, the right one neither', async () => {
    const { email } = await free.player();
    const from = network();
    expect(new Set(await guess(server, email, 10, () => from()))).toEqual(new Set(['UNAUTHENTICATED']));
    const refused = await login(server, email, PASSWORD, from());
    expect(refused).toMatchObject({ ...LIMITED, data: { login: null } });
    expect(refused.retryAfter).toBeGreaterThan(800);
    expect(refused.retryAfter).toBeLessThanOrEqual(900);
    expect(refused.retryAfterHeader).toBe(String(refused.retryAfter));
    // The owner is elsewhere, and others are at that address.
    expect(await login(server, email, PASSWORD, network()())).toMatchObject({ status: 200 });
    expect(await login(server, (await free.player()).email, PASSWORD, from())).toMatchObject({ status: 200 });
  });

  test('every alias counts', async () => {
    const { email } = await free.player();
    const from = network();
    const fields = Array.from(
      { length: 10 },
      (_, n) => `a${n}: login(input: { email: "${email}", password: "wrong" }) { accessToken }`,
    );
    const answered = await attempt(server, `mutation { ${fields.join(' ')} }`, {}, from());
    expect(answered).toMatchObject({ status: 200, code: 'UNAUTHENTICATED' });
    expect(await login(server, email, PASSWORD, from())).toMatchObject(LIMITED);
  });

  test('attempts at the same time count as if one came after the other', async () => {
    const { email } = await free.player();
    const from = network();
    const codes = await Promise.all(
      Array.from({ length: 25 }, async () => (await login(server, email, 'a wrong password', from())).code),
    );
    expect(codes.filter((code) => code === 'UNAUTHENTICATED')).toHaveLength(10);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15);
  });

  test('the case of the email makes no difference, nor whether there is an account', async () => {
    const from = network();
    const codes = [
      ...(await guess(server, 'Nobody@Example.com', 5, () => from())),
      ...(await guess(server, 'nobody@example.com', 5, () => from())),
    ];
    expect(new Set(codes)).toEqual(new Set(['UNAUTHENTICATED']));
    expect(await guess(server, 'NOBODY@example.com', 1, () => from())).toEqual(['RATE_LIMITED']);
  });

  test('what only some rules fold to the letters of the email is another account', async () => {
    const { id } = await free.player();
    await query(database.orm.em.fork(), sql`update users set email = 'iiii@example.com' where id = ${id}`);
    const from = network();
    expect(await login(server, '\u0130iii@example.com', PASSWORD, from())).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await login(server, 'IIII@example.com', PASSWORD, from())).toMatchObject({ status: 200 });
  });

  test('those that succeed give back what they took', async () => {
    const { email } = await free.player();
    const from = network();
    for (let n = 0; n < 15; n += 1) {
      expect(await login(server, email, PASSWORD, from())).toMatchObject({ status: 200 });
    }
    // Their own, and not what wrong ones took.
    await guess(server, email, 9, () => from());
    expect(await login(server, email, PASSWORD, from())).toMatchObject({ status: 200 });
    expect(await guess(server, email, 2, () => from())).toEqual(['UNAUTHENTICATED', 'RATE_LIMITED']);
  });

  test('an address has a hundred wrong ones, whatever the account', async () => {
    const from = network();
    const codes: unknown[] = [];
    for (let ten = 0; ten < 100; ten += 10) {
      const emails = Array.from({ length: 10 }, (_, n) => `nobody${ten + n}@example.com`);
      const answers = await Promise.all(emails.map((each) => guess(server, each, 1, () => from())));
      codes.push(...answers.flat());
    }
    expect(new Set(codes)).toEqual(new Set(['UNAUTHENTICATED']));
    expect(await login(server, (await free.player()).email, PASSWORD, from())).toMatchObject(LIMITED);
  });

  test('an account has fifty from anywhere, and its owner still signs in from where they have before', async () => {
    const { email } = await free.player();
    const home = network()();
    expect(await login(server, email, PASSWORD, home)).toMatchObject({ status: 200 });
    const from = network();
    expect(new Set(await guess(server, email, 50, from))).toEqual(new Set(['UNAUTHENTICATED']));
    expect(await guess(server, email, 1, () => network()())).toEqual(['RATE_LIMITED']);
    expect(await login(server, email, PASSWORD, network()())).toMatchObject(LIMITED);
    expect(await login(server, email, PASSWORD, home)).toMatchObject({ status: 200 });
    // There, ten wrong ones are the end as well.
    await guess(server, email, 10, () => home);
    expect(await login(server, email, PASSWORD, home)).toMatchObject(LIMITED);
  });
});

describe('the address', () => {
  test('is not what a client says of itself', async () => {
    const { email } = await free.player();
    const from = network();
    await guess(server, email, 10, (n) => ({ ...from(), forwarded: `192.0.2.${n}` }));
    expect(await login(server, email, PASSWORD, { ...from(), forwarded: '192.0.2.99' })).toMatchObject(LIMITED);
  });

  test('is what a trusted proxy says, and nobody before it', async () => {
    const { email } = await free.player();
    const client = network()().from;
    const through = (first: string, by = '10.0.0.1') => ({ from: by, forwarded: `${first}, ${client}` });
    await guess(behindProxy, email, 10, (n) => through(`192.0.2.${n}`, `10.0.0.${1 + (n % 3)}`));
    expect(await login(behindProxy, email, PASSWORD, through('192.0.2.99'))).toMatchObject(LIMITED);
    expect(await login(behindProxy, email, PASSWORD, { from: '10.0.0.1', forwarded: network()().from })).toMatchObject({
      status: 200,
    });
    // Whoever comes past the proxy is not believed.
    const other = await free.player();
    const direct = network()();
    await guess(behindProxy, other.email, 10, (n) => ({ ...direct, forwarded: `192.0.2.${n}` }));
    expect(await login(behindProxy, other.email, PASSWORD, direct)).toMatchObject(LIMITED);
  });

  test('of IPv6 is the network', async () => {
    const { email } = await free.player();
    await guess(server, email, 10, (n) => ({ from: `2001:db8:1:2:${n}::${n}` }));
    expect(await login(server, email, PASSWORD, { from: '2001:db8:1:2:ffff::1' })).toMatchObject(LIMITED);
    expect(await login(server, email, PASSWORD, { from: '2001:db8:1:3::1' })).toMatchObject({ status: 200 });
  });
});

describe('other fields', () => {
  test('twenty accounts an hour are made from an address', async () => {
    const from = network()();
    const register = (n: number) =>
      attempt(
        server,
        'mutation ($input: RegisterInput!) { register(input: $input) { user { id } } }',
        // Refused for its birth date: the attempt counts, and no hash is to be waited for.
        { input: { email: `new${n}@example.com`, nickname: `new ${n}`, password: PASSWORD, birthDate: '2999-01-01' } },
        from,
      );
    for (let n = 0; n < 20; n += 1) {
      expect(await register(n)).toMatchObject({ code: 'BAD_USER_INPUT' });
    }
    expect(await register(20)).toMatchObject({ ...LIMITED, retryAfter: expect.any(Number) });
  });

  test('a session is refreshed sixty times a minute, with tokens that are spent as with ones that are not', async () => {
    const player = await free.player();
    const from = network()();
    const refresh = (refreshToken: string) =>
      attempt(
        server,
        'mutation ($token: String!) { refreshSession(refreshToken: $token) { refreshToken } }',
        { token: refreshToken },
        from,
      );
    let token = player.refreshToken;
    for (let n = 0; n < 59; n += 1) {
      token = (await refresh(token)).data['refreshSession']!['refreshToken']!;
    }
    expect((await refresh(player.refreshToken)).code).toBe('UNAUTHENTICATED');
    expect(await refresh(token)).toMatchObject(LIMITED);
    expect((await refresh((await free.player()).refreshToken)).status).toBe(200);
  });

  test('a player sends sixty friend requests an hour', async () => {
    const player = await free.player();
    const other = await free.player();
    const request = (token: string) =>
      attempt(
        server,
        'mutation ($id: ID!) { requestFriendship(userId: $id) { user { id } } }',
        { id: other.id },
        { ...network()(), token },
      );
    for (let n = 0; n < 60; n += 1) {
      expect((await request(player.accessToken)).status).toBe(200);
    }
    expect(await request(player.accessToken)).toMatchObject(LIMITED);
    expect((await request((await free.player()).accessToken)).status).toBe(200);
  });

  test('a stolen access token does not guess the password', async () => {
    const player = await free.player();
    const change = (currentPassword: string) =>
      attempt(
        server,
        'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { user { id } } }',
        { input: { currentPassword, newPassword: 'another password' } },
        { ...network()(), token: player.accessToken },
      );
    for (let n = 0; n < 10; n += 1) {
      expect((await change('a wrong password')).code).toBe('UNAUTHENTICATED');
    }
    expect(await change(PASSWORD)).toMatchObject(LIMITED);
  });
});

test('in an answer that has something, the one that is refused is beside it', async () => {
  const { email } = await free.player();
  const from = network()();
  await guess(server, email, 10, () => from);
  const other = await free.player();
  const field = (address: string) => `login(input: { email: "${address}", password: "${PASSWORD}" }) { accessToken }`;
  const answered = await attempt(server, `mutation { a: ${field(email)} b: ${field(other.email)} }`, {}, from);
  expect(answered).toMatchObject({ status: 200, code: 'RATE_LIMITED', data: { a: null, b: {} } });
  expect(answered.data['b']!['accessToken']).toEqual(expect.any(String));
});

test('switched off, nothing is refused', async () => {
  const from = network()();
  expect(new Set(await guess(free, 'nobody-else@example.com', 15, () => from))).toEqual(new Set(['UNAUTHENTICATED']));
});

test('what is stored tells of nobody', async () => {
  if (database.embedded) {
    // It counts in its own memory.
    expect(await query(database.orm.em.fork(), sql`select 1 from rate_limits`)).toEqual([]);
    return;
  }
  const { email } = await free.player();
  await guess(server, email, 1, () => ({ from: '203.0.113.77' }));
  const rows = await query(database.orm.em.fork(), sql<{ key: string }>`select key from rate_limits`);
  expect(rows.length).toBeGreaterThan(3);
  for (const { key } of rows) {
    expect(key).toMatch(/^(known|[a-zA-Z]+:[a-z+]+):[A-Za-z0-9_-]{43}$/);
  }
});
