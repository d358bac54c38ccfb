import { randomUUID } from 'node:crypto';
import { refused, type Row } from '../row.js';
import { RETURN, type Target } from '../target.js';
import { begin, codeOf, comeBack, comeBackWith, open, outcome } from './sign-in-steps.js';

const COMPLETE = 'mutation ($code: String!) { completeSignIn(code: $code) { accessToken } }';
const COMPLETE_LINK = 'mutation ($code: String!) { completeLink(code: $code) { identity { id } } }';
const LINK =
  'mutation ($provider: String!, $returnUrl: String!) { linkIdentity(provider: $provider, returnUrl: $returnUrl) { url } }';

const NOT_BEGUN: Row['expected'] = {
  status: 400,
  errors: [{ code: 'BAD_USER_INPUT' }],
  headers: { location: null },
  absent: /code=/,
};
const sentBack = (error: string): Row['expected'] => ({
  status: 302,
  headers: { location: new RegExp(`^${RETURN}\\?error=${error}$`) },
  absent: /script|code=/,
});
const REFUSED_CODE = (field: string): Row['expected'] => ({
  ...refused.input('code'),
  data: { [field]: null },
});
const person = (): { sub: string } => ({ sub: randomUUID() });

async function verifiedPlayer(target: Target) {
  const player = await target.player();
  await target.sql('update users set email_verified_at = now() where id = $1', [player.id]);
  return player;
}

const FOREIGN_ADDRESSES = [
  'https://evil.example.com/signed-in',
  `${RETURN}/../other`,
  'https://game.example.com@evil.example.com/signed-in',
  'https://game.example.com.evil.example.com/signed-in',
  'http://game.example.com/signed-in',
  '//evil.example.com/signed-in',
  'javascript:alert(1)',
];

