import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { forgetEnded, scrubAccounts } from '../../src/account/housekeeping.job.js';
import { query, sql } from '../../src/database/query.js';
import { DELETE, errorsOf, row } from '../account/support.js';
import { GAME, PROGRAM, type SignInServer, startSignInServer, type Visitor } from './support.js';

let server: SignInServer;
beforeAll(async () => {
  server = await startSignInServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.provider.userInfo = {};
});

const em = () => server.database.orm.em.fork();
const count = async (table: string): Promise<number> =>
  Number((await row<{ n: string }>(server, sql`select count(*) as n from ${sql.table(table)}`)).n);
const REFUSED_CODE = [{ code: 'BAD_USER_INPUT', field: 'code' }];

describe('somebody new', () => {
  test('has an account with the name, the picture and the email that the provider vouches for', async () => {
    const person = {
      sub: 'new-1',
      email: 'New.One@example.com',
      email_verified: true,
      name: '  Ada   Lovelace ',
      picture: 'https://pictures.example.com/ada.png',
    };
    const player = await server.signIn(person);
    expect(await server.account(player)).toMatchObject({
      nickname: 'Ada Lovelace',
      pictureUrl: person.picture,
      account: {
        email: person.email,
        emailVerified: true,
        birthDate: null,
        identities: [{ provider: 'one', email: person.email, emailVerified: true, pictureUrl: person.picture }],
      },
    });
    const { hash } = await row<{ hash: string | null }>(
      server,
      sql`select password_hash as hash from users where id = ${player.id}`,
    );
    expect(hash).toBeNull();
    expect((await server.signIn({ ...person, name: 'Another Name' })).id).toBe(player.id);
    expect((await server.account(player)).nickname).toBe('Ada Lovelace');
  });

  test('has no email that the provider does not vouch for', async () => {
    const player = await server.signIn({ sub: 'new-2', email: 'unverified@example.com', email_verified: false });
    expect((await server.account(player)).account).toMatchObject({
      email: null,
      emailVerified: false,
      identities: [{ email: 'unverified@example.com', emailVerified: false }],
    });
  });

  test('is told of by the userinfo endpoint where the ID token does not', async () => {
    server.provider.userInfo = { email: 'info@example.com', email_verified: 'true', preferred_username: 'informed' };
    const player = await server.signIn({ sub: 'new-3' });
    expect(await server.account(player)).toMatchObject({
      nickname: 'informed',
      account: { email: 'info@example.com', emailVerified: true },
    });
  });

  test('who vouches for one address does not vouch for another', async () => {
    server.provider.userInfo = { email: 'other@example.com', email_verified: true };
    const player = await server.signIn({ sub: 'new-4', email: 'first@example.com' });
    expect((await server.account(player)).account).toMatchObject({
      email: null,
      identities: [{ email: 'first@example.com', emailVerified: false }],
    });
  });

  test('a name that looks like that of a player, or that is reserved, gets digits', async () => {
    await server.signIn({ sub: 'alike-1', name: 'Amelie' });
    expect((await server.signIn({ sub: 'alike-2', name: 'AmeIie' })).nickname).toMatch(/^AmeIie\d\d$/);
    expect((await server.signIn({ sub: 'alike-3', name: 'Аdmin' })).nickname).toMatch(/^Аdmin\d\d$/);
  });

  test('a name that is taken gets digits, one that makes no nickname is "player", and what is no picture is left out', async () => {
    const first = await server.signIn({ sub: 'same-1', name: 'Same Name' });
    const second = await server.signIn({ sub: 'same-2', name: 'same name' });
    expect([first.nickname, second.nickname]).toEqual(['Same Name', expect.stringMatching(/^same name\d\d$/)]);
    const odd = await server.signIn({ sub: 'odd-1', name: '\u202e\u0000', picture: 'javascript:alert(1)' });
    expect(odd.nickname).toMatch(/^player\d*$/);
    expect((await server.account(odd)).pictureUrl).toBeNull();
    expect((await server.signIn({ sub: 'odd-2' })).nickname).toMatch(/^player\d*$/);
    expect((await server.signIn({ sub: 'long-1', name: 'x'.repeat(5000) })).nickname).toHaveLength(32);
  });

  test('is one account, however many of their sign-ins come at the same time', async () => {
    const people = Array.from({ length: 6 }, () => ({
      sub: 'race-1',
      name: 'Racer',
      email: 'racer@example.com',
      email_verified: true,
    }));
    const players = await Promise.all(people.map((person) => server.signIn(person)));
    expect(new Set(players.map(({ id }) => id)).size).toBe(1);
    // The same where nothing but the subject is the same.
    const strangers = await Promise.all(
      [1, 2, 3, 4].map((index) => server.signIn({ sub: 'race-2', name: `Racer ${index}` })),
    );
    expect(new Set(strangers.map(({ id }) => id)).size).toBe(1);
    expect(
      Number(
        (await row<{ n: string }>(server, sql`select count(*) as n from identities where subject like 'race-%'`)).n,
      ),
    ).toBe(2);
    expect(
      Number((await row<{ n: string }>(server, sql`select count(*) as n from users where nickname ilike 'racer%'`)).n),
    ).toBe(2);
  });

  test('is another at another provider', async () => {
    const [one, two] = [await server.signIn({ sub: 'both' }), await server.signIn({ sub: 'both' }, 'two')];
    expect(one.id).not.toBe(two.id);
  });
});

