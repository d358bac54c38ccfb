import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { ensureAdmin } from '../../src/account/admin.service.js';
import { query, sql } from '../../src/database/query.js';
import {
  asPlayer,
  CHANGE_PASSWORD,
  DELETE,
  errorsOf,
  insertUser,
  LOGIN,
  LOGOUT,
  REFRESH,
  REGISTER,
  row,
  UPDATE,
  VIEWER,
} from '../account/support.js';
import { PASSWORD, type Answer, type Player, startTestServer, type TestServer } from '../support/server.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

const ROUNDS = 60;
/** The pool of a test server has 8 connections: so many requests of a race are in the database at once. */
const AT_ONCE = 8;

const REVOKED = { code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' };
const WRONG = { code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS', field: 'input.currentPassword' };
const NICKNAME_TAKEN = { code: 'CONFLICT', reason: 'NICKNAME_TAKEN', field: 'input.nickname' };
const EMAIL_TAKEN = { code: 'CONFLICT', reason: 'EMAIL_TAKEN', field: 'input.email' };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  // All connections open before the first race, so that its rivals do not arrive one by one.
  await Promise.all(
    Array.from({ length: AT_ONCE }, () => query(server.database.orm.em.fork(), sql`select pg_sleep(0.1)`)),
  );
});
afterAll(() => server.close());

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const succeeded = <Data>(answers: Answer<Data>[]) => answers.filter(({ errors }) => errors === undefined);
const refresh = (token: string) => server.graphql(REFRESH, { token });
const stands = async (as: Player) => (await server.graphql(VIEWER, {}, as)).errors === undefined;
const login = async (email: string, password: string) => server.graphql(LOGIN, { input: { email, password } });
const everyCase = (text: string, index: number) => (index % 2 === 0 ? text.toUpperCase() : text.toLowerCase());

async function rows(condition: ReturnType<typeof sql>): Promise<number> {
  const { found } = await row<{ found: number }>(
    server,
    sql`select count(*)::int as found from users where ${condition}`,
  );
  return found;
}

describe('registrations at once', () => {
  const register = (email: string, nickname: string) =>
    server.graphql(REGISTER, { input: { email, nickname, password: PASSWORD, birthDate: '2000-01-01' } });

  test('of one nickname in two cases: one gets it', async () => {
    for (const round of times(ROUNDS, (index) => index)) {
      const answers = await Promise.all(
        times(2, (index) => register(`n${round}-${index}@example.com`, everyCase(`Nick ${round}`, index))),
      );
      expect(answers.flatMap(errorsOf)).toEqual([NICKNAME_TAKEN]);
    }
    expect(await rows(sql`nickname_key like 'nick %'`)).toBe(ROUNDS);
  });

  test.each([2, AT_ONCE])('of %d nicknames that look alike: one gets it', async (rivals) => {
    const looks = ['Pam %', 'Раm %', 'PAM %', 'Parn %', 'РАМ %', 'pаrn %', 'Ρam %', 'ｐａｍ %'].slice(-rivals);
    for (const round of times(ROUNDS, (index) => index)) {
      const answers = await Promise.all(
        looks.map((nickname, index) =>
          register(`look${rivals}-${round}-${index}@example.com`, nickname.replace('%', `${rivals}.${round}`)),
        ),
      );
      expect(answers.flatMap(errorsOf)).toEqual(times(rivals - 1, () => NICKNAME_TAKEN));
    }
    expect(await rows(sql`email like ${`look${rivals}-%`}`)).toBe(ROUNDS);
  });

  test('of one email in two cases: one gets it', async () => {
    for (const round of times(ROUNDS, (index) => index)) {
      const answers = await Promise.all(
        times(2, (index) => register(everyCase(`same${round}@example.com`, index), `same ${round} ${index}`)),
      );
      expect(answers.flatMap(errorsOf)).toEqual([EMAIL_TAKEN]);
    }
    expect(await rows(sql`lower(email) like 'same%'`)).toBe(ROUNDS);
  });
});