/** The way to a provider and back. */
export const signIn: Row[] = [
  ...FOREIGN_ADDRESSES.map((address): Row => ({
    name: `returning to ${address}`,
    defence: 'a sign-in returns to listed addresses alone',
    attack: (target) => open(target, `/auth/one?return=${encodeURIComponent(address)}`),
    expected: NOT_BEGUN,
  })),
  {
    name: 'linking with another address to return to',
    defence: 'a sign-in returns to listed addresses alone',
    attack: async (target) =>
      target.graphql(LINK, { provider: 'one', returnUrl: 'https://evil.example.com/' }, { as: await target.player() }),
    expected: { ...refused.input('returnUrl'), data: { linkIdentity: null } },
  },
  {
    name: 'coming back without a state',
    defence: 'who comes back is who went (state)',
    attack: async (target) => comeBackWith(target, await begin(target), { state: '', code: 'x' }),
    expected: NOT_BEGUN,
  },
  {
    name: 'coming back with a made-up state',
    defence: 'who comes back is who went (state)',
    attack: async (target) => comeBackWith(target, await begin(target), { state: 'x'.repeat(43), code: 'x' }),
    expected: NOT_BEGUN,
  },
  {
    name: 'sending somebody else one’s own way back',
    defence: 'the way back is for the browser that began',
    attack: async (target) => {
      const [own, victim] = [await begin(target), await begin(target)];
      return comeBack(target, { ...own, cookie: victim.cookie }, person());
    },
    expected: NOT_BEGUN,
  },
  {
    name: 'the way back a second time',
    defence: 'the way back is there once',
    attack: async (target) => {
      const visitor = await begin(target);
      await comeBack(target, visitor, person());
      return comeBack(target, visitor, person());
    },
    expected: NOT_BEGUN,
  },
  {
    name: 'the way back to another provider',
    defence: 'the way back is of one provider (mix-up)',
    attack: async (target) => comeBackWith(target, await begin(target), { code: 'x' }, '/auth/two'),
    expected: NOT_BEGUN,
  },
  {
    name: 'the way back after ten minutes',
    defence: 'the way back ends',
    attack: async (target) => {
      const visitor = await begin(target);
      await target.sql('update sign_in_attempts set expires_at = now()');
      return comeBack(target, visitor, person());
    },
    expected: NOT_BEGUN,
  },
  {
    name: 'an ID token with another nonce',
    defence: 'an ID token is of this sign-in (nonce)',
    attack: (target) => outcome(target, { ...person(), name: 'x', email: 'x@example.com' }, { nonce: 'another' }),
    expected: sentBack('provider_refused'),
  },
  {
    name: 'an ID token by another issuer',
    defence: 'an ID token is of this provider (iss)',
    attack: (target) => outcome(target, person(), { issuer: 'https://accounts.example.com' }),
    expected: sentBack('provider_refused'),
  },
  {
    name: 'an ID token for another client',
    defence: 'an ID token is for this server (aud)',
    attack: (target) => outcome(target, person(), { audience: 'another-client' }),
    expected: sentBack('provider_refused'),
  },
  {
    name: 'an ID token that has expired',
    defence: 'an ID token ends (exp)',
    attack: (target) => outcome(target, person(), { expiresIn: -3600 }),
    expected: sentBack('provider_refused'),
  },
  {
    name: 'an ID token signed by somebody else',
    defence: 'an ID token is signed by the provider',
    attack: (target) => outcome(target, person(), { foreignKey: true }),
    expected: sentBack('provider_refused'),
  },
  {
    name: 'a code that was stolen from another sign-in',
    defence: 'a code of the provider is for who asked (PKCE, nonce)',
    attack: async (target) => {
      const [own, victim] = [await begin(target), await begin(target)];
      return comeBackWith(target, own, { code: target.provider.codeFor(victim.sentTo, person()) });
    },
    expected: sentBack('provider_refused'),
  },
  {
    name: 'an email that the provider does not vouch for',
    defence: 'an account is signed in to by an email that both vouch for',
    attack: async (target) => {
      const { email } = await verifiedPlayer(target);
      return outcome(target, { ...person(), email, email_verified: false });
    },
    expected: sentBack('email_taken'),
  },
  {
    name: 'an email that this server does not vouch for',
    defence: 'an account is signed in to by an email that both vouch for',
    attack: async (target) => {
      const { email } = await target.player();
      return outcome(target, { ...person(), email, email_verified: true });
    },
    expected: sentBack('email_taken'),
  },
  {
    name: 'words of one’s own as the error of a provider',
    defence: 'words of providers are not passed on',
    attack: async (target) =>
      comeBackWith(target, await begin(target), {
        error: '<script>alert(1)</script>',
        error_description: '<script>alert(1)</script>',
      }),
    expected: sentBack('provider_refused'),
  },
  {
    name: 'the code a second time',
    defence: 'a code is good once',
    attack: async (target) => {
      const code = codeOf(await outcome(target, person()));
      await target.ask(COMPLETE, { code });
      return target.graphql(COMPLETE, { code });
    },
    expected: REFUSED_CODE('completeSignIn'),
  },
  {
    name: 'the code after a minute',
    defence: 'a code ends',
    attack: async (target) => {
      const code = codeOf(await outcome(target, person()));
      await target.sql('update sign_in_codes set expires_at = now()');
      return target.graphql(COMPLETE, { code });
    },
    expected: REFUSED_CODE('completeSignIn'),
  },
  {
    name: 'the code of somebody else’s link',
    defence: 'a link is finished by who asked for it',
    attack: async (target) => {
      const [attacker, victim] = [await target.player(), await target.player()];
      const { linkIdentity } = await target.ask(LINK, { provider: 'one', returnUrl: RETURN }, { as: attacker });
      const { pathname, search } = new URL(linkIdentity.url);
      const code = codeOf(await comeBack(target, await begin(target, `${pathname}${search}`), person()));
      return target.graphql(COMPLETE_LINK, { code }, { as: victim });
    },
    expected: REFUSED_CODE('completeLink'),
  },
  {
    name: 'the code of a link as one of a sign-in',
    defence: 'a code of a link signs nobody in',
    attack: async (target) => {
      const as = await target.player();
      const { linkIdentity } = await target.ask(LINK, { provider: 'one', returnUrl: RETURN }, { as });
      const { pathname, search } = new URL(linkIdentity.url);
      const code = codeOf(await comeBack(target, await begin(target, `${pathname}${search}`), person()));
      return target.graphql(COMPLETE, { code });
    },
    expected: REFUSED_CODE('completeSignIn'),
  },
  {
    name: 'reading the cookie of a sign-in by a script, or setting it from another host',
    defence: 'the cookie of a sign-in is for this server alone',
    attack: (target) => open(target, `/auth/one?return=${encodeURIComponent(RETURN)}`),
    expected: {
      status: 302,
      headers: {
        'set-cookie': /^__Host-laurel-sign-in=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
      },
    },
  },
];