describe('an account that has the email', () => {
  const verify = (id: string) => query(em(), sql`update users set email_verified_at = now() where id = ${id}`);

  test('is signed in to where both sides vouch for it', async () => {
    const player = await server.player();
    await verify(player.id);
    const person = { sub: 'linked-1', email: player.email.toUpperCase(), email_verified: true };
    expect((await server.signIn(person)).id).toBe(player.id);
    expect((await server.account(player)).account.email).toBe(player.email);
  });

  test.each([
    ['this server', false, true],
    ['the provider', true, false],
    ['either', false, false],
  ])('is not linked to where %s does not vouch for it', async (_who, here, there) => {
    const player = await server.player();
    if (here) {
      await verify(player.id);
    }
    const before = await count('users');
    expect(
      await server.outcome({
        sub: `not-linked-${String(here)}-${String(there)}`,
        email: player.email,
        email_verified: there,
      }),
    ).toEqual({ code: null, error: 'email_taken' });
    expect((await server.account(player)).account.identities).toEqual([]);
    expect(await count('users')).toBe(before);
  });
});

describe('a deleted account', () => {
  test('is there again within the grace, and refused after it', async () => {
    const person = { sub: 'deleted-1', email: 'deleted-1@example.com', email_verified: true };
    const player = await server.signIn(person);
    expect((await server.graphql(DELETE, { input: {} }, player)).errors).toBeUndefined();
    const { code } = await server.outcome(person);
    expect((await server.complete(code)).data.completeSignIn).toMatchObject({
      user: { id: player.id },
      restored: true,
    });

    const again = await server.signIn(person);
    const late = await server.outcome(person);
    await server.graphql(DELETE, { input: {} }, again);
    await query(em(), sql`update users set deleted_at = now() - interval '31 days' where id = ${player.id}`);
    expect(await server.outcome(person)).toEqual({ code: null, error: 'account_deleted' });
    expect(errorsOf(await server.complete(late.code))).toEqual(REFUSED_CODE);

    await scrubAccounts(em(), 30);
    expect((await server.signIn(person)).id).not.toBe(player.id);
  });
});

describe('a suspended account', () => {
  test('is refused by name, also with a code from before, and let in when its time is over', async () => {
    const person = { sub: 'suspended-1' };
    const player = await server.signIn(person);
    const early = await server.outcome(person);
    await query(
      em(),
      sql`update users set suspended_at = now(), suspension_reason = 'Cheating.' where id = ${player.id}`,
    );
    expect(await server.outcome(person)).toEqual({ code: null, error: 'account_suspended' });
    expect(errorsOf(await server.complete(early.code))).toEqual([{ code: 'FORBIDDEN', reason: 'ACCOUNT_SUSPENDED' }]);
    await query(em(), sql`update users set suspended_until = now() where id = ${player.id}`);
    expect((await server.signIn(person)).id).toBe(player.id);
  });
});

