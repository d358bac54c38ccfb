import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from '@jest/globals';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { createSchema } from '../../src/schema.js';
import { DEMO_LOGIN, seedDemo } from '../../src/seed/seed.service.js';
import { startTestServer, type TestServer } from '../support/server.js';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let server: TestServer;
let address: string;
let browser: Browser;
let page: Page;
/** What a page that works without any network must not do. */
let faults: { requestsElsewhere: string[]; consoleErrors: string[] };
const NO_FAULTS = { requestsElsewhere: [], consoleErrors: [] };
/** Origin of a site of somebody else's, in the one test that has one. */
let otherSite: string | undefined;

beforeAll(async () => {
  server = await startTestServer();
  await seedDemo(server.database.orm.em.fork(), { players: 50 });
  address = await server.http.listen({ host: '127.0.0.1', port: 0 });
  browser = await chromium.launch({ executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium', args: FLAGS });
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1400, height: 850 } });
  faults = { requestsElsewhere: [], consoleErrors: [] };
  otherSite = undefined;
  await page.route(
    (url) => url.origin !== address && url.origin !== otherSite,
    async (route) => {
      faults.requestsElsewhere.push(route.request().url());
      await route.abort();
    },
  );
  page.on('console', (message) => {
    if (message.type() === 'error') {
      faults.consoleErrors.push(message.text());
    }
  });
  page.on('pageerror', (error) => faults.consoleErrors.push(error.message));
  await page.goto(address);
  await sendButton().waitFor();
});
afterEach(() => page.close());

function sendButton(): Locator {
  return page.getByRole('button', { name: 'Send Request' });
}

async function open(tab: string): Promise<void> {
  await page.locator('app-window-switcher').getByText(tab, { exact: true }).click();
}

/** Sends the operation of the open tab and reads the answer off the page. */
async function send(): Promise<string> {
  await sendButton().click();
  await result().getByText('200 OK').waitFor();
  return result().innerText();
}

function result(): Locator {
  return page.locator('app-query-result');
}

test('the first thing to see is a query that answers', async () => {
  const answer = await send();
  expect(answer).toContain('"viewer": null');
  expect(answer).toContain('"standings"');
  expect(faults).toEqual(NO_FAULTS);
});

test('after signing in, the other tabs act as the demo player', async () => {
  await open('Sign in');
  expect(await send()).toContain(`"nickname": "${DEMO_LOGIN.nickname}"`);
  await page.getByText('Updated active environment variables').waitFor();
  await open('Friends');
  expect(await send()).toContain(`"nickname": "${DEMO_LOGIN.nickname}"`);
  await open('Submit a score');
  const answer = await send();
  expect(answer).toContain('"value": 4200');
  expect(answer).not.toContain('"errors"');
  expect(faults).toEqual(NO_FAULTS);
});

test('a query typed in answers', async () => {
  await page.getByText('+ Add new').click();
  const editor = page.locator('app-query-editor .cm-content').first();
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText('{ leaderboard { slug title } }');
  expect(await send()).toContain('"slug": "monthly"');
  expect(faults).toEqual(NO_FAULTS);
});

test('the documentation describes types and fields', async () => {
  await page.getByRole('button', { name: 'Docs' }).click();
  const docs = page.locator('app-doc-viewer');
  await docs.getByText('Query', { exact: true }).click();
  await docs.getByText('leaderboard', { exact: true }).first().click();
  await docs.getByText('Leaderboard', { exact: true }).first().click();
  const { description } = createSchema().getType('Leaderboard')!;
  await docs.getByText(description!.slice(0, 40)).waitFor();
  expect(faults).toEqual(NO_FAULTS);
});

test('another site cannot run code in the frame that evaluates scripts', async () => {
  const site = await startOtherSite();
  try {
    await page.goto(site.origin);
    const opening = page.waitForEvent('popup');
    await page.evaluate(
      (frame) => Object.assign(globalThis, { opened: open(frame) }),
      `${address}/explorer/iframe-sandbox/index.html?sc=${site.origin}`,
    );
    const frame = await opening;
    await frame.waitForLoadState();
    // What came of the script is told to the asking origin, which is not the frame's parent: the browser complains.
    const outcome = frame.waitForEvent('console', (message) => message.text().includes('postMessage'));
    await page.evaluate(() => {
      const message = { type: 'init_execute', payload: ["document.title = 'taken'", {}] };
      Reflect.get(globalThis, 'opened').postMessage(message, '*');
    });
    await outcome;
    expect(await frame.title()).toBe('Altair Sandbox');
  } finally {
    await site.close();
  }
});

async function startOtherSite() {
  const http = createHttpServer((_request, response) => response.end('<link rel="icon" href="data:,">'));
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  otherSite = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    origin: otherSite,
    close: () =>
      new Promise<void>((resolve) => {
        http.closeAllConnections();
        http.close(() => resolve());
      }),
  };
}
