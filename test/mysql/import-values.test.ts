import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { laurel } from '../cli/process.js';
import { findingsOf, type Imported, importMysql, workplace } from './import-support.js';
import { type MysqlDatabase, mysqlDatabase, type PostgresDatabase, postgresDatabase } from './support.js';

const place = workplace();
let mysql: MysqlDatabase;
let postgres: PostgresDatabase;
beforeAll(async () => {
  [mysql, postgres] = await Promise.all([mysqlDatabase(), postgresDatabase()]);
});
afterAll(async () => {
  await Promise.all([mysql?.drop(), postgres?.drop()]);
  place.remove();
});
beforeEach(async () => {
  await mysql.run('set foreign_key_checks = 0; drop table if exists ev, st, p, x');
  await postgres.client.query('drop schema if exists public cascade; create schema public');
});

const SEOUL = ['--source-time-zone', 'Asia/Seoul'];

const run = (...words: string[]): Promise<Imported> =>
  importMysql(mysql.url, { url: postgres.url }, ['--tables', 'all', ...words], place);

const runCsv = (path: string, ...words: string[]): ReturnType<typeof laurel> =>
  laurel(['import', 'csv', path, ...words], { DATABASE_URL: postgres.url, DATA_DIR: place.path });

async function rowsOf(table: string, columns: string): Promise<unknown[]> {
  const { rows } = await postgres.client.query({
    text: `select ${columns} from ${table} order by 1`,
    rowMode: 'array',
  });
  return rows;
}

/** Corrects a file of rejected rows and imports it. */
async function importCorrected(path: string, from: string, to: string, ...words: string[]): Promise<number | null> {
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(from, to));
  const { code, output } = await runCsv(path, ...words);
  expect(output).toContain('Both sides are equal');
  return code;
}

describe('rejected rows are the same when they come back', () => {
  test('instants and times of the zone, left out while reading and afterwards, and sets', async () => {
    await mysql.run(`set time_zone = '+00:00'; create table p (id int primary key); insert into p values (1), (9);
      create table st (id int primary key, p int references p (id), d date not null, at datetime, ts timestamp null,
        s set('x', 'y "z"'), f tinyint(1), foreign key (p) references p (id));
      insert into st values (1, 1, '0000-00-00', '2026-01-01 12:00:00', '2026-01-01 12:00:00', 'x,y "z"', 1),
        (2, 7, '2026-01-01', '2026-01-01 12:00:00', '2026-01-01 12:00:00', 'x', 0),
        (3, 1, '2026-01-01', '2026-01-01 12:00:00', '2026-01-01 12:00:00', '', 0)`);
    const folder = place.fresh('rejects');
    const done = await run(...SEOUL, '--dates', 'reject', '--orphans', 'reject', '--rejects', folder);
    expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
    const path = join(folder, 'st.csv');
    writeFileSync(path, readFileSync(path, 'utf8').replace('0000-00-00', '2026-01-01'));
    expect(await importCorrected(path, '2,7,', '2,1,', ...SEOUL)).toBe(0);
    expect(
      await rowsOf(
        'st',
        "id, p, d::text, at at time zone 'UTC' = '2026-01-01 03:00', ts at time zone 'UTC' = '2026-01-01 12:00', s::text, f",
      ),
    ).toEqual([
      [1, 1, '2026-01-01', true, true, '{x,"y \\"z\\""}', true],
      [2, 1, '2026-01-01', true, true, '{x}', false],
      [3, 1, '2026-01-01', true, true, '{}', false],
    ]);
    // What came first finds itself again.
    await mysql.run(`delete from st where id < 3`);
    const again = await run(...SEOUL, '--merge', 'fail');
    expect([again.code, again.report?.outcome]).toEqual([0, 'done']);
  });
});

