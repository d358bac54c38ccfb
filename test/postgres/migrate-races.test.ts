import 'reflect-metadata';
import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { openDatabase } from '../../src/database/database.js';
import { runMigrations } from '../../src/migrate/run.js';
import { laurel, LaurelProcess } from '../cli/process.js';
import { type MigrationFolder, migrationFolder } from '../migrate/support.js';
import { createEmptyDatabase } from '../support/database.js';
import { rowsAt } from '../support/rows-at.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

const ROUNDS = 5;
const ROUNDS_OF_THE_COMMAND = 2;
const RUNNERS = 8;
const KILLS = 10;

const names = [
  'Migration20270101000000_things',
  'Migration20270102000000_more',
  'Migration20270103000000_data',
  'Migration20270104000000_index',
  'Migration20270105000000_last',
];

let folder: MigrationFolder;
beforeAll(() => {
  folder = migrationFolder({
    [names[0]!]: { up: ['create table things (id serial primary key, size integer)', 'create table runs (at text)'] },
    [names[1]!]: {
      up: [`insert into things (size) select n from generate_series(1, 2000) n`, `select pg_sleep(0.05)`],
    },
    // Run twice, it would show.
    [names[2]!]: {
      up: ['update things set size = size * 2 + 1', `insert into runs values ('data')`, `select pg_sleep(0.05)`],
    },
    [names[3]!]: { up: ['create index concurrently things_size on things (size)'], transactional: false },
    [names[4]!]: {
      up: [`select pg_sleep(0.05)`, 'alter table things add column colour text', `insert into runs values ('last')`],
    },
  });
});
afterAll(() => folder.delete());

/** What the migrations have made of a database: rows, indexes and history. */
async function resultIn(url: string): Promise<object> {
  const [row] = await rowsAt(
    url,
    `select
      (select count(*)::int from things) as things, (select sum(size)::int from things) as size,
      (select array_agg(at order by at) from runs) as runs,
      (select array_agg(name order by id) from mikro_orm_migrations) as history,
      (select json_agg(json_build_array(c.relname, i.indisvalid) order by c.relname) from pg_index i
        join pg_class c on c.oid = i.indexrelid where i.indrelid = 'things'::regclass) as indexes,
      (select array_agg(column_name::text order by ordinal_position) from information_schema.columns
        where table_name = 'things') as columns`,
  );
  return row!;
}

const COMPLETE = {
  things: 2000,
  // Of 2 n + 1, n from 1 to 2000.
  size: 4_004_000,
  runs: ['data', 'last'],
  history: names,
  indexes: [
    ['things_pkey', true],
    ['things_size', true],
  ],
  columns: ['id', 'size', 'colour'],
};

const words = () => ['migrate', 'upgrade', '--folder', folder.path];

const WORKER = fileURLToPath(new URL('./migrate-races.worker.js', import.meta.url));

interface Answer {
  applied: string[];
  error?: string;
}

async function startRunner(): Promise<ChildProcess> {
  const runner = fork(WORKER, { execArgv: [] });
  await answerOf(runner);
  return runner;
}

function runIn(runner: ChildProcess, url: string): Promise<Answer> {
  const answer = answerOf(runner);
  runner.send({ url, folder: folder.path });
  return answer;
}

function answerOf(runner: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (code: number | null) => reject(new Error(`A runner ended with ${code} before it had answered.`));
    runner.once('exit', fail);
    runner.once('message', (answer: Answer) => {
      runner.off('exit', fail);
      resolve(answer);
    });
  });
}

// They are started once, for all rounds: so they begin each at one moment, not as their starts let them.
test(`${RUNNERS} runners at once apply everything once, ${ROUNDS} times`, async () => {
  const runners = await Promise.all(Array.from({ length: RUNNERS }, startRunner));
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { url, drop } = await createEmptyDatabase();
      const answers = await Promise.all(runners.map((runner) => runIn(runner, url)));
      expect(answers.map(({ error }) => error)).toEqual(Array(RUNNERS).fill(undefined));
      expect(answers.flatMap(({ applied }) => applied).toSorted()).toEqual(names);
      expect(await resultIn(url)).toEqual(COMPLETE);
      await drop();
    }
  } finally {
    runners.forEach((runner) => runner.kill('SIGKILL'));
  }
}, 600_000);

