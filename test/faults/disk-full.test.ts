import { stderr } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { laurel, type LaurelProcess } from '../cli/process.js';
import { freePort, type OwnPostgres, ownPostgres } from '../support/own-servers.js';
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from '../support/small-disk.js';
import { type Load, registerPlayer, send, serve, startLoad, storedKeys, type TestPlayer, untilReady } from './load.js';

const MEGABYTES = 200;
const PLAYERS = 8;

const reason = whyNoSmallDisk();
if (reason !== undefined) {
  stderr.write(`\nSKIPPED: what happens when the disk of the database is full was NOT tested, ${reason}\n\n`);
}

const onSmallDisk = reason === undefined ? describe : describe.skip;

let disk: SmallDisk;
let postgres: OwnPostgres;
let server: LaurelProcess;
let address: string;
let players: TestPlayer[];
let load: Load;

async function begin(holds: 'tables' | 'everything'): Promise<void> {
  disk = mountSmallDisk(MEGABYTES);
  postgres = await ownPostgres({ folder: disk.folder, holds });
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  await laurel(['migrate', 'upgrade'], { DATABASE_URL: postgres.url });
  server = serve(postgres.url, port);
  await untilReady(address);
  players = await Promise.all(Array.from({ length: PLAYERS }, () => registerPlayer(address)));
}

async function end(): Promise<void> {
  await load?.stop();
  server?.kill('SIGKILL');
  await server?.finished;
  await postgres?.close();
  disk?.unmount();
}

/** Until nobody's writes succeed: pages that are there already still take some. */
async function untilRefused({ failures }: Load): Promise<void> {
  for (let left = 300; (failures.get('SERVICE_UNAVAILABLE') ?? 0) < PLAYERS * 2; left -= 1) {
    expect(left).toBeGreaterThan(0);
    await sleep(100);
  }
}

async function untilAcknowledged({ acknowledged }: Load): Promise<void> {
  const before = acknowledged.size;
  for (let left = 100; acknowledged.size < before + PLAYERS; left -= 1) {
    expect(left).toBeGreaterThan(0);
    await sleep(100);
  }
}

/** Clients were told that they may try again and nothing else, and what was acknowledged is stored, once. */
async function expectNothingLost({ acknowledged, failures }: Load): Promise<void> {
  expect([...failures.keys()]).toEqual(['SERVICE_UNAVAILABLE']);
  const { keys, twice } = await storedKeys(postgres.url);
  expect([...acknowledged].filter((key) => !keys.has(key))).toEqual([]);
  expect(twice).toBe(0);
  stderr.write(
    `${failures.get('SERVICE_UNAVAILABLE')} refused while the disk was full, ${acknowledged.size} acknowledged\n`,
  );
}

onSmallDisk('the disk that the tables lie on is full', () => {
  beforeAll(() => begin('tables'));
  afterAll(end);

  test('writes are refused with 503, reads go on, and once there is space again, so do writes', async () => {
    load = startLoad(address, players);
    await sleep(500);
    disk.fill();
    await untilRefused(load);
    const [{ id, token }] = players as [TestPlayer];
    const read = await send(
      address,
      '{ viewer { id } leaderboard { currentSeason { standings(first: 3) { nodes { score user { nickname } } } } } }',
      {},
      token,
    );
    expect(read).toMatchObject({ status: 200, data: { viewer: { id } } });
    expect(await fetch(`${address}/readyz`)).toMatchObject({ status: 200 });
    disk.free();
    await untilAcknowledged(load);
    await load.stop();
    await expectNothingLost(load);
  });
});

onSmallDisk('the disk that the write-ahead log lies on too is full', () => {
  beforeAll(() => begin('everything'));
  afterAll(end);

  test('the database goes down, and is gone on with when it is started again', async () => {
    load = startLoad(address, players);
    await sleep(500);
    disk.fill();
    await untilRefused(load);
    expect((await fetch(`${address}/livez`)).status).toBe(200);
    disk.free();
    await postgres.start();
    await untilReady(address);
    await untilAcknowledged(load);
    await load.stop();
    await expectNothingLost(load);
  });
});
