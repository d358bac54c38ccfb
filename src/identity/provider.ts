import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  type IDToken,
  type UserInfoResponse,
} from 'openid-client';
import { type Claims, readClaims } from './claims.js';
import { providerFailure } from './provider-failure.js';
import type { ProviderSettings } from './provider-settings.js';

/** Seconds that a provider may take for one answer. */
const PATIENCE = 10;
/** Milliseconds after which what a provider says of itself is asked for again. */
const DISCOVERY_LIFETIME = 60 * 60 * 1000;

/** What must be the same when somebody comes back from a provider. */
export interface SignInSecrets {
  state: string;
  nonce: string;
  verifier: string;
}

/** In the way that the provider takes; where it names none, it takes HTTP basic (OpenID Connect Discovery, section 3). */
function sendSecret(secret: string): ClientAuth {
  return (server, ...request) => {
    const ways = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const send = ways.includes('client_secret_basic') ? ClientSecretBasic(secret) : ClientSecretPost(secret);
    return send(server, ...request);
  };
}

/** One provider. What it says of itself is asked for when it is first needed, so that a server starts without it. */
export class Provider {
  #discovered: { configuration: Promise<Configuration>; at: number } | undefined;

  /** @param redirectUri where the provider sends people back to; it has to know the address */
  constructor(
    readonly settings: ProviderSettings,
    private readonly redirectUri: string,
  ) {}

  /**
   * Where to send somebody to sign in.
   * @throws SignInError provider_unavailable or provider_refused
   */
  async authorizationUrl({ state, nonce, verifier }: SignInSecrets): Promise<URL> {
    const configuration = await this.#configuration();
    return buildAuthorizationUrl(configuration, {
      redirect_uri: this.redirectUri,
      scope: this.settings.scopes,
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
  }

  /**
   * Who has come back. Checked: state, nonce, issuer, audience, signature and times of the ID token; PKCE by the provider.
   * @param query what they have brought with them
   * @throws SignInError access_denied, provider_unavailable or provider_refused
   */
  async claimsOf(query: string, { state, nonce, verifier }: SignInSecrets): Promise<Claims> {
    const configuration = await this.#configuration();
    try {
      const tokens = await authorizationCodeGrant(configuration, new URL(`${this.redirectUri}?${query}`), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const idToken = tokens.claims()!;
      return readClaims(idToken, await this.#userInfo(configuration, tokens.access_token, idToken));
    } catch (error) {
      throw providerFailure(error);
    }
  }

  /** Many providers tell no more in an ID token than who it is. */
  async #userInfo(
    configuration: Configuration,
    accessToken: string,
    { sub, email, name }: IDToken,
  ): Promise<UserInfoResponse | undefined> {
    const complete = email !== undefined && name !== undefined;
    return complete || configuration.serverMetadata().userinfo_endpoint === undefined
      ? undefined
      : fetchUserInfo(configuration, accessToken, sub);
  }

  async #configuration(): Promise<Configuration> {
    const now = performance.now();
    if (this.#discovered === undefined || now - this.#discovered.at > DISCOVERY_LIFETIME) {
      this.#discovered = { configuration: this.#discover(), at: now };
    }
    try {
      return await this.#discovered.configuration;
    } catch (error) {
      this.#discovered = undefined;
      throw providerFailure(error);
    }
  }

  #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    const url = new URL(issuer);
    // Settings allow http on this machine only.
    const insecure = url.protocol === 'http:' ? [allowInsecureRequests] : [];
    return discovery(url, clientId, undefined, sendSecret(clientSecret), {
      timeout: PATIENCE,
      execute: [enableNonRepudiationChecks, ...insecure],
    });
  }
}
