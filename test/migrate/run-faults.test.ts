import 'reflect-metadata';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { dryRun } from '../../src/migrate/dry-run.js';
import { MigrationError, UsageError } from '../../src/migrate/errors.js';
import { loadHistory } from '../../src/migrate/history.js';
import { readLedger } from '../../src/migrate/ledger.js';
import { emptyRevision } from '../../src/migrate/new-revision.js';
import { offlineScript } from '../../src/migrate/offline.js';
import { parseSql } from '../../src/migrate/parsed-sql.js';
import type { RanStatement } from '../../src/migrate/run-options.js';
import { runMigrations } from '../../src/migrate/run.js';
import { entriesOf } from '../../src/migrate/state.js';
import { openEmptyTestDatabase, type TestDatabase } from '../support/database.js';
import { emptyDatabase, type MigrationFolder, migrationFolder } from './support.js';

const FRUITS = 'Migration20270101000000_fruits';
const INDEX = 'Migration20270102000000_index';
const LATER = 'Migration20270103000000_later';

let database: TestDatabase;
let folder: MigrationFolder;
beforeAll(async () => {
  database = await openEmptyTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await emptyDatabase(em());
  folder = migrationFolder({
    [FRUITS]: { up: ['create table fruits (id integer, name text, size integer)'], down: ['drop table fruits'] },
  });
});
afterEach(() => folder.delete());

const em = () => database.orm.em.fork();
const send = (statement: string) => query(em(), sql.raw(statement));
const upgrade = () => runMigrations(database, 'up', 'head', { folder: folder.path });
const applied = async (): Promise<string[]> => (await readLedger(em())).map(({ name }) => name);