test('eight rename themselves to one nickname at once: one gets it', async () => {
  const players = await Promise.all(times(AT_ONCE, () => server.player()));
  for (const round of times(ROUNDS, (index) => index)) {
    const answers = await Promise.all(
      players.map((player, index) =>
        server.graphql(UPDATE, { input: { nickname: everyCase(`Wanted ${round}`, index) } }, player),
      ),
    );
    expect(answers.flatMap(errorsOf)).toEqual(times(AT_ONCE - 1, () => NICKNAME_TAKEN));
  }
});

test('two that swap nicknames at once never end with one name', async () => {
  const [left, right] = [await server.player('left'), await server.player('right')];
  for (let round = 0; round < ROUNDS; round += 1) {
    const names = ['swap one', 'swap two'];
    const answers = await Promise.all([
      server.graphql(UPDATE, { input: { nickname: names[round % 2] } }, left),
      server.graphql(UPDATE, { input: { nickname: names[(round + 1) % 2] } }, right),
    ]);
    for (const error of answers.flatMap(errorsOf)) {
      expect(error).toEqual(NICKNAME_TAKEN);
    }
  }
});

describe('refreshes of one token at once', () => {
  test.each([2, AT_ONCE])(
    '%d of them: one succeeds, the session survives, a later replay revokes it',
    async (rivals) => {
      let token = (await server.player()).refreshToken;
      for (let round = 0; round < ROUNDS; round += 1) {
        const answers = await Promise.all(times(rivals, () => refresh(token)));
        expect(answers.flatMap(errorsOf)).toEqual(times(rivals - 1, () => REVOKED));
        const winner = asPlayer(succeeded(answers)[0]!.data.refreshSession);
        expect(await stands(winner)).toBe(true);
        token = winner.refreshToken;
      }
      const last = asPlayer((await refresh(token)).data.refreshSession);
      expect(errorsOf(await refresh(token))).toEqual([REVOKED]);
      expect(await stands(last)).toBe(false);
    },
  );

  test('a replay at once with a refresh revokes the session, whichever comes first', async () => {
    const players = await Promise.all(times(AT_ONCE, () => server.player()));
    for (let round = 0; round < ROUNDS / AT_ONCE; round += 1) {
      await Promise.all(
        players.map(async (player) => {
          const session = asPlayer((await login(player.email, PASSWORD)).data.login);
          const second = asPlayer((await refresh(session.refreshToken)).data.refreshSession);
          const [replay] = await Promise.all([refresh(session.refreshToken), refresh(second.refreshToken)]);
          expect(errorsOf(replay)).toEqual([REVOKED]);
          expect(await stands(second)).toBe(false);
        }),
      );
    }
  });
});

