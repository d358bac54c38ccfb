import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import type { LaurelProcess } from '../cli/process.js';
import { createEmptyDatabase } from '../support/database.js';
import { freePort } from '../support/own-servers.js';
import { registerPlayer, send, serve, type TestPlayer, untilReady } from './load.js';

const ASK = 'mutation ($id: ID!) { requestFriendship(userId: $id) { friendship { status } } }';

let database: { url: string; drop: () => Promise<void> };
let server: LaurelProcess;
let address: string;
let other: Client;
let low: TestPlayer;
let high: TestPlayer;

beforeAll(async () => {
  database = await createEmptyDatabase(process.env['TEST_POSTGRES_URL'], process.env['LAUREL_TEST_TEMPLATE']);
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  server = serve(database.url, port);
  await untilReady(address);
  const players = [await registerPlayer(address), await registerPlayer(address)];
  [low, high] = players.toSorted((a, b) => (a.id < b.id ? -1 : 1)) as [TestPlayer, TestPlayer];
  other = new Client({ connectionString: database.url });
  await other.connect();
});
afterAll(async () => {
  await other?.end();
  server?.kill('SIGKILL');
  await server?.finished;
  await database?.drop();
});

/** Until somebody waits for a lock. */
async function untilWaiting(): Promise<void> {
  for (let left = 200; ; left -= 1) {
    const { rows } = await other.query('select from pg_locks where not granted');
    if (rows.length > 0) {
      return;
    }
    expect(left).toBeGreaterThan(0);
    await sleep(10);
  }
}

test('a request that is ended because its locks cross another’s is tried again, and no client learns of it', async () => {
  const lock = (player: TestPlayer) => other.query('select from users where id = $1 for update', [player.id]);
  await other.query('begin');
  // It is the server's request that notices, and is ended.
  await other.query(`set local deadlock_timeout = '1min'`);
  await lock(high);
  const asked = send(address, ASK, { id: high.id }, low.token);
  await untilWaiting();
  await lock(low);
  await other.query('commit');
  expect(await asked).toEqual({
    status: 200,
    data: { requestFriendship: { friendship: { status: 'PENDING' } } },
    code: undefined,
  });
  // Told by each process when it is idle.
  for (let left = 200; ; left -= 1) {
    const { rows } = await other.query(
      'select deadlocks::integer from pg_stat_database where datname = current_database()',
    );
    if (rows[0].deadlocks === 1) {
      break;
    }
    expect(left).toBeGreaterThan(0);
    await sleep(50);
  }
  const { rows } = await other.query('select count(*)::integer as rows from friendships');
  expect(rows).toEqual([{ rows: 1 }]);
});
