import { stderr } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { laurel, type LaurelProcess } from '../cli/process.js';
import { freePort, type OwnPostgres, ownPostgres } from '../support/own-servers.js';
import { RIGHT_TREE, TREE_FAULTS } from '../support/rank-tree.js';
import { registerPlayer, serve, startLoad, storedKeys, type TestPlayer, untilReady } from './load.js';

const KILLS = 20;
const PLAYERS = 8;

let postgres: OwnPostgres;
let port: number;
let address: string;
let server: LaurelProcess;
let players: TestPlayer[];

beforeAll(async () => {
  postgres = await ownPostgres();
  port = await freePort();
  address = `http://127.0.0.1:${port}`;
  await laurel(['migrate', 'upgrade'], { DATABASE_URL: postgres.url });
  server = serve(postgres.url, port);
  await untilReady(address);
  players = await Promise.all(Array.from({ length: PLAYERS }, () => registerPlayer(address)));
});
afterAll(async () => {
  server?.kill('SIGKILL');
  await server?.finished;
  await postgres?.close();
});

/** Everything that was acknowledged is there, nothing is there twice, and the ranks are those of a recount. */
async function expectNothingLost(acknowledged: ReadonlySet<string>): Promise<void> {
  const { keys, twice } = await storedKeys(postgres.url);
  expect([...acknowledged].filter((key) => !keys.has(key))).toEqual([]);
  expect(twice).toBe(0);
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query(TREE_FAULTS);
  const standings = await client.query(
    `select count(*)::integer as wrong from standings t where score <> (select max(score) from scores s
      where s.user_id = t.user_id and s.season_id = t.season_id)`,
  );
  await client.end();
  expect(rows).toEqual([RIGHT_TREE]);
  expect(standings.rows).toEqual([{ wrong: 0 }]);
}

test(`a server killed ${KILLS} times loses nothing that it has acknowledged, and writes nothing twice`, async () => {
  const load = startLoad(address, players);
  const recoveries: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    await sleep(200 + Math.random() * 400);
    server.kill('SIGKILL');
    await server.finished;
    server = serve(postgres.url, port);
    recoveries.push(await untilReady(address));
  }
  await sleep(300);
  await load.stop();
  expect(load.acknowledged.size).toBeGreaterThan(KILLS);
  await expectNothingLost(load.acknowledged);
  stderr.write(`longest recovery ${Math.round(Math.max(...recoveries))} ms, ${load.acknowledged.size} acknowledged\n`);
});

test.each(['fast', 'immediate', 'kill'] as const)(
  'a database that goes down (%s) under load is waited for, without a restart of the server',
  async (how) => {
    const load = startLoad(address, players);
    await sleep(500);
    await (how === 'kill' ? postgres.kill() : postgres.stop(how));
    expect((await fetch(`${address}/livez`)).status).toBe(200);
    expect((await fetch(`${address}/readyz`)).status).toBe(503);
    await sleep(300);
    await postgres.start();
    const recovery = await untilReady(address);
    const before = load.acknowledged.size;
    await sleep(1000);
    await load.stop();
    expect(load.acknowledged.size).toBeGreaterThan(before);
    // Clients are told that they may try again, and nothing else.
    expect([...load.failures.keys()].filter((code) => !['SERVICE_UNAVAILABLE', 'none'].includes(code))).toEqual([]);
    await expectNothingLost(load.acknowledged);
    stderr.write(`ready again ${Math.round(recovery)} ms after the database\n`);
  },
);

test('SIGTERM under load loses nothing that was acknowledged, and nobody waits in vain', async () => {
  const load = startLoad(address, players);
  await sleep(500);
  server.kill('SIGTERM');
  const { code } = await server.finished;
  expect(code).toBe(0);
  await load.stop();
  await expectNothingLost(load.acknowledged);
});