describe('a concurrent index build', () => {
  const plantIndex = (up: string): void =>
    folder.plant(INDEX, { up: [up], down: ['drop index concurrently fruits_index'], transactional: false });

  test.each([
    ['create index concurrently fruits_index on fruits (name)', 'create index fruits_index on fruits (size)'],
    ['create unique index concurrently fruits_index on fruits (name)', 'create index fruits_index on fruits (name)'],
    [
      'create index concurrently fruits_index on fruits (name)',
      'create index fruits_index on fruits using hash (name)',
    ],
    ['create index concurrently fruits_index on fruits (name)', 'create index fruits_index on fruits (name desc)'],
    [
      'create index concurrently fruits_index on fruits (name)',
      'create index fruits_index on fruits (name) where size > 1',
    ],
    ['create index concurrently fruits_index on fruits (name)', 'create index fruits_index on others (name)'],
  ])('%s is not taken as done where there is %s', async (wanted, existing) => {
    await upgrade();
    await send('create table others (name text)');
    await send(existing);
    plantIndex(wanted);
    await expect(upgrade()).rejects.toThrow(/fruits_index" already exists/);
    expect(await applied()).toEqual([FRUITS]);
  });

  test('that is not valid on another table is left alone', async () => {
    await upgrade();
    await send('create table others (name text)');
    await send('create index fruits_index on others (name)');
    await send(`update pg_index set indisvalid = false where indexrelid = 'fruits_index'::regclass`);
    plantIndex('create index concurrently fruits_index on fruits (name)');
    await expect(upgrade()).rejects.toThrow(/fruits_index" already exists/);
    expect(await send(`select tablename from pg_indexes where indexname = 'fruits_index'`)).toEqual([
      { tablename: 'others' },
    ]);
  });

  test.each([
    'on fruits (name)',
    'on public.fruits using btree (name asc nulls last, size desc nulls first)',
    `on fruits (lower(name), (size + 1)) include (id) where name <> 'apple' and size is not null`,
  ])('%s that is done is not begun again', async (definition) => {
    await upgrade();
    await send(`create unique index fruits_index ${definition}`);
    plantIndex(`CREATE UNIQUE INDEX CONCURRENTLY fruits_index ${definition}`);
    expect(await upgrade()).toEqual([INDEX]);
  });

  test('that is dropped already can be reverted', async () => {
    plantIndex('create index concurrently fruits_index on fruits (name)');
    await upgrade();
    await send('drop index fruits_index');
    expect(await runMigrations(database, 'down', { steps: 1 }, { folder: folder.path })).toEqual([INDEX]);
  });
});

describe('a migration that looks at data', () => {
  const plantCurious = (): void =>
    folder.plant(LATER, {
      code: `let rows = [{ count: -1 }];
    try {
      rows = await this.execute('select count(*)::int as count from fruits');
    } catch {}
    this.addSql(\`create table counted as select \${rows[0].count} as count\`);`,
      up: [],
    });

  test('does so when it runs, also where it bears that this fails', async () => {
    plantCurious();
    await upgrade();
    expect(await queryExactlyOne(em(), sql`select count from counted`)).toEqual({ count: 0 });
  });

  test('is noted without a checksum, and is applied whatever was noted before', async () => {
    plantCurious();
    await upgrade();
    expect((await readLedger(em())).map(({ checksum }) => checksum)).toEqual([expect.any(String), null]);
    await send(`update mikro_orm_migrations set checksum = 'of its class' where name = '${LATER}'`);
    const entries = entriesOf(await loadHistory(folder.path), await readLedger(em()));
    expect(entries.map(({ state }) => state)).toEqual(['applied', 'applied']);
  });
});

describe('a folder', () => {
  test.each(['Migration2027_short.js', 'Migration20270105000000-dash.ts', 'Migration20270105000000_a.b.js'])(
    'with %s is refused',
    async (file) => {
      writeFileSync(join(folder.path, file), '');
      await expect(upgrade()).rejects.toThrow(MigrationError);
      await expect(upgrade()).rejects.toThrow(file);
    },
  );

  test('with a source and its build is refused', async () => {
    folder.plant(LATER, { up: ['select 1'] });
    renameSync(join(folder.path, `${LATER}.js`), join(folder.path, `${LATER}.ts`));
    folder.plant(LATER, { up: ['select 1'] });
    await expect(upgrade()).rejects.toThrow(MigrationError);
    await expect(upgrade()).rejects.toThrow(`${LATER}.js`);
  });

  test('may have declarations and maps', async () => {
    writeFileSync(join(folder.path, `${FRUITS}.d.ts`), '');
    writeFileSync(join(folder.path, `${FRUITS}.js.map`), '');
    expect(await upgrade()).toEqual([FRUITS]);
  });

  test('that is not there is wrong usage', async () => {
    await expect(loadHistory(join(folder.path, 'absent'))).rejects.toThrow(UsageError);
  });

  test('without migrations is wrong usage, but for the first one', async () => {
    folder.remove(FRUITS);
    await expect(loadHistory(folder.path)).rejects.toThrow(UsageError);
    await expect(loadHistory(folder.path)).rejects.toThrow('has no migrations');
    expect(await emptyRevision({ message: 'the first', folder: folder.path })).toMatch(/_the_first\.ts$/);
  });
});

describe('a dry run', () => {
  test('goes on after what fails for want of a migration that it does not run', async () => {
    folder.plant(INDEX, { up: ['create table seeds (id integer)'], down: [], transactional: false });
    folder.plant(LATER, { up: ['alter table fruits add weight integer', 'alter table seeds add colour text'] });
    folder.plant('Migration20270104000000_last', { up: ['alter table fruits add weight integer'] });
    const told: RanStatement[] = [];
    const names = await dryRun(database, 'up', 'head', {
      folder: folder.path,
      listener: { onStatement: (statement) => told.push(statement) },
    });
    expect(names).toHaveLength(4);
    expect(told.slice(-3).map((statement) => [statement.sql, statement.ran])).toEqual([
      ['alter table fruits add weight integer', true],
      [expect.stringMatching(`${LATER} could not be tried, because ${INDEX} was not run: .*seeds`), false],
      ['alter table fruits add weight integer', true],
    ]);
    expect(await applied()).toEqual([]);
  });

  test('fails where a migration fails by itself', async () => {
    folder.plant(LATER, { up: ['alter table seeds add colour text'] });
    await expect(dryRun(database, 'up', 'head', { folder: folder.path })).rejects.toThrow(`${LATER} failed`);
  });
});

test('a script keeps statements apart that end with a comment', async () => {
  folder.plant(LATER, {
    up: ['create table a (id integer) -- the first; table', 'create table b (id integer); -- done;', 'select 1;'],
  });
  const script = offlineScript(await loadHistory(folder.path), { from: 0, to: 1 });
  const statements = await parseSql(script.replace(/^\\.*$/m, ''));
  expect(statements.map(({ node }) => Object.keys(node)[0]).slice(-5)).toEqual([
    'CreateStmt',
    'CreateStmt',
    'SelectStmt',
    'InsertStmt',
    'TransactionStmt',
  ]);
});
