import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../src/database/database.js';
import { openInMemory } from '../../src/database/in-memory.js';
import { query, sql } from '../../src/database/query.js';
import { loadHistory } from '../../src/migrate/history.js';
import { type VerifyReport, verifyMigrations } from '../../src/migrate/verify/verify.js';
import { laurel } from '../cli/process.js';
import { type MigrationFolder, migrationFolder, type Planted } from './support.js';

const BASE = 'Migration20270101000000_base';
const NEXT = 'Migration20270102000000_next';

const base: Planted = {
  up: [
    'create table stalls (id integer primary key, name varchar(20) not null unique)',
    `create table fruits (
      id integer primary key,
      stall_id integer not null references stalls (id),
      name text not null,
      colour text,
      kind varchar(10) not null check (kind in ('berry', 'stone', 'pome')),
      weight integer not null check (weight between 10 and 20),
      bought_at timestamptz,
      sold_at timestamptz,
      check (sold_at > bought_at)
    )`,
    'create index fruits_name on fruits (name)',
  ],
  down: ['drop table fruits', 'drop table stalls'],
};

let database: Database;
let folder: MigrationFolder | undefined;
beforeAll(async () => {
  database = await openInMemory();
});
beforeEach(async () => {
  const em = database.orm.em.fork();
  await query(em, sql`drop schema public cascade`);
  await query(em, sql`create schema public`);
});
afterEach(() => folder?.delete());
afterAll(() => database.close());

async function verify(migrations: Record<string, Planted>, chosen?: string[]): Promise<VerifyReport> {
  folder = migrationFolder(migrations);
  const history = await loadHistory(folder.path);
  return verifyMigrations(database, history, new Set(chosen ?? history.map(({ name }) => name)));
}

const problemsOf = (report: VerifyReport, name: string) =>
  report.verifications.find((verification) => verification.name === name)!.problems;

describe('faults', () => {
  test('NOT NULL that is not filled fails on the rows, with the statement and the way out', async () => {
    const report = await verify({
      [BASE]: base,
      [NEXT]: {
        up: ['alter table fruits add column size integer not null'],
        down: ['alter table fruits drop column size'],
      },
      Migration20270103000000_after: { up: ['select 1'], down: ['select 1'] },
    });
    expect(report.verifications.map(({ name, ok }) => [name, ok])).toEqual([
      [BASE, true],
      [NEXT, false],
    ]);
    expect(report.notReached).toEqual(['Migration20270103000000_after']);
    expect(problemsOf(report, NEXT)).toEqual([
      {
        step: 'up',
        message: expect.stringContaining('column "size" of relation "fruits" contains null values'),
        details: [
          'in: alter table fruits add column size integer not null',
          expect.stringContaining('add the column without NOT NULL, fill it'),
        ],
      },
    ]);
  });

  test('a way back that loses values shows which', async () => {
    const report = await verify({
      [BASE]: base,
      [NEXT]: {
        up: ['alter table fruits drop column colour'],
        down: ['alter table fruits add column colour text'],
      },
    });
    const [problem, ...others] = problemsOf(report, NEXT);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ step: 'down', message: 'rows are not what they were before' });
    expect(problem!.details[0]).toMatch(/^fruits: \d rows are not as they were.*, in colour$/);
    expect(problem!.details.slice(1).join('\n')).toMatch(/colour row-\d/);
    expect(problem!.details.length).toBeLessThanOrEqual(6);
  });

  test('a way back that forgets something shows it, and the second up stumbles over it', async () => {
    const report = await verify({
      [BASE]: base,
      [NEXT]: {
        up: [
          `create type size as enum ('small', 'large')`,
          'alter table fruits add column size size',
          'drop index fruits_name',
        ],
        down: ['alter table fruits drop column size'],
      },
    });
    const [schema, again] = problemsOf(report, NEXT);
    expect(schema).toMatchObject({ step: 'down', message: 'the schema is not what it was before' });
    expect(schema!.details).toEqual([
      expect.stringMatching(/^missing: fruits: index fruits_name/),
      expect.stringMatching(/^too much: enum size/),
    ]);
    expect(again).toMatchObject({ step: 'up again', message: expect.stringContaining('type "size" already exists') });
  });

  test('a second up that ends otherwise than the first', async () => {
    const report = await verify({
      [BASE]: base,
      [NEXT]: {
        up: [
          'alter table stalls add column round integer not null default 0',
          'create table if not exists rounds (round integer)',
          'insert into rounds values (1)',
          'update stalls set round = (select count(*) from rounds)',
        ],
        down: ['alter table stalls drop column round'],
      },
    });
    expect(problemsOf(report, NEXT).map(({ step, message }) => `${step}: ${message}`)).toEqual([
      'down: the schema is not what it was before',
      'up again: rows are not those of the first time',
    ]);
  });

  test('no way back at all; the next one is verified all the same', async () => {
    const report = await verify({
      [BASE]: base,
      [NEXT]: { up: ['alter table fruits add column size integer'] },
      Migration20270103000000_after: { up: ['select 1'], down: ['select 1'] },
    });
    expect(problemsOf(report, NEXT)).toMatchObject([{ step: 'down', message: expect.stringContaining('no way back') }]);
    expect(report.verifications.map(({ ok }) => ok)).toEqual([true, false, true]);
  });
});

