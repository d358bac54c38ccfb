import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { laurel, type LaurelProcess } from '../cli/process.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import {
  answer,
  countsOf,
  type Imported,
  importMysql,
  reportIn,
  settled,
  startImport,
  stateOf,
  workplace,
} from './import-support.js';
import { ownMariadb, ownPostgres } from '../support/own-servers.js';
import { type MysqlDatabase, mysqlDatabase } from './support.js';

const place = workplace();
const KILLS = 12;
/** A run that takes longer hangs. */
const PATIENCE = 20_000;

/** 110,050 rows of the game service, of which 50 refer to nobody. */
const GAME = `
  create table users (id int primary key, email varchar(255), nickname varchar(100), password varchar(255), birth_date date, role varchar(20));
  create table scores (id int primary key, user_id int, score int, created_at datetime);
  create table friendships (id int primary key, requester_id int, receiver_id int, status varchar(20), created_at datetime);
  create table monthly_scores (id int primary key, user_id int, year int, month int, score int, updated_at datetime);
  create table game_visits (id int primary key, user_id int, visit_date date, visit_count int);
  insert into users select seq, concat('p', seq, '@example.com'), concat('nick', seq), null, '2000-01-01', 'user' from seq_1_to_5000;
  insert into scores select seq, seq % 5000 + 1, seq * 7919 % 100003, '2026-01-01' + interval seq minute from seq_1_to_40000;
  insert into friendships select seq, seq % 5000 + 1, (seq % 5000 + 1 + seq div 5000) % 5000 + 1, 'accepted', '2026-01-01' from seq_1_to_10000;
  insert into monthly_scores select seq, seq % 5000 + 1, 2025, seq div 5000 % 12 + 1, seq * 31 % 9973, '2026-01-01' from seq_1_to_35000;
  insert into game_visits select seq, seq % 5000 + 1, '2025-01-01' + interval seq div 5000 day, 1 from seq_1_to_20000;
  insert into game_visits select 100000 + seq, 9000, '2025-01-01' + interval seq day, 1 from seq_1_to_50`;
const WRITTEN = { users: 5000, scores: 40_000, friendships: 10_000, monthly_scores: 35_000, game_visits: 20_000 };

let mysql: MysqlDatabase;

beforeAll(async () => {
  mysql = await mysqlDatabase();
  await mysql.run(GAME);
});
afterAll(async () => {
  await mysql?.drop();
  place.remove();
});

const words = (rejects = place.fresh('rejects')): string[] => [
  '--source-time-zone',
  'UTC',
  '--orphans',
  'reject',
  '--rejects',
  rejects,
];

const start = (url: string, from = mysql.url, rejects?: string): LaurelProcess =>
  startImport(from, { url }, words(rejects), place);

/** Waits until a run has printed that. */
async function until(running: LaurelProcess, printed: RegExp): Promise<void> {
  let isOver = false;
  void running.finished.then(() => (isOver = true));
  while (!printed.test(running.output)) {
    if (isOver) {
      throw new Error(`The run ended without ${printed}: ${running.output}`);
    }
    await sleep(5);
  }
}

/** The end of a run, which is killed where it hangs. */
async function endOf(running: LaurelProcess): Promise<Imported> {
  const timer = setTimeout(() => running.kill('SIGKILL'), PATIENCE);
  const finished = await running.finished;
  clearTimeout(timer);
  return { ...finished, report: reportIn(finished.output) };
}

function expectWhole({ code, report }: Imported): void {
  expect([code, report?.outcome]).toEqual([0, 'done']);
  const written = Object.entries(countsOf(report)).map(([table, counts]) => [table, counts[1]]);
  expect(Object.fromEntries(written)).toEqual(WRITTEN);
}

/** Reports that were begun: those of killed runs stay. */
function unfinished(): string[] {
  return existsSync(`${place.path}/reports`)
    ? readdirSync(`${place.path}/reports`).filter((name) => name.endsWith('.part'))
    : [];
}

async function rowsIn(url: string): Promise<number[]> {
  return await answer<number>(
    url,
    `select unnest(array[(select count(*)::integer from users), (select count(*) from scores),
      (select count(*) from friendships), (select count(*) from standings where legacy_id is not null),
      (select count(*) from visits)])::integer as v`,
  );
}