describe('the code', () => {
  test('is spent once, also by two at the same time', async () => {
    const { code } = await server.outcome({ sub: 'code-1' });
    const answers = await Promise.all([server.complete(code), server.complete(code)]);
    expect(answers.flatMap(errorsOf)).toEqual(REFUSED_CODE);
    expect(answers.filter(({ data }) => data.completeSignIn !== null)).toHaveLength(1);
    expect(errorsOf(await server.complete('made up'))).toEqual(REFUSED_CODE);
  });

  test('ends after a minute, and is forgotten then', async () => {
    const { code } = await server.outcome({ sub: 'code-2' });
    const stored = await row<{ seconds: number }>(
      server,
      sql`select extract(epoch from expires_at - created_at)::integer as seconds from sign_in_codes order by created_at desc limit 1`,
    );
    expect(stored.seconds).toBe(60);
    await query(em(), sql`update sign_in_codes set expires_at = now() - interval '1 second'`);
    expect(errorsOf(await server.complete(code))).toEqual(REFUSED_CODE);
    await forgetEnded(em());
    expect(await count('sign_in_codes')).toBe(0);
  });

  test('is all that is in the address, which keeps its own query; programs have theirs', async () => {
    const visitor = { cookie: '' };
    const sentTo = await server.begin(visitor, { returnUrl: `${PROGRAM}?state=mine&code=x&error=y` });
    const { location } = await server.comeBack(visitor, sentTo, { sub: 'code-3' });
    expect(location?.href.startsWith(`${PROGRAM}?`)).toBe(true);
    expect([...location!.searchParams.keys()]).toEqual(['state', 'code']);
    expect(location!.searchParams.get('state')).toBe('mine');
    expect(location!.searchParams.get('code')).toMatch(/^[\w-]{43}$/);
  });
});

