import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, SignJWT } from 'jose';
import { query, sql } from '../../src/database/query.js';
import { createLog } from '../../src/log.js';
import { createServer } from '../../src/server.js';
import { API_KEY, PASSWORD, type Player, startTestServer, type TestServer } from '../support/server.js';
import { asPlayer, CHANGE_PASSWORD, DELETE, errorsOf, LOGIN, LOGOUT, REFRESH, row, VIEWER } from './support.js';

const UNAUTHENTICATED = { code: 'UNAUTHENTICATED' };
const EXPIRED = { code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' };
const REVOKED = { code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' };
const PUBLIC_FIELD = '{ userByNickname(nickname: "nobody") { id } }';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const withHeaders = (headers: Record<string, string>) => server.graphql(PUBLIC_FIELD, {}, null, headers);
const bearer = (token: string) => withHeaders({ authorization: `Bearer ${token}` });
const refresh = (token: string) => server.graphql(REFRESH, { token });

async function login(player: Player): Promise<Player> {
  const { data } = await server.graphql(LOGIN, { input: { email: player.email, password: PASSWORD } });
  return { ...asPlayer(data.login), email: player.email };
}

/** Puts a token on the list of those that are refused, as an import of an old service's blacklist does. */
async function refuse(token: string): Promise<void> {
  await query(
    server.database.orm.em.fork(),
    sql`insert into refused_tokens (token_hash, refused_at) values (sha256(convert_to(${token}::text, 'UTF8')), now())`,
  );
}

interface Crafted {
  key: Uint8Array;
  header: Record<string, unknown>;
  payload: Record<string, unknown>;
}

/** An access token as the server makes them, but for what `change` does to it. */
async function craft(
  player: Player,
  { key = server.config.tokenKey, ...change }: Partial<Crafted> = {},
): Promise<string> {
  const header = { alg: 'HS256', typ: 'at+jwt', ...change.header };
  const payload = { ...decodeJwt(player.accessToken), ...change.payload };
  return new SignJWT(payload).setProtectedHeader(header).sign(key);
}

describe('access tokens', () => {
  test('last 15 minutes, refresh tokens 30 days', async () => {
    const player = await server.player();
    const { iat, exp } = decodeJwt(player.accessToken);
    expect(exp! - iat!).toBe(15 * 60);
    const { data } = await refresh(player.refreshToken);
    const token = decodeJwt(data.refreshSession.accessToken);
    expect(data.refreshSession.accessTokenExpiresAt).toBe(new Date(token.exp! * 1000).toISOString());
    const { days } = await row<{ days: number }>(
      server,
      sql`select extract(epoch from expires_at - created_at)::int / 86400 as days from session_tokens
        where spent_at is null and session_id = ${String(token['sid'])}`,
    );
    expect(days).toBe(30);
  });

  test('are taken with the scheme in any case', async () => {
    const player = await server.player();
    const answer = await server.graphql(VIEWER, {}, null, { authorization: `bEARER ${player.accessToken}` });
    expect(answer.data.viewer).toEqual({ id: player.id });
  });

  test('that are crafted well are taken', async () => {
    expect((await bearer(await craft(await server.player()))).errors).toBeUndefined();
  });

  test('that have expired fail the whole request, on public fields too', async () => {
    const past = Math.floor(Date.now() / 1000) - 1;
    const answer = await bearer(await craft(await server.player(), { payload: { iat: past - 900, exp: past } }));
    expect(answer.status).toBe(401);
    expect(errorsOf(answer)).toEqual([EXPIRED]);
    expect(answer.data).toBeUndefined();
  });

  test.each([
    ['another key', { key: Buffer.from('some other secret of at least 32 bytes') }],
    ['another audience', { payload: { aud: 'elsewhere' } }],
    ['another issuer', { payload: { iss: 'elsewhere' } }],
    ['no session', { payload: { sid: undefined } }],
    ['a session id that is none', { payload: { sid: "x' or true --" } }],
    ['a session id that is a number', { payload: { sid: 7 } }],
    ['no end', { payload: { exp: undefined } }],
    ['another type', { header: { typ: 'JWT' } }],
    ['another algorithm', { header: { alg: 'HS512' } }],
  ])('with %s are refused', async (_what, change) => {
    const answer = await bearer(await craft(await server.player(), change));
    expect(answer.status).toBe(401);
    expect(errorsOf(answer)).toEqual([UNAUTHENTICATED]);
  });

  test('without a signature, cut short or in another case are refused', async () => {
    const { accessToken } = await server.player();
    const [, payload, signature] = accessToken.split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const garbled = [`${none}.${payload}.`, `${none}.${payload}.${signature}`, accessToken.slice(0, -2)];
    for (const token of [...garbled, accessToken.toUpperCase(), accessToken.toLowerCase(), 'null', 'é'.repeat(9)]) {
      expect(errorsOf(await bearer(token))).toEqual([UNAUTHENTICATED]);
    }
  });

  test('of a session that does not exist are refused as revoked', async () => {
    const token = await craft(await server.player(), { payload: { sid: '0190a1b2-0000-7000-8000-000000000000' } });
    expect(errorsOf(await bearer(token))).toEqual([REVOKED]);
  });

  test.each(['', 'Bearer', 'Bearer ', 'Basic dTpw', 'Bearer a b', 'token'])(
    'an authorization header of %j is refused',
    async (authorization) => {
      const answer = await withHeaders({ authorization });
      expect(answer.status).toBe(401);
      expect(errorsOf(answer)).toEqual([UNAUTHENTICATED]);
    },
  );

  test('on the list of refused ones are refused from the next request on, and others of the session go on', async () => {
    const [player, other] = [await server.player(), await server.player()];
    const another = await craft(player, { payload: { jti: 'another token of the same session' } });
    const ask = () => Promise.all([player.accessToken, another, other.accessToken].map(bearer));
    expect((await ask()).map(errorsOf)).toEqual([[], [], []]);
    await refuse(player.accessToken);
    // Served at the same time, they share a statement.
    expect((await ask()).map(errorsOf)).toEqual([[REVOKED], [], []]);
    expect((await bearer(player.accessToken)).status).toBe(401);
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([]);
  });

  test('are not refresh tokens, nor the other way round', async () => {
    const player = await server.player();
    expect(errorsOf(await bearer(player.refreshToken))).toEqual([UNAUTHENTICATED]);
    expect(errorsOf(await refresh(player.accessToken))).toEqual([UNAUTHENTICATED]);
    expect((await refresh(player.refreshToken)).errors).toBeUndefined();
  });

  test('of a deleted user are refused, also where the user was deleted by hand', async () => {
    const player = await server.player();
    await query(server.database.orm.em.fork(), sql`update users set deleted_at = now() where id = ${player.id}`);
    expect(errorsOf(await bearer(player.accessToken))).toEqual([REVOKED]);
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([REVOKED]);
  });
});

describe('API keys', () => {
  test('a right one is nobody in particular, with every right to see', async () => {
    const player = await server.player();
    const answer = await server.graphql(
      `query ($id: ID!) { viewer { id } user(id: $id) { account { email } } }`,
      { id: player.id },
      'service',
    );
    expect(answer.data).toEqual({ viewer: null, user: { account: { email: player.email } } });
  });

  test.each(['', 'wrong', API_KEY.toUpperCase(), `${API_KEY} x`, API_KEY.slice(1)])(
    'the key %j fails the whole request',
    async (key) => {
      const answer = await withHeaders({ 'x-api-key': key });
      expect(answer.status).toBe(401);
      expect(errorsOf(answer)).toEqual([UNAUTHENTICATED]);
      expect(answer.data).toBeUndefined();
    },
  );

  test('together with a token, right or wrong, is bad input', async () => {
    const player = await server.player();
    for (const key of [API_KEY, 'wrong']) {
      const answer = await server.graphql(PUBLIC_FIELD, {}, player, { 'x-api-key': key });
      expect(answer.status).toBe(400);
      expect(errorsOf(answer)).toEqual([{ code: 'BAD_USER_INPUT', field: 'x-api-key' }]);
    }
  });

  test('fit nowhere where the server has none', async () => {
    const keyless = await createServer(server.database, { ...server.config, apiKey: undefined }, createLog('silent'));
    for (const key of ['', 'undefined', API_KEY]) {
      const response = await keyless.http.inject({
        method: 'POST',
        url: '/graphql',
        headers: { 'x-api-key': key },
        payload: { query: PUBLIC_FIELD },
      });
      expect(response.json().errors[0].extensions.code).toBe('UNAUTHENTICATED');
    }
    await keyless.apollo.stop();
    await keyless.http.close();
  });
});

describe('refreshSession', () => {
  test('rotates: the new token works, and the session is the same', async () => {
    const player = await server.player();
    const first = asPlayer((await refresh(player.refreshToken)).data.refreshSession);
    expect(first.id).toBe(player.id);
    expect(first.refreshToken).not.toBe(player.refreshToken);
    const second = asPlayer((await refresh(first.refreshToken)).data.refreshSession);
    expect(decodeJwt(second.accessToken)['sid']).toBe(decodeJwt(player.accessToken)['sid']);
    for (const tokens of [player, first, second]) {
      expect((await server.graphql(VIEWER, {}, tokens)).data.viewer).toEqual({ id: player.id });
    }
  });

  test('a spent token revokes the session, its newest tokens included, and no other session', async () => {
    const player = await server.player();
    const elsewhere = await login(player);
    const renewed = asPlayer((await refresh(player.refreshToken)).data.refreshSession);
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([REVOKED]);
    expect(errorsOf(await refresh(renewed.refreshToken))).toEqual([REVOKED]);
    expect(errorsOf(await bearer(renewed.accessToken))).toEqual([REVOKED]);
    expect((await bearer(elsewhere.accessToken)).errors).toBeUndefined();
  });

  test('a token that was spent long ago revokes as well', async () => {
    const player = await server.player();
    const second = asPlayer((await refresh(player.refreshToken)).data.refreshSession);
    const third = asPlayer((await refresh(second.refreshToken)).data.refreshSession);
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([REVOKED]);
    expect(errorsOf(await refresh(third.refreshToken))).toEqual([REVOKED]);
  });

  test('two at once: one succeeds, the session survives, and a later replay revokes it', async () => {
    const player = await server.player();
    const answers = await Promise.all([refresh(player.refreshToken), refresh(player.refreshToken)]);
    const winner = answers.find(({ errors }) => errors === undefined);
    expect(answers.flatMap(errorsOf)).toEqual([REVOKED]);
    expect((await bearer(winner!.data.refreshSession.accessToken)).errors).toBeUndefined();
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([REVOKED]);
    expect(errorsOf(await refresh(winner!.data.refreshSession.refreshToken))).toEqual([REVOKED]);
  });

  test.each([
    ['before the request came', '-1 minute', false],
    ['while the request was under way', '1 minute', true],
  ])('a token that another server has spent %s', async (_when, offset, survives) => {
    const player = await server.player();
    await query(
      server.database.orm.em.fork(),
      sql`update session_tokens set spent_at = now() + ${offset}::interval
        where session_id = ${String(decodeJwt(player.accessToken)['sid'])}`,
    );
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([REVOKED]);
    expect((await bearer(player.accessToken)).errors === undefined).toBe(survives);
  });

  test('an expired token is refused as expired, however often', async () => {
    const player = await server.player();
    await query(
      server.database.orm.em.fork(),
      sql`update session_tokens set expires_at = now() - interval '1 second'
        where session_id in (select id from sessions where user_id = ${player.id})`,
    );
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([EXPIRED]);
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([EXPIRED]);
    expect((await bearer(player.accessToken)).errors).toBeUndefined();
  });

  test.each(['', 'unknown', 'A'.repeat(43), 'x'.repeat(100_000)])('a token that is none is refused', async (token) => {
    expect(errorsOf(await refresh(token))).toEqual([UNAUTHENTICATED]);
  });

  test('a token on the list of refused ones is refused as revoked, and others go on', async () => {
    const [player, other] = [await server.player(), await server.player()];
    await refuse(player.refreshToken);
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([REVOKED]);
    expect(errorsOf(await refresh(other.refreshToken))).toEqual([]);
  });

  test('a token in another case is unknown and revokes nothing', async () => {
    const player = await server.player();
    const swapped = player.refreshToken.replaceAll(/[a-z]/gi, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    );
    expect(errorsOf(await refresh(swapped))).toEqual([UNAUTHENTICATED]);
    expect((await refresh(player.refreshToken)).errors).toBeUndefined();
  });

  test('needs no other credentials, and is refused with an expired access token', async () => {
    const player = await server.player();
    const past = Math.floor(Date.now() / 1000) - 1;
    const stale = { ...player, accessToken: await craft(player, { payload: { exp: past } }) };
    expect(errorsOf(await server.graphql(REFRESH, { token: player.refreshToken }, stale))).toEqual([EXPIRED]);
    expect((await refresh(player.refreshToken)).errors).toBeUndefined();
  });

  test('nothing stored is a token', async () => {
    const player = await server.player();
    const { found } = await row<{ found: number }>(
      server,
      sql`select count(*)::int as found from session_tokens t join sessions s on s.id = t.session_id
        where s.user_id = ${player.id} and encode(token_hash, 'escape') like ${`%${player.refreshToken.slice(0, 8)}%`}`,
    );
    expect(found).toBe(0);
  });
});

describe('logout', () => {
  test('ends this session at once and no other', async () => {
    const player = await server.player();
    const other = await login(player);
    expect((await server.graphql(LOGOUT, {}, player)).data.logout).toEqual({ sessionsEnded: 1 });
    expect(errorsOf(await bearer(player.accessToken))).toEqual([REVOKED]);
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([REVOKED]);
    expect((await bearer(other.accessToken)).errors).toBeUndefined();
    expect(errorsOf(await server.graphql(LOGOUT, {}, player))).toEqual([REVOKED]);
  });

  test('everywhere ends all of the viewer, and nobody else', async () => {
    const player = await server.player();
    const others = [await login(player), await login(player)];
    const stranger = await server.player();
    await server.graphql(LOGOUT, {}, others[1]);
    const { data } = await server.graphql(LOGOUT, { everywhere: true }, player);
    expect(data.logout).toEqual({ sessionsEnded: 2 });
    for (const session of [player, ...others]) {
      expect(errorsOf(await bearer(session.accessToken))).toEqual([REVOKED]);
    }
    expect((await bearer(stranger.accessToken)).errors).toBeUndefined();
  });

  test('twice at once ends a session once', async () => {
    const player = await server.player();
    const answers = await Promise.all([server.graphql(LOGOUT, {}, player), server.graphql(LOGOUT, {}, player)]);
    const ended = answers.map((answer) => answer.data?.logout?.sessionsEnded ?? 0);
    expect(ended[0] + ended[1]).toBe(1);
  });

  test('takes a signed-in user', async () => {
    expect(errorsOf(await server.graphql(LOGOUT))).toEqual([UNAUTHENTICATED]);
    expect(errorsOf(await server.graphql(LOGOUT, {}, 'service'))).toEqual([{ code: 'FORBIDDEN' }]);
  });

  test('is still known after a restart', async () => {
    const player = await server.player();
    const other = await login(player);
    await server.graphql(LOGOUT, {}, player);
    const restarted = await createServer(server.database, server.config, createLog('silent'));
    const ask = async ({ accessToken }: Player) =>
      (
        await restarted.http.inject({
          method: 'POST',
          url: '/graphql',
          headers: { authorization: `Bearer ${accessToken}` },
          payload: { query: VIEWER },
        })
      ).json();
    expect((await ask(player)).errors[0].extensions).toEqual(REVOKED);
    expect((await ask(other)).data.viewer).toEqual({ id: player.id });
    await restarted.apollo.stop();
    await restarted.http.close();
  });
});

describe('changePassword', () => {
  const change = (as: Player | 'service' | null, input: Record<string, unknown>) =>
    server.graphql(CHANGE_PASSWORD, { input }, as);
  const WRONG = { code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS', field: 'input.currentPassword' };
  const NEW = 'another password';

  test('ends every other session and renews this one', async () => {
    const player = await server.player();
    const other = await login(player);
    const { data } = await change(player, { currentPassword: PASSWORD, newPassword: NEW });
    const renewed = asPlayer(data.changePassword);
    expect(renewed.id).toBe(player.id);
    expect(errorsOf(await bearer(other.accessToken))).toEqual([REVOKED]);
    expect(errorsOf(await refresh(other.refreshToken))).toEqual([REVOKED]);
    expect((await bearer(renewed.accessToken)).errors).toBeUndefined();
    expect((await refresh(renewed.refreshToken)).errors).toBeUndefined();
    const attempt = (password: string) => server.graphql(LOGIN, { input: { email: player.email, password } });
    expect(errorsOf(await attempt(PASSWORD))).toEqual([{ code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS' }]);
    expect((await attempt(NEW)).errors).toBeUndefined();
  });

  test('spends the refresh token of this session', async () => {
    const player = await server.player();
    await change(player, { currentPassword: PASSWORD, newPassword: NEW });
    expect(errorsOf(await refresh(player.refreshToken))).toEqual([REVOKED]);
  });

  test('repeated, the old password no longer fits', async () => {
    const player = await server.player();
    await change(player, { currentPassword: PASSWORD, newPassword: NEW });
    expect(errorsOf(await change(player, { currentPassword: PASSWORD, newPassword: NEW }))).toEqual([WRONG]);
  });

  test('two at once: one wins, and its password is the one that holds', async () => {
    const player = await server.player();
    const passwords = ['the first password', 'the second password'];
    const answers = await Promise.all(
      passwords.map((newPassword) => change(player, { currentPassword: PASSWORD, newPassword })),
    );
    expect(answers.flatMap(errorsOf)).toEqual([WRONG]);
    const winner = answers.findIndex(({ errors }) => errors === undefined);
    const logins = await Promise.all(
      passwords.map((password) => server.graphql(LOGIN, { input: { email: player.email, password } })),
    );
    expect(logins.map(({ errors }) => errors === undefined)).toEqual([winner === 0, winner === 1]);
  });

  test('in one request with a logout, changes nothing', async () => {
    const player = await server.player();
    const answer = await server.graphql(
      `mutation ($input: ChangePasswordInput!) { logout { sessionsEnded } changePassword(input: $input) { user { id } } }`,
      { input: { currentPassword: PASSWORD, newPassword: NEW } },
      player,
    );
    expect(answer.data).toEqual({ logout: { sessionsEnded: 1 }, changePassword: null });
    expect(errorsOf(answer)).toEqual([REVOKED]);
    await login(player);
  });

  test.each([
    ['a wrong password', { currentPassword: 'wrong', newPassword: NEW }, WRONG],
    ['none', { newPassword: NEW }, { code: 'BAD_USER_INPUT', field: 'input.currentPassword' }],
    ['null', { currentPassword: null, newPassword: NEW }, { code: 'BAD_USER_INPUT', field: 'input.currentPassword' }],
    [
      'a short new one',
      { currentPassword: PASSWORD, newPassword: 'seven 7' },
      { code: 'BAD_USER_INPUT', field: 'input.newPassword' },
    ],
    [
      'a long new one',
      { currentPassword: PASSWORD, newPassword: 'x'.repeat(129) },
      { code: 'BAD_USER_INPUT', field: 'input.newPassword' },
    ],
  ])('with %s is refused and ends nothing', async (_what, input, error) => {
    const player = await server.player();
    const other = await login(player);
    expect(errorsOf(await change(player, input))).toEqual([error]);
    expect((await bearer(other.accessToken)).errors).toBeUndefined();
    expect((await refresh(player.refreshToken)).errors).toBeUndefined();
  });

  test('sets the first password of an account without one, and only once', async () => {
    const player = await server.player();
    await query(server.database.orm.em.fork(), sql`update users set password_hash = null where id = ${player.id}`);
    expect((await change(player, { newPassword: NEW })).errors).toBeUndefined();
    expect(errorsOf(await change(player, { newPassword: PASSWORD }))).toEqual([
      { code: 'BAD_USER_INPUT', field: 'input.currentPassword' },
    ]);
  });

  test('takes a signed-in user', async () => {
    const input = { currentPassword: PASSWORD, newPassword: NEW };
    expect(errorsOf(await change(null, input))).toEqual([UNAUTHENTICATED]);
    expect(errorsOf(await change('service', input))).toEqual([{ code: 'FORBIDDEN' }]);
  });
});

describe('deleteAccount', () => {
  const remove = (as: Player | 'service' | null, input: Record<string, unknown>) =>
    server.graphql(DELETE, { input }, as);

  test('takes the user out of everything and ends every session', async () => {
    const player = await server.player();
    const other = await login(player);
    expect((await remove(player, { password: PASSWORD })).data.deleteAccount).toEqual({ userId: player.id });
    for (const session of [player, other]) {
      expect(errorsOf(await bearer(session.accessToken))).toEqual([REVOKED]);
      expect(errorsOf(await refresh(session.refreshToken))).toEqual([REVOKED]);
    }
    const answer = await server.graphql(
      `query ($id: ID!, $nickname: String!) {
        user(id: $id) { id }
        userByNickname(nickname: $nickname) { id }
        users(nicknamePrefix: $nickname) { nodes { id } }
      }`,
      { id: player.id, nickname: player.nickname },
      'service',
    );
    expect(answer.data).toEqual({ user: null, userByNickname: null, users: { nodes: [] } });
    expect(errorsOf(await remove(player, { password: PASSWORD }))).toEqual([REVOKED]);
  });

  test('keeps the email and the nickname reserved, and all that is needed to undo it', async () => {
    const player = await server.player();
    await remove(player, { password: PASSWORD });
    await expect(server.player('x', { email: player.email.toUpperCase() })).rejects.toThrow('EMAIL_TAKEN');
    await expect(server.player('x', { nickname: player.nickname.toUpperCase() })).rejects.toThrow('NICKNAME_TAKEN');
    await query(server.database.orm.em.fork(), sql`update users set deleted_at = null where id = ${player.id}`);
    expect((await server.graphql(VIEWER, {}, await login(player))).data.viewer).toEqual({ id: player.id });
    expect(errorsOf(await bearer(player.accessToken))).toEqual([REVOKED]);
  });

  test.each([
    [
      'a wrong password',
      { password: 'wrong' },
      { code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS', field: 'input.password' },
    ],
    ['none', {}, { code: 'BAD_USER_INPUT', field: 'input.password' }],
    ['null', { password: null }, { code: 'BAD_USER_INPUT', field: 'input.password' }],
  ])('with %s is refused', async (_what, input, error) => {
    const player = await server.player();
    expect(errorsOf(await remove(player, input))).toEqual([error]);
    expect((await server.graphql(VIEWER, {}, player)).data.viewer).toEqual({ id: player.id });
  });

  test('needs no password where the account has none', async () => {
    const player = await server.player();
    await query(server.database.orm.em.fork(), sql`update users set password_hash = null where id = ${player.id}`);
    expect((await remove(player, {})).data.deleteAccount).toEqual({ userId: player.id });
  });

  test('twice at once deletes once, and whatever follows in the same request finds no account', async () => {
    const player = await server.player();
    const answers = await Promise.all([remove(player, { password: PASSWORD }), remove(player, { password: PASSWORD })]);
    expect(answers.flatMap(errorsOf)).toEqual([REVOKED]);
    const next = await server.player();
    const answer = await server.graphql(
      `mutation ($input: DeleteAccountInput!) {
        deleteAccount(input: $input) { userId }
        updateProfile(input: { nickname: "back again" }) { user { id } }
        changePassword(input: { currentPassword: "${PASSWORD}", newPassword: "${PASSWORD}" }) { user { id } }
      }`,
      { input: { password: PASSWORD } },
      next,
    );
    expect(answer.data).toEqual({ deleteAccount: { userId: next.id }, updateProfile: null, changePassword: null });
    expect(errorsOf(answer)).toEqual([REVOKED, REVOKED]);
  });

  test('takes a signed-in user', async () => {
    expect(errorsOf(await remove(null, { password: PASSWORD }))).toEqual([UNAUTHENTICATED]);
    expect(errorsOf(await remove('service', { password: PASSWORD }))).toEqual([{ code: 'FORBIDDEN' }]);
  });
});