test(`the command in ${RUNNERS} processes at once reports everything once, ${ROUNDS_OF_THE_COMMAND} times`, async () => {
  for (let round = 1; round <= ROUNDS_OF_THE_COMMAND; round += 1) {
    const { url, drop } = await createEmptyDatabase();
    const runs = await Promise.all(Array.from({ length: RUNNERS }, () => laurel(words(), { DATABASE_URL: url })));
    expect(runs.map(({ code, output }) => (code === 0 ? 0 : output))).toEqual(Array(RUNNERS).fill(0));
    const applied = runs.flatMap(({ output }) => output.match(/^applied .*$/gm) ?? []);
    expect(applied.toSorted()).toEqual(names.map((name) => `applied ${name}`));
    expect(await resultIn(url)).toEqual(COMPLETE);
    await drop();
  }
}, 600_000);

/** The next run, without a process of its own. Answers with why it failed, else with nothing. */
async function runAgain(url: string): Promise<string> {
  const database = await openDatabase({ databaseUrl: url, databasePoolSize: 2, dataDir: '' });
  try {
    await runMigrations(database, 'up', 'head', { folder: folder.path });
    return '';
  } catch (error) {
    return String(error);
  } finally {
    await database.close();
  }
}

test(`killed at ${KILLS} moments, the next run completes what an undisturbed one does`, async () => {
  const undisturbed = await createEmptyDatabase();
  const before = performance.now();
  await laurel(words(), { DATABASE_URL: undisturbed.url });
  const length = performance.now() - before;
  expect(await resultIn(undisturbed.url)).toEqual(COMPLETE);
  await undisturbed.drop();

  let interrupted = 0;
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const { url, drop } = await createEmptyDatabase();
    // The first third is the start of the process, with nothing to interrupt.
    const moment = length * (0.3 + 0.7 * Math.random());
    const victim = new LaurelProcess(words(), { DATABASE_URL: url });
    await Promise.race([victim.finished, sleep(moment)]);
    victim.kill('SIGKILL');
    const { code } = await victim.finished;
    interrupted += code === 0 ? 0 : 1;
    expect({ moment, failure: await runAgain(url) }).toEqual({ moment, failure: '' });
    expect(await resultIn(url)).toEqual(COMPLETE);
    await drop();
  }
  expect(interrupted).toBeGreaterThan(KILLS / 10);
}, 600_000);

test('a table that is in use is waited for again and again, and nobody queues behind for long', async () => {
  const { url, drop } = await createEmptyDatabase();
  await laurel(['migrate', 'upgrade', 'data', '--folder', folder.path], { DATABASE_URL: url });
  const reader = new Client({ connectionString: url });
  await reader.connect();
  await reader.query('begin');
  await reader.query('select count(*) from things');
  const run = new LaurelProcess([...words(), '--lock-timeout', '100ms'], { DATABASE_URL: url });
  while (!run.output.includes('rolled back, again in')) {
    await sleep(50);
  }
  await reader.query('commit');
  await reader.end();
  const { code, output } = await run.finished;
  expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
  expect(await resultIn(url)).toEqual(COMPLETE);
  await drop();
});

test('a second run says who is at it, where it may not wait', async () => {
  const { url, drop } = await createEmptyDatabase();
  const other = new Client({ connectionString: url, application_name: 'the other one' });
  await other.connect();
  await other.query('select pg_advisory_lock(7241110)');
  const { code, output } = await laurel([...words(), '--wait', '0s'], { DATABASE_URL: url });
  expect(output).toContain('Another migration run has been under way');
  expect(output).toContain('the other one');
  expect(code).toBe(1);
  await other.end();
  await drop();
});