describe('times into a table that is there', () => {
  test('of a clock without a zone are not kept in a column of instants', async () => {
    await mysql.run(
      `create table ev (id int primary key, at datetime); insert into ev values (1, '2026-01-01 12:00:00')`,
    );
    await postgres.client.query('create table ev (id int primary key, at timestamptz)');
    const refused = await run('--time-zones', 'keep');
    expect([refused.code, refused.output]).toEqual([
      2,
      expect.stringMatching(/cannot be kept in ev\.at.*--source-time-zone/),
    ]);
    expect(await rowsOf('ev', 'id')).toEqual([]);
  });

  test('instants into a column without a zone are found, and kept by the clock of UTC', async () => {
    await mysql.run(`set time_zone = '+00:00'; create table ev (id int primary key, at timestamp null);
      insert into ev values (1, '2026-01-01 12:00:00'), (2, null)`);
    await postgres.client.query('create table ev (id int primary key, at timestamp)');
    const ended = await run(...SEOUL);
    expect([ended.code, findingsOf(ended.report)]).toEqual([1, ['time-zones ev.at 1']]);
    expect(ended.report?.findings[0]?.samples).toEqual([expect.stringContaining('UTC'), 'id 1']);
    // No zone of the source would mend it.
    const advised = await laurel(['import', 'mysql', '--from', mysql.url, '--tables', 'all', ...SEOUL], {
      DATABASE_URL: postgres.url,
      DATA_DIR: place.path,
    });
    expect(advised.output).toMatch(/say what to do: --time-zones … \(see/);
    const kept = await run(...SEOUL, '--time-zones', 'keep');
    expect([kept.code, kept.report?.outcome]).toEqual([0, 'done']);
    expect(await rowsOf('ev', 'id, at::text')).toEqual([
      [1, '2026-01-01 12:00:00'],
      [2, null],
    ]);
  });

  test('of another kind are refused, whatever the policy for dates', async () => {
    await mysql.run(`create table ev (id int primary key, a datetime); insert into ev values (1, '2026-01-01 10:00:00');
      create table x (id int primary key, b date); insert into x values (1, '2026-01-02')`);
    await postgres.client.query(
      'create table ev (id int primary key, a date); create table x (id int primary key, b timestamp)',
    );
    for (const [table, column, source, here] of [
      ['ev', 'a', 'datetime', 'date'],
      ['x', 'b', 'date', 'timestamp'],
    ]) {
      const words = ['--tables', table!, '--dates', 'null', '--source-time-zone', 'UTC'];
      const refused = await importMysql(mysql.url, { url: postgres.url }, words, place);
      expect([refused.code, refused.output]).toEqual([
        2,
        expect.stringMatching(
          new RegExp(`${table}\\.${column} is ${source} in the source, and ${here}.* here.*Nothing was changed`),
        ),
      ]);
    }
  });
});

test('numbers and JSON into tables that are there are compared as those have them', async () => {
  await mysql.run(`create table x (id int primary key, a decimal(10,4), b json, c double, d bigint);
    insert into x values (1, 6.2300, '{"b":1, "a":2}', 0.1, 7), (2, null, null, null, null)`);
  await postgres.client.query(
    'create table x (id int primary key, a numeric(12,2), b jsonb, c real, d double precision)',
  );
  // Without floating point the source adds up its rows itself.
  await mysql.run(`create table st (id int primary key, a decimal(10,4), b json);
    insert into st values (1, 6.2300, '{"b":1, "a":2}')`);
  await postgres.client.query('create table st (id int primary key, a numeric(12,2), b jsonb)');
  const done = await run('--merge', 'newer');
  expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
  expect(await rowsOf('st', 'id, a::text, b::text')).toEqual([[1, '6.23', '{"a": 2, "b": 1}']]);
  expect(await rowsOf('x', 'id, a::text, b::text, c, d')).toEqual([
    [1, '6.23', '{"a": 2, "b": 1}', 0.1, 7],
    [2, null, null, null, null],
  ]);
  await mysql.run(`insert into x values (3, 6.2345, null, 16777217.5, 9007199254740993)`);
  const lossy = await run('--merge', 'newer');
  expect([lossy.code, findingsOf(lossy.report)]).toEqual([1, ['numbers x.a 1', 'numbers x.c 1', 'numbers x.d 1']]);
});

describe('what is no fault is told', () => {
  test.each([
    ['Europe/Berlin', '2026-10-25 02:00:00', '2026-10-25 02:59:59.5', '2026-10-25 01:59:59', '2026-10-25 03:00:00'],
    ['Australia/Lord_Howe', '2026-04-05 01:30:00', '2026-04-05 01:59:59', '2026-04-05 01:29:59', '2026-04-05 02:00:00'],
    // By midnight: the day before was shown once more.
    ['America/Sao_Paulo', '2018-02-17 23:00:00', '2018-02-17 23:59:59', '2018-02-17 22:59:59', '2018-02-18 00:00:00'],
  ])('times that the clocks of %s showed twice', async (zone, first, last, before, after) => {
    const times = [first, last, before, after].map((time, index) => `(${index}, '${time}', '${time}')`);
    await mysql.run(
      `create table ev (id int primary key, at datetime(1), day datetime); insert into ev values ${times.join()}`,
    );
    // What stays a clock's time is the same one.
    await postgres.client.query('create table ev (id int primary key, at timestamptz, day timestamp)');
    const done = await run('--source-time-zone', zone);
    expect([done.code, done.report?.notes]).toEqual([
      0,
      [`ev.at has 2 times that the clocks of ${zone} showed twice: the later of both is taken`],
    ]);
    const { rows } = await postgres.client.query(
      `select (at - interval '30 minutes') at time zone $1 = at at time zone $1
          or (at - interval '1 hour') at time zone $1 = at at time zone $1 as is_later from ev where id < 2`,
      [zone],
    );
    expect(rows).toEqual([{ is_later: true }, { is_later: true }]);
  });

  test('tables of engines that have no snapshot', async () => {
    await mysql.run(`create table ev (id int primary key) engine = MyISAM; insert into ev values (1);
      create table x (id int primary key) engine = InnoDB`);
    const done = await run();
    expect([done.code, done.report?.notes]).toEqual([
      0,
      [expect.stringMatching(/^ev \(MyISAM\) is not part of .*snapshot/)],
    ]);
  });
});
