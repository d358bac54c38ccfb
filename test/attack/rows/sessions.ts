import { createHash, randomUUID } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { tokenIn } from '../../account/post.js';
import { refused, type Row } from '../row.js';
import { API_KEY, type Answer, PASSWORD, type Player, type Target, TOKEN_SECRET } from '../target.js';

const VIEWER = '{ viewer { id } }';
const REFRESH = 'mutation ($token: String!) { refreshSession(refreshToken: $token) { accessToken refreshToken } }';
const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { accessToken refreshToken } }';
const SESSION_ENDED = refused.token('TOKEN_REVOKED');

const bearer = (target: Target, token: string): Promise<Answer> =>
  target.graphql(VIEWER, {}, { headers: { authorization: `Bearer ${token}` } });

const withKey = (target: Target, key: string, query = VIEWER): Promise<Answer> =>
  target.graphql(query, {}, { headers: { 'x-api-key': key } });

const sidOf = ({ accessToken }: Player): string =>
  JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()).sid;

interface Forged {
  alg?: string;
  typ?: string;
  issuer?: string;
  audience?: string;
  /** Seconds from now. */
  expiresIn?: number;
  secret?: string;
}

/** A token for a session that stands, as the server would sign it but for what is forged. */
const forged =
  ({ alg = 'HS256', typ = 'at+jwt', issuer = 'laurel', audience = 'laurel', expiresIn = 600, secret }: Forged) =>
  async (target: Target): Promise<Answer> => {
    const player = await target.player();
    const token = await new SignJWT({ sid: sidOf(player) })
      .setProtectedHeader({ alg, typ })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(player.id)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn)
      .sign(Buffer.from(secret ?? TOKEN_SECRET));
    return bearer(target, token);
  };

/** Signs in a second time. */
async function secondSession(target: Target, { email, ...player }: Player): Promise<Player> {
  const { login } = await target.ask(LOGIN, { input: { email, password: PASSWORD } });
  return { ...player, email, ...login };
}

/** The token, when its session has ended in that way. */
const afterwards =
  (end: (target: Target, player: Player) => Promise<unknown>) =>
  async (target: Target): Promise<Answer> => {
    const player = await target.player();
    await end(target, player);
    return target.graphql(VIEWER, {}, { as: player });
  };

/** Puts a token on the list of those that are refused, as an import of an old service's blacklist does. */
const refuse = (target: Target, token: string): Promise<unknown> =>
  target.sql(`insert into refused_tokens (token_hash, refused_at) values (decode($1, 'hex'), now())`, [hashed(token)]);

/** Tokens as mails bring them, without the way of a mail. */
const hashed = (token: string): string => createHash('sha256').update(token).digest('hex');

async function resetToken(target: Target, { id }: Player): Promise<string> {
  const token = randomUUID();
  await target.sql(
    `insert into password_resets (token_hash, user_id, expires_at)
      values (decode($1, 'hex'), $2, now() + interval '1 hour')`,
    [hashed(token), id],
  );
  return token;
}

async function verificationToken(target: Target, { id, email }: Player): Promise<string> {
  const token = randomUUID();
  await target.sql(
    `insert into email_verifications (token_hash, user_id, email, expires_at)
      values (decode($1, 'hex'), $2, $3, now() + interval '1 hour')`,
    [hashed(token), id, email],
  );
  return token;
}

const RESET = 'mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { accessToken } }';
const VERIFY = 'mutation ($token: String!) { verifyEmail(token: $token) { user { id } } }';