describe('the way to the provider', () => {
  test('has state, nonce and a challenge, and the cookie is for this browser and server alone', async () => {
    const { headers } = await server.http.inject({ url: `/auth/one?return=${encodeURIComponent(GAME)}` });
    const { searchParams } = new URL(String(headers.location));
    expect(Object.fromEntries(searchParams)).toMatchObject({
      client_id: 'laurel',
      response_type: 'code',
      redirect_uri: 'https://api.game.example.com/auth/one/callback',
      scope: 'openid email profile',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(headers['set-cookie']).toMatch(
      /^__Host-laurel-sign-in=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(headers['cache-control']).toBe('no-store');
  });

  test.each([
    'https://evil.example.com/signed-in',
    'https://game.example.com/other',
    'https://game.example.com.evil.example.com/signed-in',
    'https://game.example.com@evil.example.com/signed-in',
    'https://user@game.example.com/signed-in',
    'http://game.example.com/signed-in',
    'https://game.example.com:8443/signed-in',
    'https://game.example.com/signed-in#code=1',
    'https://game.example.com/signed-in/../other',
    'https://game.example.com/signed-in?x=\0',
    `https://game.example.com/signed-in?x=${'x'.repeat(2048)}`,
    'mygame://elsewhere',
    'javascript:alert(1)',
    '//game.example.com/signed-in',
    '',
  ])('does not begin where it could not return: %s', async (address) => {
    const { status, location, body } = await server.open(`/auth/one?return=${encodeURIComponent(address)}`, {
      cookie: '',
    });
    expect({ status, location }).toEqual({ status: 400, location: undefined });
    expect(JSON.parse(body).errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });

  test('is not there for a provider that is not', async () => {
    const { status, body } = await server.open(`/auth/three?return=${encodeURIComponent(GAME)}`, { cookie: '' });
    expect(status).toBe(404);
    expect(JSON.parse(body).errors[0].extensions).toEqual({ code: 'NOT_FOUND' });
  });

  test('is listed for everybody', async () => {
    const { data } = await server.graphql('{ signInProviders { name title url } }');
    expect(data.signInProviders).toEqual([
      { name: 'one', title: 'Number One', url: 'https://api.game.example.com/auth/one' },
      { name: 'two', title: 'two', url: 'https://api.game.example.com/auth/two' },
    ]);
  });
});

describe('the way back', () => {
  const written = async () => [await count('users'), await count('identities'), await count('sign_in_codes')];
  /** What comes of a way back that is not there. */
  const refusal = async (visitor: Visitor, sentTo: URL) => {
    const before = await written();
    const { status, location, body } = await server.comeBack(visitor, sentTo, { sub: 'way-back' });
    const { extensions } = JSON.parse(body).errors[0];
    return { status, location, extensions, unchanged: String(await written()) === String(before) };
  };
  const REFUSED = { status: 400, location: undefined, extensions: { code: 'BAD_USER_INPUT' }, unchanged: true };

  test('is there once', async () => {
    const visitor = { cookie: '' };
    const sentTo = await server.begin(visitor);
    expect((await server.comeBack(visitor, sentTo, { sub: 'once' })).status).toBe(302);
    expect(await refusal(visitor, sentTo)).toEqual(REFUSED);
  });

  test('is not there for another browser, and stays for the one that began', async () => {
    const visitor = { cookie: '' };
    const sentTo = await server.begin(visitor);
    expect(await refusal({ cookie: '' }, sentTo)).toEqual(REFUSED);
    const other = { cookie: '' };
    await server.begin(other);
    expect(await refusal(other, sentTo)).toEqual(REFUSED);
    expect((await server.comeBack(visitor, sentTo, { sub: 'stays' })).location?.searchParams.get('code')).toBeTruthy();
  });

  test('is not there for another provider, a made-up state, or after ten minutes', async () => {
    const visitor = { cookie: '' };
    const other = await server.begin(visitor);
    other.searchParams.set('redirect_uri', 'https://api.game.example.com/auth/two/callback');
    expect(await refusal(visitor, other)).toEqual(REFUSED);
    const made = await server.begin(visitor);
    made.searchParams.set('state', 'made-up');
    expect(await refusal(visitor, made)).toEqual(REFUSED);
    const late = await server.begin(visitor);
    await query(em(), sql`update sign_in_attempts set expires_at = expires_at - interval '10 minutes'`);
    expect(await refusal(visitor, late)).toEqual(REFUSED);
  });

  test('is there for two sign-ins at once in one browser', async () => {
    const visitor = { cookie: '' };
    const [first, second] = [await server.begin(visitor), await server.begin(visitor, { name: 'two' })];
    for (const sentTo of [first, second]) {
      expect((await server.comeBack(visitor, sentTo, { sub: 'tabs' })).location?.searchParams.get('code')).toBeTruthy();
    }
  });

  test('by HEAD spends nothing', async () => {
    const visitor = { cookie: '' };
    const sentTo = await server.begin(visitor);
    const url = `/auth/one/callback?code=x&state=${sentTo.searchParams.get('state')}`;
    const { statusCode } = await server.http.inject({ method: 'HEAD', url, headers: { cookie: visitor.cookie } });
    expect(statusCode).toBe(404);
    expect((await server.comeBack(visitor, sentTo, { sub: 'head' })).status).toBe(302);
  });
});

describe('a provider that does not hold', () => {
  const nothingWritten = async (work: () => Promise<unknown>): Promise<void> => {
    const before = [await count('users'), await count('identities'), await count('sign_in_codes')];
    await work();
    expect([await count('users'), await count('identities'), await count('sign_in_codes')]).toEqual(before);
  };

  test.each([
    ['another issuer in the ID token', { issuer: 'https://accounts.example.com' }, 'provider_refused'],
    ['an ID token for another client', { audience: 'another-client' }, 'provider_refused'],
    ['the nonce of another sign-in', { nonce: 'another' }, 'provider_refused'],
    ['an ID token that has expired', { expiresIn: -3600 }, 'provider_refused'],
    ['an ID token signed by somebody else', { foreignKey: true }, 'provider_refused'],
    ['a code that it takes for none', { tokenStatus: 400, tokenError: 'invalid_grant' }, 'provider_refused'],
    ['a client that it does not know', { tokenStatus: 401, tokenError: 'invalid_client' }, 'provider_refused'],
    ['a fault of its own', { tokenStatus: 500 }, 'provider_unavailable'],
    ['a fault for the moment', { tokenStatus: 400, tokenError: 'temporarily_unavailable' }, 'provider_unavailable'],
  ])('%s is refused, and nothing is written', async (_what, flaws, error) => {
    await nothingWritten(async () => {
      expect(await server.outcome({ sub: 'flawed', name: 'Flawed' }, flaws)).toEqual({ code: null, error });
    });
  });

  test('userinfo about somebody else is refused', async () => {
    server.provider.userInfo = { sub: 'somebody else', email: 'x@example.com', email_verified: true };
    await nothingWritten(async () => {
      expect(await server.outcome({ sub: 'flawed' })).toEqual({ code: null, error: 'provider_refused' });
    });
  });

  test.each([
    ['access_denied', 'access_denied'],
    ['temporarily_unavailable', 'provider_unavailable'],
    ['invalid_scope', 'provider_refused'],
  ])('its error %s is told as %s', async (told, error) => {
    const visitor = { cookie: '' };
    const state = (await server.begin(visitor)).searchParams.get('state') ?? '';
    const { location } = await server.open(
      `/auth/one/callback?${new URLSearchParams({ error: told, state }).toString()}`,
      visitor,
    );
    expect(location?.href).toBe(`${GAME}?error=${error}`);
  });

  test('a code that another verifier was asked with is refused by it', async () => {
    const visitor = { cookie: '' };
    const [own, stolen] = [await server.begin(visitor), await server.begin({ cookie: '' })];
    stolen.searchParams.set('state', own.searchParams.get('state')!);
    const { location } = await server.comeBack(visitor, stolen, { sub: 'stolen' });
    expect(location?.searchParams.get('error')).toBe('provider_refused');
  });
});

describe('a provider', () => {
  test('that is away is told as that, keeps no server from starting, and is asked again', async () => {
    const other = await startSignInServer();
    try {
      other.provider.silent = true;
      const path = `/auth/one?return=${encodeURIComponent(GAME)}`;
      // The server waits ten seconds for it.
      const { location } = await other.open(path, { cookie: '' });
      expect(location?.href).toBe(`${GAME}?error=provider_unavailable`);
      other.provider.silent = false;
      const visitor = { cookie: '' };
      const sentTo = await other.begin(visitor);
      expect(sentTo.origin).toBe(other.provider.issuer);
      await other.begin(visitor);
      expect(other.provider.requests.filter((request) => request.includes('.well-known'))).toHaveLength(2);
      await other.provider.close();
      const { location: back } = await other.comeBack(visitor, sentTo, { sub: 'away' });
      expect(back?.href).toBe(`${GAME}?error=provider_unavailable`);
      // A provider that was never there: the other one has not been asked yet.
      const { location: never } = await other.open(path.replace('one', 'two'), { cookie: '' });
      expect(never?.href).toBe(`${GAME}?error=provider_unavailable`);
    } finally {
      await other.close();
    }
  });

  test('that takes the secret in the body gets it there', async () => {
    const other = await startSignInServer();
    try {
      other.provider.secretBy = 'client_secret_post';
      expect((await other.outcome({ sub: 'by-post' })).error).toBeNull();
    } finally {
      await other.close();
    }
  });

  test('that says it is another issuer is refused', async () => {
    const other = await startSignInServer();
    try {
      other.provider.issuer = 'https://accounts.example.com';
      const { location } = await other.open(`/auth/one?return=${encodeURIComponent(GAME)}`, { cookie: '' });
      expect(location?.href).toBe(`${GAME}?error=provider_refused`);
    } finally {
      await other.close();
    }
  });
});

test('sign-ins are limited by address', async () => {
  const limited = await startSignInServer({ RATE_LIMITS: 'true' });
  try {
    let last: URL | undefined;
    for (let attempt = 0; attempt < 201; attempt += 1) {
      last = await limited.begin({ cookie: '' });
    }
    expect(last?.href).toBe(`${GAME}?error=rate_limited`);
    expect(errorsOf(await limited.complete('made up'))).toMatchObject([{ code: 'RATE_LIMITED' }]);
  } finally {
    await limited.close();
  }
});