describe('changes of a password at once', () => {
  test('on one session: one wins, and its password holds', async () => {
    const players = await Promise.all(times(4, () => server.player()));
    await Promise.all(
      players.map(async (player) => {
        let [current, session] = [PASSWORD, player];
        for (let round = 0; round < ROUNDS / 4; round += 1) {
          const wanted = times(2, (index) => `password ${round} of ${index}`);
          const answers = await Promise.all(
            wanted.map((newPassword) =>
              server.graphql(CHANGE_PASSWORD, { input: { currentPassword: current, newPassword } }, session),
            ),
          );
          expect(answers.flatMap(errorsOf)).toEqual([WRONG]);
          const winner = answers.findIndex(({ errors }) => errors === undefined);
          current = wanted[winner]!;
          session = asPlayer(answers[winner]!.data.changePassword);
          expect(await stands(session)).toBe(true);
        }
        expect((await login(player.email, current)).errors).toBeUndefined();
      }),
    );
  });

  test('with a refresh of the same session: one refresh token is left, at most', async () => {
    const players = await Promise.all(times(4, () => server.player()));
    await Promise.all(
      players.map(async (player) => {
        for (let round = 0; round < ROUNDS / 4; round += 1) {
          const session = asPlayer((await login(player.email, PASSWORD)).data.login);
          const input = { currentPassword: PASSWORD, newPassword: PASSWORD };
          await Promise.all([server.graphql(CHANGE_PASSWORD, { input }, session), refresh(session.refreshToken)]);
          const { open } = await row<{ open: number }>(
            server,
            sql`select count(*)::int as open from session_tokens
              where spent_at is null and session_id = ${String(decodeJwt(session.accessToken)['sid'])}`,
          );
          expect(open).toBe(1);
        }
      }),
    );
  });

  test('with logins, logouts, refreshes and each other: no fault, and no session with an old password', async () => {
    const player = await server.player();
    let current = PASSWORD;
    for (let round = 0; round < ROUNDS / 4; round += 1) {
      const sessions = await Promise.all(times(3, () => login(player.email, current)));
      const [first, second, third] = sessions.map(({ data }) => asPlayer(data.login));
      const next = `password of round ${round}`;
      const change = { input: { currentPassword: current, newPassword: next } };
      const answers = await Promise.all([
        server.graphql(CHANGE_PASSWORD, change, first),
        server.graphql(CHANGE_PASSWORD, change, second),
        login(player.email, current),
        login(player.email, current),
        refresh(third!.refreshToken),
        refresh(second!.refreshToken),
        server.graphql(LOGOUT, {}, third),
        server.graphql(LOGOUT, { everywhere: round % 2 === 0 }, third),
      ]);
      expect(answers.flatMap(errorsOf).filter(({ code }) => code !== 'UNAUTHENTICATED')).toEqual([]);
      const changed = succeeded(answers.slice(0, 2));
      if (changed.length > 0) {
        current = next;
        const { standing } = await row<{ standing: number }>(
          server,
          sql`select count(*)::int as standing from sessions where user_id = ${player.id} and revoked_at is null`,
        );
        // The session that changed it, unless a logout everywhere came after. Logins with the old password are over.
        expect(standing).toBeLessThanOrEqual(1);
      }
      await server.graphql(LOGOUT, { everywhere: true }, asPlayer((await login(player.email, current)).data.login));
    }
  });
});

test('a deletion at once with logins and refreshes leaves no session but that of a login after it, which undoes it', async () => {
  const rounds = ROUNDS / AT_ONCE;
  for (let round = 0; round < rounds; round += 1) {
    const players = await Promise.all(times(4, () => server.player()));
    await Promise.all(
      players.map(async (player) => {
        const answers = await Promise.all([
          server.graphql(DELETE, { input: { password: PASSWORD } }, player),
          login(player.email, PASSWORD),
          refresh(player.refreshToken),
        ]);
        expect(answers[0].errors).toBeUndefined();
        expect(answers.flatMap(errorsOf).filter(({ code }) => code !== 'UNAUTHENTICATED')).toEqual([]);
        const { standing, deleted } = await row<{ standing: number; deleted: boolean }>(
          server,
          sql`select deleted_at is not null as deleted,
              (select count(*)::int from sessions where user_id = u.id and revoked_at is null) as standing
            from users u where id = ${player.id}`,
        );
        expect(standing).toBe(deleted ? 0 : 1);
      }),
    );
  }
});

test('first logins with an old hash at once all succeed', async () => {
  const hash = '$2b$10$hexseraFixtureSalt02aetlB.B3y2U9jkuoKuaZ96ceql6r4gM8W';
  for (let round = 0; round < 10; round += 1) {
    const email = `old${round}@example.com`;
    await insertUser(server, { nickname: `old ${round}`, email, passwordHash: hash });
    const answers = await Promise.all(times(AT_ONCE, () => login(email, 'password-2')));
    expect(answers.flatMap(errorsOf)).toEqual([]);
  }
});

test('starts of many servers at once make one admin', async () => {
  for (let round = 0; round < ROUNDS / 10; round += 1) {
    const admin = { email: `admin${round}@example.com`, nickname: `admin ${round}` };
    const made = await Promise.all(
      times(AT_ONCE, () =>
        ensureAdmin(server.database.orm.em.fork(), {
          ...admin,
          password: 'an admin password',
          birthDate: '1990-01-01',
        }),
      ),
    );
    expect(new Set(made.map((each) => each?.id)).size).toBe(1);
    expect(made.filter((each) => each?.created)).toHaveLength(1);
  }
});