/** Tokens, keys and what has become of them. */
export const sessions: Row[] = [
  {
    name: 'a token without a signature (alg none)',
    defence: 'access tokens are verified',
    attack: async (target) => {
      const player = await target.player();
      const token = new UnsecuredJWT({ sid: sidOf(player), sub: player.id })
        .setIssuer('laurel')
        .setAudience('laurel')
        .setIssuedAt()
        .setExpirationTime('10m')
        .encode();
      return bearer(target, token);
    },
    expected: refused.token(),
  },
  {
    name: 'a token signed with another secret',
    defence: 'access tokens are verified',
    attack: forged({ secret: 'another secret that has 32 bytes as well' }),
    expected: refused.token(),
  },
  {
    name: 'a token whose session was replaced by another',
    defence: 'access tokens are verified',
    attack: async (target) => {
      const [player, victim] = [await target.player(), await target.player()];
      const [header, payload, signature] = player.accessToken.split('.');
      const changed = JSON.stringify({
        ...JSON.parse(Buffer.from(payload!, 'base64url').toString()),
        sid: sidOf(victim),
      });
      return bearer(target, [header, Buffer.from(changed).toString('base64url'), signature].join('.'));
    },
    expected: refused.token(),
  },
  {
    name: 'a token by another algorithm with the right secret',
    defence: 'access tokens have one algorithm',
    attack: forged({ alg: 'HS512' }),
    expected: refused.token(),
  },
  {
    name: 'a token of another type',
    defence: 'access tokens have a type of their own',
    attack: forged({ typ: 'JWT' }),
    expected: refused.token(),
  },
  {
    name: 'a token by another issuer',
    defence: 'access tokens are of this issuer',
    attack: forged({ issuer: 'elsewhere' }),
    expected: refused.token(),
  },
  {
    name: 'a token for another audience',
    defence: 'access tokens are for this audience',
    attack: forged({ audience: 'elsewhere' }),
    expected: refused.token(),
  },
  {
    name: 'a token that has expired',
    defence: 'access tokens end',
    attack: forged({ expiresIn: -1 }),
    expected: refused.token('TOKEN_EXPIRED'),
  },
  {
    name: 'a refresh token in the place of an access token',
    defence: 'a token that does not hold fails the request',
    attack: async (target) => bearer(target, (await target.player()).refreshToken),
    expected: refused.token(),
  },
  {
    name: 'a service key in the place of an access token',
    defence: 'a token that does not hold fails the request',
    attack: (target) => bearer(target, API_KEY),
    expected: refused.token(),
  },
  {
    name: 'a token that is none, on a public field',
    defence: 'a token that does not hold fails the request',
    attack: (target) =>
      target.graphql('{ leaderboard { slug } }', {}, { headers: { authorization: 'Bearer made.up.token' } }),
    expected: refused.token(),
  },
  {
    name: 'HTTP basic',
    defence: 'a header of another scheme fails the request',
    attack: (target) => target.graphql(VIEWER, {}, { headers: { authorization: 'Basic YWRtaW46YWRtaW4=' } }),
    expected: refused.token(),
  },
  {
    name: 'the token after signing out',
    defence: 'signing out ends the session',
    attack: afterwards((target, as) => target.ask('mutation { logout { sessionsEnded } }', {}, { as })),
    expected: SESSION_ENDED,
  },
  {
    name: 'the token after signing out everywhere, from elsewhere',
    defence: 'signing out everywhere ends every session',
    attack: afterwards(async (target, player) => {
      const as = await secondSession(target, player);
      await target.ask('mutation { logout(everywhere: true) { sessionsEnded } }', {}, { as });
    }),
    expected: SESSION_ENDED,
  },
  {
    name: 'another mutation in the request that signs out',
    defence: 'nothing follows signing out in one request',
    attack: async (target) =>
      target.graphql(
        'mutation { logout { sessionsEnded } recordVisit { visit { count } } }',
        {},
        { as: await target.player() },
      ),
    expected: {
      status: 200,
      errors: [{ code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' }],
      data: { logout: { sessionsEnded: 1 }, recordVisit: null },
    },
  },
  {
    name: 'the token of a session that was ended from elsewhere',
    defence: 'a session that was ended is refused',
    attack: afterwards(async (target, player) => {
      const as = await secondSession(target, player);
      await target.ask(
        'mutation ($id: ID!) { endSession(sessionId: $id) { sessionId } }',
        { id: sidOf(player) },
        { as },
      );
    }),
    expected: SESSION_ENDED,
  },
  {
    name: 'a token that stands on the list of refused ones',
    defence: 'a refused token is refused, whatever it says',
    attack: afterwards(async (target, player) => {
      // Once while it is good, so that it is remembered as verified.
      await target.ask(VIEWER, {}, { as: player });
      await refuse(target, player.accessToken);
    }),
    expected: SESSION_ENDED,
  },
  {
    name: 'a refresh token that stands on the list of refused ones',
    defence: 'a refused token refreshes nothing',
    attack: async (target) => {
      const { refreshToken: token } = await target.player();
      await refuse(target, token);
      return target.graphql(REFRESH, { token });
    },
    expected: {
      status: 200,
      errors: [{ code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' }],
      data: { refreshSession: null },
    },
  },
  {
    name: 'ending the session of somebody else',
    defence: 'sessions are ended by their owner alone',
    attack: async (target) => {
      const [victim, as] = [await target.player(), await target.player()];
      return target.graphql(
        'mutation ($id: ID!) { endSession(sessionId: $id) { sessionId } }',
        { id: sidOf(victim) },
        { as },
      );
    },
    expected: { status: 200, errors: [{ code: 'NOT_FOUND', field: 'sessionId' }], data: { endSession: null } },
  },
  {
    name: 'the token after the session has expired',
    defence: 'sessions end',
    attack: afterwards((target, player) =>
      target.sql(`update sessions set expires_at = now() where id = $1`, [sidOf(player)]),
    ),
    expected: SESSION_ENDED,
  },
  {
    name: 'another session after the password was changed',
    defence: 'a changed password ends every other session',
    attack: afterwards(async (target, player) => {
      const as = await secondSession(target, player);
      await target.ask(
        'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { accessToken } }',
        { input: { currentPassword: PASSWORD, newPassword: 'another password' } },
        { as },
      );
    }),
    expected: SESSION_ENDED,
  },
  {
    name: 'a session after the password was set anew by mail',
    defence: 'a password set by mail ends every session',
    attack: afterwards(async (target, player) => {
      const token = await resetToken(target, player);
      await target.ask(RESET, { input: { token, newPassword: 'another password' } });
    }),
    expected: SESSION_ENDED,
  },
  {
    name: 'a session after the account was deleted',
    defence: 'a deletion ends every session',
    attack: afterwards((target, as) =>
      target.ask(
        'mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { userId } }',
        { input: { password: PASSWORD } },
        { as },
      ),
    ),
    expected: SESSION_ENDED,
  },
  {
    name: 'the token of a player who was suspended',
    defence: 'who is suspended is out, whatever the token',
    attack: afterwards((target, { id }) => target.sql('update users set suspended_at = now() where id = $1', [id])),
    expected: SESSION_ENDED,
  },
  {
    name: 'changing the password without it',
    defence: 'a password is changed by who knows it',
    attack: async (target) =>
      target.graphql(
        'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { accessToken } }',
        { input: { currentPassword: 'a guess', newPassword: 'another password' } },
        { as: await target.player() },
      ),
    expected: {
      status: 200,
      errors: [{ code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS', field: 'input.currentPassword' }],
      data: { changePassword: null },
    },
  },
  {
    name: 'a refresh token once more',
    defence: 'a refresh token is good once',
    attack: async (target) => {
      const { refreshToken: token } = await target.player();
      await target.ask(REFRESH, { token });
      return target.graphql(REFRESH, { token });
    },
    expected: {
      status: 200,
      errors: [{ code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' }],
      data: { refreshSession: null },
    },
  },
  {
    name: 'the new token, when the old one was used once more',
    defence: 'a refresh token used twice ends its session',
    attack: async (target) => {
      const { refreshToken: token } = await target.player();
      const { refreshSession } = await target.ask(REFRESH, { token });
      await target.graphql(REFRESH, { token });
      return bearer(target, refreshSession.accessToken);
    },
    expected: SESSION_ENDED,
  },
  {
    name: 'a refresh token that has expired',
    defence: 'refresh tokens end',
    attack: async (target) => {
      const { refreshToken: token } = await target.player();
      await target.sql(`update session_tokens set expires_at = now() where token_hash = decode($1, 'hex')`, [
        hashed(token),
      ]);
      return target.graphql(REFRESH, { token });
    },
    expected: {
      status: 200,
      errors: [{ code: 'UNAUTHENTICATED', reason: 'TOKEN_EXPIRED' }],
      data: { refreshSession: null },
    },
  },
  {
    name: 'a refresh token of a session that was ended',
    defence: 'a session that was ended is not refreshed',
    attack: async (target) => {
      const player = await target.player();
      await target.ask('mutation { logout { sessionsEnded } }', {}, { as: player });
      return target.graphql(REFRESH, { token: player.refreshToken });
    },
    expected: {
      status: 200,
      errors: [{ code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' }],
      data: { refreshSession: null },
    },
  },
  {
    name: 'a link that sets a password, once more',
    defence: 'a link that sets a password is good once',
    attack: async (target) => {
      const token = await resetToken(target, await target.player());
      await target.ask(RESET, { input: { token, newPassword: 'another password' } });
      return target.graphql(RESET, { input: { token, newPassword: 'a third password' } });
    },
    expected: { ...refused.input('input.token', 'TOKEN_REVOKED'), data: { resetPassword: null } },
  },
  {
    name: 'a link that sets a password, after an hour',
    defence: 'a link that sets a password ends',
    attack: async (target) => {
      const token = await resetToken(target, await target.player());
      await target.sql(`update password_resets set expires_at = now() where token_hash = decode($1, 'hex')`, [
        hashed(token),
      ]);
      return target.graphql(RESET, { input: { token, newPassword: 'another password' } });
    },
    expected: { ...refused.input('input.token', 'TOKEN_EXPIRED'), data: { resetPassword: null } },
  },
  {
    name: 'a link that confirms an address, once more',
    defence: 'a link that confirms an address is good once',
    attack: async (target) => {
      const token = await verificationToken(target, await target.player());
      await target.ask(VERIFY, { token });
      return target.graphql(VERIFY, { token });
    },
    expected: { ...refused.input('token', 'TOKEN_REVOKED'), data: { verifyEmail: null } },
  },
  {
    name: 'a link that confirms an address, after two days',
    defence: 'a link that confirms an address ends',
    attack: async (target) => {
      const token = await verificationToken(target, await target.player());
      await target.sql(`update email_verifications set expires_at = now() where token_hash = decode($1, 'hex')`, [
        hashed(token),
      ]);
      return target.graphql(VERIFY, { token });
    },
    expected: { ...refused.input('token', 'TOKEN_EXPIRED'), data: { verifyEmail: null } },
  },
  {
    name: 'the link in the mail before',
    defence: 'a newer link takes the place of the one before',
    server: 'mailing',
    attack: async (target) => {
      const player = await target.player();
      const token = tokenIn(await target.post.next(player.email));
      await target.ask('mutation { requestEmailVerification { email } }', {}, { as: player });
      await target.post.next(player.email);
      return target.graphql(VERIFY, { token });
    },
    expected: { ...refused.input('token'), data: { verifyEmail: null } },
  },
  {
    name: 'a service key that was never made',
    defence: 'a service key that is none fails the request',
    attack: (target) => withKey(target, `laurel_${'x'.repeat(43)}`, '{ leaderboard { slug } }'),
    expected: refused.token(),
  },
  {
    name: 'the beginning of the service key',
    defence: 'a service key that is none fails the request',
    attack: (target) => withKey(target, API_KEY.slice(0, -1), '{ leaderboard { slug } }'),
    expected: refused.token(),
  },
  {
    name: 'a service key that was revoked',
    defence: 'a service key that was revoked is refused',
    attack: async (target) => withKey(target, await target.serviceKey(['admin'], 'revoked_at = now()')),
    expected: refused.token(),
  },
  {
    name: 'a service key that has expired',
    defence: 'a service key that has expired is refused',
    attack: async (target) => withKey(target, await target.serviceKey(['admin'], 'expires_at = now()')),
    expected: refused.token(),
  },
  {
    name: 'a service key beside an access token',
    defence: 'a request comes from one caller',
    attack: async (target) => {
      const as = await target.player();
      return target.graphql(VIEWER, {}, { as, headers: { 'x-api-key': API_KEY } });
    },
    expected: { status: 400, errors: [{ code: 'BAD_USER_INPUT', field: 'x-api-key' }] },
  },
  {
    name: 'a service key with another scope',
    defence: 'a service key does what its scopes say',
    attack: async (target) =>
      withKey(target, await target.serviceKey(['scores:write']), '{ auditLog { nodes { id } } }'),
    expected: { status: 200, errors: [{ code: 'FORBIDDEN' }], data: { auditLog: null } },
  },
  {
    name: 'submitting a score with a key that only reads',
    defence: 'a service key does what its scopes say',
    attack: async (target) => {
      const { id } = await target.player();
      return withKey(
        target,
        await target.serviceKey(['users:read']),
        `mutation { submitScore(input: { score: 1, userId: "${id}", idempotencyKey: "${randomUUID()}" }) { improved } }`,
      );
    },
    expected: { status: 200, errors: [{ code: 'FORBIDDEN' }], data: { submitScore: null } },
  },
];
