import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { errorsOf } from '../account/support.js';
import { CLIENT, type Person } from '../identity/loopback-provider.js';
import { COMPLETE, COMPLETE_LINK, IDENTITIES, LINK, UNLINK } from '../identity/support.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { type CertifiedProvider, startCertifiedProvider } from './certified-provider.js';

const PEOPLE: Record<string, Person> = {
  ada: { sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada Lovelace' },
  grace: { sub: 'grace', email: 'grace@example.com', email_verified: true, name: 'Grace' },
  eve: { sub: 'eve', email: 'victim@example.com', email_verified: false, name: 'Eve' },
};

let server: TestServer;
let provider: CertifiedProvider;
let game: { origin: string; close: () => Promise<void> };
let address: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let requestsElsewhere: string[];

beforeAll(async () => {
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  game = await startGame();
  provider = await startCertifiedProvider([`${address}/auth/certified/callback`], PEOPLE);
  server = await startTestServer({
    OIDC_PROVIDERS: JSON.stringify([{ name: 'certified', issuer: provider.issuer, ...CLIENT }]),
    PUBLIC_URL: address,
    SIGN_IN_RETURN_URLS: `${game.origin}/`,
  });
  await server.http.listen({ host: '127.0.0.1', port });
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
});
afterAll(async () => {
  await browser.close();
  await server.close();
  await provider.close();
  await game.close();
});

beforeEach(async () => {
  context = await browser.newContext();
  requestsElsewhere = [];
  await context.route(
    (url) => ![address, provider.issuer, game.origin].includes(url.origin),
    async (route) => {
      requestsElsewhere.push(route.request().url());
      await route.abort();
    },
  );
  page = await context.newPage();
});
afterEach(() => context.close());

async function freePort(): Promise<number> {
  const { origin, close } = await startGame();
  await close();
  return Number(new URL(origin).port);
}

/** The game's web client: a page to return to. */
async function startGame() {
  const http = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><link rel="icon" href="data:,"><p>The game');
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  };
}

const beginning = () => `${address}/auth/certified?return=${encodeURIComponent(`${game.origin}/?round=1`)}`;
const press = (name: string) => page.getByRole('button', { name }).click();

/** Goes through the pages of the provider. @returns where the browser is at last */
async function signInAs(name: string, at = beginning()): Promise<URL> {
  await page.goto(at);
  await page.getByLabel('Name').fill(name);
  await press('Continue');
  await page.getByText('Let the game know').waitFor();
  await press('Continue');
  await page.getByText('The game', { exact: true }).waitFor();
  return new URL(page.url());
}

async function complete(returned: URL): Promise<Player> {
  const { data, errors } = await server.graphql(COMPLETE, { code: returned.searchParams.get('code') });
  if (errors !== undefined) {
    throw new Error(JSON.stringify(errors));
  }
  const { user, ...tokens } = data.completeSignIn;
  return { ...user, ...tokens, email: '' };
}

const account = async (player: Player) => (await server.graphql(IDENTITIES, {}, player)).data.viewer;

describe('signing in with a certified provider', () => {
  test('makes an account, and the next time finds it, in another browser too', async () => {
    const returned = await signInAs('ada');
    expect(`${returned.origin}${returned.pathname}`).toBe(`${game.origin}/`);
    expect([...returned.searchParams.keys()]).toEqual(['round', 'code']);
    const player = await complete(returned);
    expect(await account(player)).toMatchObject({
      nickname: 'Ada Lovelace',
      account: { email: 'ada@example.com', emailVerified: true, identities: [{ provider: 'certified' }] },
    });
    // What the browser keeps, scripts of pages cannot read.
    expect(await page.evaluate(() => Reflect.get(globalThis, 'document').cookie)).toBe('');
    const cookie = (await context.cookies(address)).find(({ name }) => name === 'laurel-sign-in');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', secure: false });
    await context.clearCookies();
    expect((await complete(await signInAs('ada'))).id).toBe(player.id);
    expect(requestsElsewhere).toEqual([]);
  });

  test('that is cancelled there returns to the game', async () => {
    await page.goto(beginning());
    await press('Cancel');
    await page.getByText('The game', { exact: true }).waitFor();
    expect(page.url()).toBe(`${game.origin}/?round=1&error=access_denied`);
  });

  test('with an email that is not verified does not sign in to the account that has it', async () => {
    const victim = await server.player('victim', { email: 'victim@example.com' });
    expect((await signInAs('eve')).searchParams.get('error')).toBe('email_taken');
    expect((await account(victim)).account.identities).toEqual([]);
  });

  test('links to who is signed in, and is unlinked again', async () => {
    const player = await server.player('linker');
    const { data } = await server.graphql(LINK, { provider: 'certified', returnUrl: `${game.origin}/` }, player);
    const code = (await signInAs('grace', data.linkIdentity.url)).searchParams.get('code');
    const finished = await server.graphql(COMPLETE_LINK, { code }, player);
    expect(finished.data.completeLink.identity).toMatchObject({ provider: 'certified', email: 'grace@example.com' });
    await context.clearCookies();
    expect((await complete(await signInAs('grace'))).id).toBe(player.id);
    const unlinked = await server.graphql(UNLINK, { id: finished.data.completeLink.identity.id }, player);
    expect(errorsOf(unlinked)).toEqual([]);
    await context.clearCookies();
    expect((await complete(await signInAs('grace'))).id).not.toBe(player.id);
  });
});

describe('the way back', () => {
  /** Goes as far as where the provider sends the browser back to, and not there. */
  async function stopBefore(): Promise<string> {
    await page.goto(beginning());
    await page.getByLabel('Name').fill('ada');
    await press('Continue');
    await page.getByText('Let the game know').waitFor();
    const agreed = await context.request.post(page.url(), { form: { choice: 'go' }, maxRedirects: 0 });
    const resumed = await context.request.get(agreed.headers()['location'] ?? '', { maxRedirects: 0 });
    return resumed.headers()['location'] ?? '';
  }

  test('is refused a second time', async () => {
    const callback = page.waitForRequest((request) => request.url().includes('/callback?'));
    await signInAs('ada');
    const replay = await page.goto((await callback).url());
    expect(replay?.status()).toBe(400);
    expect(await replay?.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  test("is refused in another's browser, and still there in one's own", async () => {
    const url = await stopBefore();
    const other = await browser.newContext();
    try {
      const lured = await other.newPage();
      expect((await lured.goto(url))?.status()).toBe(400);
      // One that has begun a sign-in of its own.
      await lured.goto(beginning());
      expect((await lured.goto(url))?.status()).toBe(400);
    } finally {
      await other.close();
    }
    await page.goto(url);
    expect((await complete(new URL(page.url()))).nickname).toBe('Ada Lovelace');
  });
});
