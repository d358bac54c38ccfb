import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { stderr } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { laurel, type LaurelProcess } from '../cli/process.js';
import { createEmptyDatabase } from '../support/database.js';
import { freePort } from '../support/own-servers.js';
import { registerPlayer, serve, type TestPlayer, untilReady } from './load.js';

/** How long more is asked than can be answered. */
const SECONDS = 30;
/** How much more. */
const TIMES = 3;

/** Every page is another one, so that requests do not share their statements. */
const PAGE = `query ($from: Int!) { leaderboard { currentSeason {
  standings(first: 50, fromPosition: $from) { totalCount nodes { rank score user { nickname viewerFriendship } } } } } }`;

let database: { url: string; drop: () => Promise<void> };
let server: LaurelProcess;
let address: string;
let player: TestPlayer;

beforeAll(async () => {
  database = await createEmptyDatabase(process.env['TEST_POSTGRES_URL'], process.env['LAUREL_TEST_TEMPLATE']);
  await laurel(['seed', '--players', '5000'], { DATABASE_URL: database.url });
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  server = serve(database.url, port);
  await untilReady(address);
  player = await registerPlayer(address);
});
afterAll(async () => {
  server?.kill('SIGKILL');
  await server?.finished;
  await database?.drop();
});

interface Timed {
  status: number;
  code: string | undefined;
  milliseconds: number;
}

/** As a load balancer, which has so many connections and no more. */
const agent = new Agent({ keepAlive: true, maxSockets: 800 });

function ask(): Promise<Timed> {
  const body = JSON.stringify({ query: PAGE, variables: { from: 1 + Math.floor(Math.random() * 1000) } });
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    authorization: `Bearer ${player.token}`,
  };
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const sent = request(`${address}/graphql`, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { errors } = JSON.parse(Buffer.concat(chunks).toString()) as {
          errors?: { extensions: { code: string } }[];
        };
        const milliseconds = performance.now() - began;
        resolve({ status: response.statusCode ?? 0, code: errors?.[0]?.extensions.code, milliseconds });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Requests a second that are answered when 16 wait for theirs at a time. */
async function capacity(): Promise<number> {
  const seconds = 3;
  const until = performance.now() + seconds * 1000;
  let answered = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (performance.now() < until) {
        await ask();
        answered += 1;
      }
    }),
  );
  return answered / seconds;
}

/** Resident memory in MB. */
function memory(): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

test(`${TIMES} times more than it can do: everybody has an answer, and it serves on`, async () => {
  await capacity();
  const able = await capacity();
  const [all, sizes]: [Timed[], number[]] = [[], []];
  let waiting = 0;
  const offer = async (): Promise<void> => {
    waiting += 1;
    all.push(await ask());
    waiting -= 1;
  };
  const offers: Promise<void>[] = [];
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < SECONDS * 1000) {
    const due = ((performance.now() - began) / 1000) * able * TIMES;
    for (; sent < due && waiting < agent.maxSockets; sent += 1) {
      offers.push(offer());
    }
    // What finds no connection free is not sent at all.
    sent = Math.max(sent, Math.floor(due));
    sizes.push(memory());
    await sleep(10);
  }
  await Promise.all(offers);
  const served = all.filter(({ status }) => status === 200);
  expect(all.filter(({ status, code }) => status !== 200 && code !== 'SERVICE_UNAVAILABLE')).toEqual([]);
  expect(served.length).toBeGreaterThan(able);
  const times = served.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b);
  const share = (part: number): number => Math.round(times[Math.floor(times.length * part)] ?? 0);
  const late = times.filter((milliseconds) => milliseconds > 1000).length;
  // What a process takes first it keeps; from then on it must not grow.
  const third = Math.floor(sizes.length / 3);
  const [early, end] = [average(sizes.slice(third, 2 * third)), average(sizes.slice(2 * third))];
  stderr.write(
    `${Math.round(able)} a second can be served, ${all.length} asked for in ${SECONDS} s: ${served.length} served, ` +
      `the half within ${share(0.5)} ms, 99 of 100 within ${share(0.99)} ms, ${late} later than 1 s; ` +
      `${all.length - served.length} refused; memory ${Math.round(early)} MB, then ${Math.round(end)} MB\n`,
  );
  // Few; on a machine that is busy with something else too, more.
  expect(late).toBeLessThan(served.length / 4);
  // A leak of what waits would go on growing.
  expect(end).toBeLessThan(early * 1.25);
  await sleep(1000);
  expect((await ask()).status).toBe(200);
});