describe('no fault', () => {
  test('what is made anew at each run is told and not compared, all else is', async () => {
    const report = await verify({
      [BASE]: base,
      [NEXT]: {
        up: ['alter table fruits add column code uuid not null default gen_random_uuid()'],
        down: ['alter table fruits drop column code'],
      },
    });
    expect(report.verifications[1]).toMatchObject({
      ok: true,
      notes: ['made anew each time, so not compared after the second up: fruits.code'],
    });
  });

  test('a concurrent index outside a transaction, and a migration with code', async () => {
    const report = await verify({
      [BASE]: base,
      [NEXT]: {
        up: ['create index concurrently fruits_colour on fruits (colour)'],
        down: ['drop index concurrently fruits_colour'],
        transactional: false,
      },
      Migration20270103000000_code: {
        code: `const [{ count }] = await this.execute('select count(*)::int as count from fruits');
          this.addSql('create table counted as select ' + count + ' as fruits');`,
        up: [],
        down: ['drop table counted'],
      },
    });
    expect(report.verifications.map(({ ok, problems }) => [ok, problems])).toEqual([
      [true, []],
      [true, []],
      [true, []],
    ]);
  });

  test('a table whose rows cannot be guessed is named, with what refuses them', async () => {
    const report = await verify({
      [BASE]: {
        up: [`create table codes (code text constraint odd check (code ~ '^#[A-F]{6}!$') not null)`],
        down: ['drop table codes'],
      },
      [NEXT]: { up: ['select 1'], down: ['select 1'] },
    });
    expect(report.verifications[1]).toMatchObject({
      ok: true,
      rows: 0,
      withoutRows: [{ table: 'codes', reason: expect.stringContaining('"odd"') }],
    });
  });

  test('only those that are chosen', async () => {
    const report = await verify({ [BASE]: { up: base.up }, [NEXT]: { up: ['select 1'], down: ['select 1'] } }, [NEXT]);
    expect(report.verifications).toMatchObject([{ name: NEXT, ok: true, tables: 2 }]);
  });

  test("Laurel's own history, with rows in every table", async () => {
    const history = await loadHistory();
    const report = await verifyMigrations(database, history, new Set(history.map(({ name }) => name)));
    expect(report.verifications.map(({ name }) => name)).toEqual(history.map(({ name }) => name));
    expect(report.verifications.flatMap(({ problems, withoutRows }) => [...problems, ...withoutRows])).toEqual([]);
    expect(report.verifications.at(-1)!.tables).toBe(27);
  });
});

describe('laurel migrate verify', () => {
  test('needs no database and no settings, shows what differs, and ends with 1', async () => {
    folder = migrationFolder({
      [BASE]: base,
      [NEXT]: { up: ['alter table fruits drop column colour'], down: ['alter table fruits add column colour text'] },
    });
    const { code, output } = await laurel(['migrate', 'verify', '--folder', folder.path]);
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^${BASE}  ok      0 rows in 0 tables\n${NEXT}  FAILED  `));
    expect(output).toContain('down: rows are not what they were before\n    fruits: ');
  });

  test('ends with 0 where all is well', async () => {
    folder = migrationFolder({ [BASE]: base });
    const { code, output } = await laurel(['migrate', 'verify', 'base', '--folder', folder.path, '--json']);
    expect({ code, report: JSON.parse(output) }).toMatchObject({
      code: 0,
      report: { verifications: [{ name: BASE, ok: true }], notReached: [] },
    });
  });

  test.each([
    [['--url', 'mysql://localhost/x'], 'Write postgres://'],
    [['nobody'], 'No migration is called "nobody"'],
  ])('%j is wrong usage', async (words, text) => {
    expect(await laurel(['migrate', 'verify', ...words])).toEqual({ code: 2, output: expect.stringContaining(text) });
  });
});
