import { AUTH } from '../account/support.js';
import { type Answer, type Player, startTestServer, type TestServer } from '../support/server.js';
import { CLIENT, type Flaws, type LoopbackProvider, type Person, startLoopbackProvider } from './loopback-provider.js';

export const GAME = 'https://game.example.com/signed-in';
export const PROGRAM = 'mygame://signed-in';
export const COMPLETE = `mutation ($code: String!) { completeSignIn(code: $code) { ${AUTH} restored } }`;
export const LINK = `mutation ($provider: String!, $returnUrl: String!) {
  linkIdentity(provider: $provider, returnUrl: $returnUrl) { url }
}`;
export const COMPLETE_LINK = `mutation ($code: String!) { completeLink(code: $code) { identity { id provider email } } }`;
export const UNLINK = `mutation ($id: ID!) { unlinkIdentity(id: $id) { id } }`;
export const IDENTITIES = `{ viewer { nickname pictureUrl account { email emailVerified birthDate identities {
  id provider email emailVerified pictureUrl createdAt lastUsedAt } } } }`;

export interface ShownIdentity {
  id: string;
  provider: string;
  email: string | null;
  emailVerified: boolean;
  pictureUrl: string | null;
}

export interface ShownViewer {
  nickname: string;
  pictureUrl: string | null;
  account: { email: string | null; emailVerified: boolean; birthDate: string | null; identities: ShownIdentity[] };
}

export interface CompletedSignIn {
  accessToken: string;
  refreshToken: string;
  user: { id: string; nickname: string };
  restored: boolean;
}

/** A browser, as far as sign-ins need one: it keeps cookies. */
export interface Visitor {
  cookie: string;
}

interface Reply {
  status: number;
  location: URL | undefined;
  body: string;
}

/** A server with two providers, both of them the same on loopback. */
export interface SignInServer extends TestServer {
  provider: LoopbackProvider;
  open(path: string, visitor: Visitor): Promise<Reply>;
  /** Begins at `/auth/one`, or at what `linkIdentity` answered. @returns where the browser is sent */
  begin(visitor: Visitor, options?: { at?: string; name?: string; returnUrl?: string }): Promise<URL>;
  /** Comes back from where `begin` was sent to. */
  comeBack(visitor: Visitor, sentTo: URL, person: Person, flaws?: Flaws): Promise<Reply>;
  /** From the beginning to the return to the game. @returns what is behind `code=`, or behind `error=` */
  outcome(person: Person, flaws?: Flaws, name?: string): Promise<{ code: string | null; error: string | null }>;
  /** All of it. */
  signIn(person: Person, name?: string): Promise<Player>;
  complete(code: string | null): Promise<Answer<{ completeSignIn: CompletedSignIn | null }>>;
  /** Comes back to the game with a code for `completeLink`. */
  linkCode(player: Player, person: Person, name?: string): Promise<string>;
  account(player: Player): Promise<ShownViewer>;
}

export async function startSignInServer(settings: NodeJS.ProcessEnv = {}): Promise<SignInServer> {
  const provider = await startLoopbackProvider();
  const { issuer } = provider;
  const server = await startTestServer({
    OIDC_PROVIDERS: JSON.stringify([
      { name: 'one', title: 'Number One', issuer, ...CLIENT },
      { name: 'two', issuer, ...CLIENT },
    ]),
    PUBLIC_URL: 'https://api.game.example.com',
    SIGN_IN_RETURN_URLS: `${GAME}, ${PROGRAM}`,
    ...settings,
  });

  const open: SignInServer['open'] = async (path, visitor) => {
    const response = await server.http.inject({ url: path, headers: { cookie: visitor.cookie } });
    const set = response.headers['set-cookie'];
    if (typeof set === 'string') {
      visitor.cookie = set.split(';')[0]!;
    }
    const { location } = response.headers;
    return {
      status: response.statusCode,
      location: location === undefined ? undefined : new URL(location),
      body: response.body,
    };
  };
  const begin: SignInServer['begin'] = async (visitor, { at, name = 'one', returnUrl = GAME } = {}) => {
    const { location, body } = await open(at ?? `/auth/${name}?return=${encodeURIComponent(returnUrl)}`, visitor);
    if (location === undefined) {
      throw new Error(`The sign-in did not begin: ${body}`);
    }
    return location;
  };
  const comeBack: SignInServer['comeBack'] = (visitor, sentTo, person, flaws) => {
    const query = new URLSearchParams({
      state: sentTo.searchParams.get('state') ?? '',
      code: provider.codeFor(sentTo, person, flaws),
    });
    const back = new URL(sentTo.searchParams.get('redirect_uri') ?? '');
    return open(`${back.pathname}?${query.toString()}`, visitor);
  };
  const outcome: SignInServer['outcome'] = async (person, flaws, name = 'one') => {
    const visitor = { cookie: '' };
    const { location, body } = await comeBack(visitor, await begin(visitor, { name }), person, flaws);
    if (location === undefined) {
      throw new Error(`The sign-in did not return: ${body}`);
    }
    const { searchParams } = location;
    return { code: searchParams.get('code'), error: searchParams.get('error') };
  };
  const complete: SignInServer['complete'] = (code) => server.graphql(COMPLETE, { code });
  return {
    ...server,
    provider,
    open,
    begin,
    comeBack,
    outcome,
    complete,
    signIn: async (person, name) => {
      const { code, error } = await outcome(person, {}, name);
      if (error !== null) {
        throw new Error(`The sign-in failed: ${error}`);
      }
      const { data } = await complete(code);
      const { user, ...tokens } = data.completeSignIn!;
      return { ...user, ...tokens, email: person.email ?? '' };
    },
    linkCode: async (player, person, name = 'one') => {
      const { data, errors } = await server.graphql(LINK, { provider: name, returnUrl: GAME }, player);
      if (errors !== undefined) {
        throw new Error(JSON.stringify(errors));
      }
      const visitor = { cookie: '' };
      const { pathname, search } = new URL(data.linkIdentity.url);
      const { location } = await comeBack(visitor, await begin(visitor, { at: `${pathname}${search}` }), person);
      return location?.searchParams.get('code') ?? '';
    },
    account: async (player) => (await server.graphql(IDENTITIES, {}, player)).data.viewer,
    close: async () => {
      await server.close();
      await provider.close();
    },
  };
}