test(`killed at ${KILLS} moments, it has changed nothing, and the next run moves all`, async () => {
  let target: TestDatabase = await openTestDatabase();
  try {
    const untouched = await stateOf(target.url!);
    const started = Date.now();
    expectWhole(await importMysql(mysql.url, { url: target.url! }, words(), place));
    const milliseconds = Date.now() - started;
    await target.close();
    target = await openTestDatabase();

    const phases = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const moment = ((kill + Math.random()) / KILLS) * milliseconds;
      const running = start(target.url!);
      await Promise.race([sleep(moment), running.finished]);
      running.kill('SIGKILL');
      const { code, output } = await running.finished;
      phases.add(/(\w+) \w+(?:: .*)?\n*$/.exec(output)?.[1] ?? 'starting');
      await settled(target.url!);
      const state = await stateOf(target.url!);
      if (state !== untouched) {
        // It was through before: then all of it is there.
        expect([kill, code, await rowsIn(target.url!)]).toEqual([kill, code, Object.values(WRITTEN)]);
        expect(moment).toBeGreaterThan(milliseconds * 0.6);
        await target.close();
        target = await openTestDatabase();
      }
    }
    // The moments were not all in one place.
    expect(phases.size).toBeGreaterThan(2);
    expectWhole(await importMysql(mysql.url, { url: target.url! }, words(), place));
  } finally {
    await target.close();
  }
});

test('interrupted at any point, it says that nothing was changed, and leaves nothing behind', async () => {
  const target = await openTestDatabase();
  try {
    const untouched = await stateOf(target.url!);
    const before = unfinished();
    for (const printed of [/copied users/, /copied monthly_scores/, /checking game_visits/, /writing users/]) {
      const rejects = place.fresh('interrupted');
      const running = start(target.url!, mysql.url, rejects);
      await until(running, printed);
      running.kill('SIGINT');
      const { code, output } = await endOf(running);
      expect([printed, code, output]).toEqual([
        printed,
        1,
        expect.stringMatching(/Interrupted\. Nothing was changed, on neither side\. Run it again/),
      ]);
      expect([printed, readdirSync(rejects)]).toEqual([printed, []]);
      await settled(target.url!);
      expect(await stateOf(target.url!)).toBe(untouched);
    }
    expect(unfinished()).toEqual(before);
  } finally {
    await target.close();
  }
});

test('beside it no other import and no migration runs', async () => {
  const target = await openTestDatabase();
  try {
    const running = start(target.url!);
    await until(running, /copied users/);
    const second = await importMysql(mysql.url, { url: target.url! }, words(), place);
    expect([second.code, second.output]).toEqual([
      1,
      expect.stringMatching(/A migration or another import is under way\. Nothing was changed\. Wait for it/),
    ]);
    const heads = `select count(*)::integer as v from pg_tables where schemaname = 'public'`;
    const before = await answer(target.url!, heads);
    const upgraded = await laurel(['migrate', 'upgrade'], { DATABASE_URL: target.url!, DATA_DIR: place.path });
    expect([upgraded.code, upgraded.output]).toEqual([0, expect.any(String)]);
    expectWhole(await endOf(running));
    expect(await answer(target.url!, heads)).toEqual(before);
    expect(await rowsIn(target.url!)).toEqual(Object.values(WRITTEN));
  } finally {
    await target.close();
  }
});

test('servers that go down in the middle end it, and both are as they were', async () => {
  const [mariadb, postgres] = await Promise.all([ownMariadb(), ownPostgres()]);
  try {
    const filling = await createConnection({ uri: mariadb.url, multipleStatements: true });
    await filling.query(`create database game character set utf8mb4; use game; set sql_mode = ''; ${GAME}`);
    await filling.end();
    const from = `${mariadb.url}/game`;
    const settings = { DATABASE_URL: postgres.url, DATA_DIR: place.path };
    expect((await laurel(['migrate', 'upgrade'], settings)).code).toBe(0);
    // What a sequence has in reserve is lost with the server otherwise.
    await answer(postgres.url, 'checkpoint');
    const untouched = await stateOf(postgres.url);
    const rejects = place.fresh('servers');

    for (const [server, printed, message] of [
      [mariadb, /copied users/, /The source could not be read.*Nothing was changed/],
      [mariadb, /comparing users/, /The source could not be read.*Nothing was changed/],
      [postgres, /copied users/, /The database refused or was lost: .*Nothing was changed/],
      [postgres, /writing users/, /The database refused or was lost: .*Nothing was changed/],
    ] as const) {
      const running = start(postgres.url, from, rejects);
      await until(running, printed);
      await server.kill();
      const { code, output } = await endOf(running);
      expect([printed, code, output]).toEqual([printed, 1, expect.stringMatching(message)]);
      expect(readdirSync(rejects)).toEqual([]);
      await server.start();
      await settled(postgres.url);
      expect(await stateOf(postgres.url)).toBe(untouched);
    }
    expectWhole(await endOf(start(postgres.url, from, rejects)));
  } finally {
    await mariadb.close();
    await postgres.close();
  }
});
