import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { CLIENT, type Person } from '../identity/loopback-provider.js';

/** `oidc-provider`, which is certified, on loopback, with plain pages to sign in and to agree. */
export interface CertifiedProvider {
  issuer: string;
  close(): Promise<void>;
}

/**
 * @param redirectUris where the client may be sent back to
 * @param people who can sign in, by the name that they type in
 */
export async function startCertifiedProvider(
  redirectUris: string[],
  people: Record<string, Person>,
): Promise<CertifiedProvider> {
  const http = createServer();
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret, redirect_uris: redirectUris }],
    cookies: { keys: ['a key of the tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
    // Its own pages load a font from elsewhere.
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    pkce: { required: () => true },
    findAccount: (_context, name) => {
      const person = people[name];
      return person && { accountId: name, claims: () => ({ ...person }) };
    },
  });
  const callback = provider.callback();
  const interact = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { prompt, params, grantId, session } = await provider.interactionDetails(request, response);
    if (request.method === 'GET') {
      response.setHeader('content-type', 'text/html').end(page(prompt.name));
      return;
    }
    const form = new URLSearchParams(await textOf(request));
    if (form.get('choice') === 'cancel') {
      await provider.interactionFinished(request, response, { error: 'access_denied' });
      return;
    }
    if (prompt.name === 'login') {
      await provider.interactionFinished(request, response, { login: { accountId: form.get('name') ?? '' } });
      return;
    }
    const found = grantId === undefined ? undefined : await provider.Grant.find(grantId);
    const grant = found ?? new provider.Grant({ accountId: session!.accountId, clientId: String(params['client_id']) });
    grant.addOIDCScope(String(params['scope']));
    await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  };
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void (request.url?.startsWith('/interaction/') === true
      ? interact(request, response)
      : callback(request, response));
  });
  return {
    issuer,
    close: () =>
      new Promise((resolve) => {
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  };
}

function page(prompt: string): string {
  const ask = prompt === 'login' ? '<label>Name <input name="name"></label>' : '<p>Let the game know who you are?</p>';
  return `<!doctype html><title>${prompt}</title><link rel="icon" href="data:,"><form method="post">${ask}
    <button name="choice" value="go">Continue</button><button name="choice" value="cancel">Cancel</button></form>`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
