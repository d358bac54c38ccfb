import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export const CLIENT = { clientId: 'laurel', clientSecret: 'the secret of the client' };

/** What somebody is at the provider. */
export interface Person {
  sub: string;
  email?: string;
  email_verified?: boolean | string;
  name?: string;
  picture?: string;
}

/** What the provider gets wrong for one sign-in. */
export interface Flaws {
  issuer?: string;
  audience?: string;
  nonce?: string;
  /** Seconds from now at which the ID token ends. */
  expiresIn?: number;
  /** Signs with a key that it does not publish. */
  foreignKey?: boolean;
  /** HTTP status of the token endpoint. */
  tokenStatus?: number;
  /** Body of the token endpoint's error. */
  tokenError?: string;
}

/**
 * An OpenID Connect provider on loopback without pages, which does as it is told. `test/browser/oidc.test.ts` has one that
 * is certified.
 */
export interface LoopbackProvider {
  issuer: string;
  /** What the userinfo endpoint says, beyond the ID token. */
  userInfo: Record<string, unknown>;
  /** The only way in which it takes the client's secret. */
  secretBy: 'client_secret_basic' | 'client_secret_post';
  /** Answers nothing any more until it is false again. */
  silent: boolean;
  /** What was asked, by path. */
  requests: string[];
  /** A code for what the server asked for at the authorization endpoint. */
  codeFor(authorizationUrl: URL, person: Person, flaws?: Flaws): string;
  close(): Promise<void>;
}

export async function startLoopbackProvider(): Promise<LoopbackProvider> {
  const [own, foreign] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
  const jwks = { keys: [{ ...(await exportJWK(own.publicKey)), kid: 'own', alg: 'RS256', use: 'sig' }] };
  const grants = new Map<string, { asked: URLSearchParams; person: Person; flaws: Flaws }>();

  const token = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const body = new URLSearchParams(await textOf(request));
    const grant = grants.get(body.get('code') ?? '');
    grants.delete(body.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url');
    if (
      grant === undefined ||
      challenge !== grant.asked.get('code_challenge') ||
      !isClient(request, body, provider.secretBy)
    ) {
      return [400, { error: 'invalid_grant' }];
    }
    const { asked, person, flaws } = grant;
    if (flaws.tokenStatus !== undefined) {
      return [flaws.tokenStatus, { error: flaws.tokenError ?? 'server_error' }];
    }
    const idToken = await new SignJWT({ ...person, nonce: flaws.nonce ?? asked.get('nonce') })
      .setProtectedHeader({ alg: 'RS256', kid: 'own' })
      .setIssuer(flaws.issuer ?? provider.issuer)
      .setAudience(flaws.audience ?? CLIENT.clientId)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + (flaws.expiresIn ?? 300))
      .sign((flaws.foreignKey === true ? foreign : own).privateKey);
    return [200, { access_token: person.sub, token_type: 'Bearer', id_token: idToken }];
  };

  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    switch (request.url) {
      case '/.well-known/openid-configuration':
        return [200, metadata(provider)];
      case '/jwks':
        return [200, jwks];
      case '/token':
        return token(request);
      case '/userinfo':
        return [200, { sub: request.headers.authorization?.replace('Bearer ', ''), ...provider.userInfo }];
      default:
        return [404, {}];
    }
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    provider.requests.push(request.url ?? '');
    if (provider.silent) {
      return;
    }
    const [status, body] = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const http = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const provider: LoopbackProvider = {
    issuer: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    userInfo: {},
    secretBy: 'client_secret_basic',
    silent: false,
    requests: [],
    codeFor: (authorizationUrl, person, flaws = {}) => {
      const code = createHash('sha256').update(`${grants.size} ${authorizationUrl.href}`).digest('hex');
      grants.set(code, { asked: authorizationUrl.searchParams, person, flaws });
      return code;
    },
    close: () =>
      new Promise((resolve) => {
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  };
  return provider;
}

function metadata({ issuer, secretBy }: LoopbackProvider): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    // What has no name is HTTP basic.
    ...(secretBy === 'client_secret_post' && { token_endpoint_auth_methods_supported: [secretBy] }),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

function isClient(
  { headers }: IncomingMessage,
  body: URLSearchParams,
  secretBy: LoopbackProvider['secretBy'],
): boolean {
  const basic = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
  const [id, secret] =
    secretBy === 'client_secret_post'
      ? [body.get('client_id'), body.get('client_secret')]
      : basic.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
  return id === CLIENT.clientId && secret === CLIENT.clientSecret;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
