import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.js';
import { errorsOf, insertUser, LOGIN, REGISTER, row } from './support.js';

/** The hash that the old game service stored for `password-2`. */
const BCRYPT = '$2b$10$hexseraFixtureSalt02aetlB.B3y2U9jkuoKuaZ96ceql6r4gM8W';
const INVALID = [{ code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS' }];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

let count = 0;
const unique = () => {
  count += 1;
  return { email: `person.${count}@example.com`, nickname: `person ${count}` };
};
const input = (change: Record<string, unknown> = {}) => ({
  ...unique(),
  password: PASSWORD,
  birthDate: '2000-02-29',
  ...change,
});
const register = (change: Record<string, unknown> = {}) => server.graphql(REGISTER, { input: input(change) });
const login = (email: string, password: string) => server.graphql(LOGIN, { input: { email, password } });
const users = async () => (await row<{ users: number }>(server, sql`select count(*)::int as users from users`)).users;
const hashOf = async (email: string) =>
  (await row<{ hash: string }>(server, sql`select password_hash as hash from users where email = ${email}`)).hash;

async function insertWithHash(passwordHash: string | null): Promise<string> {
  const { email, nickname } = unique();
  await insertUser(server, { email, nickname, passwordHash });
  return email;
}

describe('register', () => {
  test('makes an account with what it was given, and signs it in', async () => {
    const given = input({ timeZone: 'Asia/Seoul' });
    const { data, errors } = await server.graphql(REGISTER, { input: given });
    expect(errors).toBeUndefined();
    const { user, accessToken } = data.register;
    const answer = await server.graphql(
      `{ viewer { id nickname pictureUrl account { id email birthDate role timeZone } } }`,
      {},
      null,
      { authorization: `Bearer ${accessToken}` },
    );
    expect(answer.data.viewer).toEqual({
      id: user.id,
      nickname: given.nickname,
      pictureUrl: null,
      account: { id: user.id, email: given.email, birthDate: '2000-02-29', role: 'USER', timeZone: 'Asia/Seoul' },
    });
    expect(await hashOf(given.email)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  test('takes a null zone for none', async () => {
    expect((await register({ timeZone: null })).errors).toBeUndefined();
  });

  test.each([
    ['the same email', { email: 'twin@example.com' }, { email: 'twin@example.com' }, 'EMAIL_TAKEN', 'email'],
    ['an email in another case', { email: 'Case@Example.com' }, { email: 'cASE@eXAMPLE.COM' }, 'EMAIL_TAKEN', 'email'],
    ['the same nickname', { nickname: 'the twin' }, { nickname: 'the twin' }, 'NICKNAME_TAKEN', 'nickname'],
    ['another case', { nickname: 'Straße' }, { nickname: 'STRASSE' }, 'NICKNAME_TAKEN', 'nickname'],
    ['another width', { nickname: 'width1' }, { nickname: 'ＷＩＤＴＨ１' }, 'NICKNAME_TAKEN', 'nickname'],
    [
      'another composition',
      { nickname: '한글이름' },
      { nickname: '한글이름'.normalize('NFD') },
      'NICKNAME_TAKEN',
      'nickname',
    ],
    ['half-width katakana', { nickname: 'カタカナ' }, { nickname: 'ｶﾀｶﾅ' }, 'NICKNAME_TAKEN', 'nickname'],
    ['a ligature', { nickname: 'office' }, { nickname: 'oﬃce' }, 'NICKNAME_TAKEN', 'nickname'],
    ['Greek sigmas', { nickname: 'ΟΔΥΣΣΕΥΣ' }, { nickname: 'οδυσσευς' }, 'NICKNAME_TAKEN', 'nickname'],
    ['a capital sharp s', { nickname: 'großmut' }, { nickname: 'GROẞMUT' }, 'NICKNAME_TAKEN', 'nickname'],
    ['a sigma at the end and inside', { nickname: 'οδυς' }, { nickname: 'ΟΔΥσ' }, 'NICKNAME_TAKEN', 'nickname'],
    ['more white space', { nickname: 'a b c' }, { nickname: '  a  b\u00a0\u3000c ' }, 'NICKNAME_TAKEN', 'nickname'],
  ])('%s is a conflict', async (_what, first, second, reason, field) => {
    expect((await register(first)).errors).toBeUndefined();
    const before = await users();
    const answer = await register(second);
    expect(errorsOf(answer)).toEqual([{ code: 'CONFLICT', reason, field: `input.${field}` }]);
    expect(answer.data).toEqual({ register: null });
    expect(await users()).toBe(before);
  });

  test('repeated at once, makes one account', async () => {
    const given = input();
    const answers = await Promise.all([1, 2, 3].map(() => server.graphql(REGISTER, { input: given })));
    expect(answers.filter(({ errors }) => errors === undefined)).toHaveLength(1);
    const { found } = await row<{ found: number }>(
      server,
      sql`select count(*)::int as found from users where email = ${given.email}`,
    );
    expect(found).toBe(1);
  });

  test('in one request with a refusal, the other answers stand', async () => {
    const [first, second] = [input(), input({ password: 'short' })];
    const answer = await server.graphql(
      `mutation ($first: RegisterInput!, $second: RegisterInput!) {
        a: register(input: $first) { user { nickname } }
        b: register(input: $second) { user { nickname } }
      }`,
      { first, second },
    );
    expect(answer.data).toEqual({ a: { user: { nickname: first.nickname } }, b: null });
    expect(answer.errors![0]).toMatchObject({ path: ['b'], extensions: { field: 'input.password' } });
  });
});

describe('login', () => {
  test('by the email in any case', async () => {
    const player = await server.player();
    const { data } = await login(player.email.toUpperCase(), PASSWORD);
    expect(data.login.user).toEqual({ id: player.id, nickname: player.nickname });
    expect(data.login.refreshToken).not.toBe(player.refreshToken);
  });

  test('a wrong password, an unknown email and an account without a password answer alike', async () => {
    const player = await server.player();
    const passwordless = await insertWithHash(null);
    const answers = [
      await login(player.email, `${PASSWORD} `),
      await login(player.email, PASSWORD.toUpperCase()),
      await login(player.email, ''),
      await login('nobody@example.com', PASSWORD),
      await login(passwordless, ''),
      await login(passwordless, 'null'),
    ];
    for (const answer of answers) {
      expect(errorsOf(answer)).toEqual(INVALID);
      expect(answer.errors![0]!.message).toBe(answers[0]!.errors![0]!.message);
      expect(answer.data).toEqual({ login: null });
    }
  });

  test('applies no rule for new emails and passwords', async () => {
    await insertUser(server, { nickname: 'odd email', email: 'not an email', passwordHash: BCRYPT });
    expect((await login('NOT AN EMAIL', 'password-2')).errors).toBeUndefined();
    expect(errorsOf(await login('', ''))).toEqual(INVALID);
    expect(errorsOf(await login('x'.repeat(10_000), 'x'.repeat(10_000)))).toEqual(INVALID);
  });

  test('takes a hash of the old service and replaces it', async () => {
    const email = await insertWithHash(BCRYPT);
    expect(errorsOf(await login(email, 'password-3'))).toEqual(INVALID);
    expect(await hashOf(email)).toBe(BCRYPT);
    expect((await login(email, 'password-2')).errors).toBeUndefined();
    const replaced = await hashOf(email);
    expect(replaced).toMatch(/^\$argon2id\$/);
    expect((await login(email, 'password-2')).errors).toBeUndefined();
    expect(await hashOf(email)).toBe(replaced);
    expect(errorsOf(await login(email, 'password-3'))).toEqual(INVALID);
  });

  test('twice at once with a hash of the old service, both succeed', async () => {
    const email = await insertWithHash(BCRYPT.replace('$2b$', '$2y$'));
    const answers = await Promise.all([login(email, 'password-2'), login(email, 'password-2')]);
    expect(answers.flatMap(errorsOf)).toEqual([]);
    expect(await hashOf(email)).toMatch(/^\$argon2id\$/);
  });

  test.each(['', 'password-2', '5f4dcc3b5aa765d61d8327deb882cf99', '$2b$10$short', '$argon2id$v=19$nonsense'])(
    'a stored hash that is none (%j) fits nothing',
    async (hash) => {
      expect(errorsOf(await login(await insertWithHash(hash), hash))).toEqual(INVALID);
    },
  );

  test('replaces a hash of weaker parameters', async () => {
    const player = await server.player();
    const weak = '$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$';
    const { hash } = await import('@node-rs/argon2');
    const stored = await hash(PASSWORD, { memoryCost: 64, timeCost: 1, parallelism: 1 });
    expect(stored.slice(0, 27)).toBe(weak.slice(0, 27));
    await query(server.database.orm.em.fork(), sql`update users set password_hash = ${stored} where id = ${player.id}`);
    expect((await login(player.email, PASSWORD)).errors).toBeUndefined();
    expect(await hashOf(player.email)).toMatch(/m=19456,t=2,p=1/);
  });

  test('reads an account that lacks what came later', async () => {
    const email = await insertWithHash(BCRYPT);
    const { data } = await login(email, 'password-2');
    const answer = await server.graphql(`{ viewer { account { email birthDate timeZone role } } }`, {}, null, {
      authorization: `Bearer ${data.login.accessToken}`,
    });
    expect(answer.data.viewer.account).toEqual({ email, birthDate: null, timeZone: 'UTC', role: 'USER' });
  });

  test('more attempts at once than can wait are told to come back', async () => {
    const answers = await Promise.all(Array.from({ length: 130 }, () => login('nobody@example.com', 'x')));
    const refusals = answers.flatMap(errorsOf).filter(({ code }) => code === 'SERVICE_UNAVAILABLE');
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals[0]).toEqual({ code: 'SERVICE_UNAVAILABLE', retryAfter: 2 });
    expect((await server.player()).id).toBeDefined();
  });
});
