import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { dryRun } from '../../src/migrate/dry-run.js';
import { MigrationError, UsageError } from '../../src/migrate/errors.js';
import { loadHistory } from '../../src/migrate/history.js';
import { readLedger } from '../../src/migrate/ledger.js';
import { downgradeTarget, upgradeTarget } from '../../src/migrate/revision.js';
import type { RanStatement } from '../../src/migrate/run-options.js';
import { runMigrations } from '../../src/migrate/run.js';
import { entriesOf } from '../../src/migrate/state.js';
import { VERSION } from '../../src/version.js';
import { openEmptyTestDatabase, type TestDatabase } from '../support/database.js';
import { emptyDatabase, type MigrationFolder, migrationFolder } from './support.js';

const FRUITS = 'Migration20270101000000_fruits';
const COLOURS = 'Migration20270102000000_colours';
const RIPE = 'Migration20270103000000_ripe';

let database: TestDatabase;
let folder: MigrationFolder;
beforeAll(async () => {
  database = await openEmptyTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await emptyDatabase(em());
  folder = migrationFolder({
    [FRUITS]: {
      up: ['create table fruits (id integer primary key, name text)', `insert into fruits values (1, 'apple')`],
      down: ['drop table fruits'],
    },
    [COLOURS]: {
      up: ['alter table fruits add column colour text', `update fruits set colour = 'red'`],
      down: ['alter table fruits drop column colour'],
    },
    [RIPE]: {
      up: ['alter table fruits add column ripe boolean not null default true'],
      down: ['alter table fruits drop column ripe'],
    },
  });
});
afterEach(() => folder.delete());

const em = () => database.orm.em.fork();

async function upgrade(revision = 'head'): Promise<string[]> {
  const target = upgradeTarget(await loadHistory(folder.path), revision);
  return runMigrations(database, 'up', target, { folder: folder.path });
}

async function downgrade(revision: string): Promise<string[]> {
  const target = downgradeTarget(await loadHistory(folder.path), revision);
  return runMigrations(database, 'down', target, { folder: folder.path });
}

/** The columns of the table that the migrations make; none where it is not there. */
async function columns(): Promise<string[]> {
  const rows = await query(
    em(),
    sql<{ name: string }>`select column_name as name from information_schema.columns
      where table_name = 'fruits' order by ordinal_position`,
  );
  return rows.map(({ name }) => name);
}

const applied = async (): Promise<string[]> => (await readLedger(em())).map(({ name }) => name);

describe('upgrade', () => {
  test('to head, once', async () => {
    expect(await upgrade()).toEqual([FRUITS, COLOURS, RIPE]);
    expect(await columns()).toEqual(['id', 'name', 'colour', 'ripe']);
    expect(await upgrade()).toEqual([]);
    const history = await loadHistory(folder.path);
    expect(await readLedger(em())).toEqual(
      history.map(({ name, checksum }) => ({ name, checksum, laurelVersion: VERSION, appliedAt: expect.any(String) })),
    );
  });

  test.each([
    ['+1', [FRUITS]],
    ['+2', [FRUITS, COLOURS]],
    ['20270102', [FRUITS, COLOURS]],
    [COLOURS, [FRUITS, COLOURS]],
    [`${COLOURS}.ts`, [FRUITS, COLOURS]],
    ['col', [FRUITS, COLOURS]],
    ['Migration20270101', [FRUITS]],
  ])('to %s', async (revision, names) => {
    expect(await upgrade(revision)).toEqual(names);
    expect(await applied()).toEqual(names);
  });

  test.each(['202701', 'Migration', 'colors', '', 'HEAD~1', '+0', '+x', '-1', '+4', 'base', '20270104'])(
    'to %j is refused as wrong usage, and nothing runs',
    async (revision) => {
      await expect(upgrade(revision)).rejects.toThrow(UsageError);
      await expect(upgrade(revision)).rejects.toThrow('othing was run');
      expect(await columns()).toEqual([]);
    },
  );

  test('to what is applied is refused', async () => {
    await upgrade();
    await expect(upgrade('colours')).rejects.toThrow(UsageError);
    expect(await applied()).toEqual([FRUITS, COLOURS, RIPE]);
  });

  test('that fails keeps nothing, and says where', async () => {
    folder.plant('Migration20270104000000_broken', {
      up: ['alter table fruits add column weight integer', 'update fruits set weight = 1 / 0'],
    });
    await expect(upgrade()).rejects.toThrow(
      /Migration20270104000000_broken failed: .*division by zero\nIn: update fruits set weight = 1 \/ 0\nNothing of this run was kept\./,
    );
    expect(await columns()).toEqual([]);
    expect(await applied()).toEqual([]);
  });

  test('of one that looks at data in code', async () => {
    folder.plant('Migration20270104000000_code', {
      code: `const rows = await this.execute('select count(*)::int as count from fruits');
    this.addSql(\`create table counted as select \${rows[0].count} as count\`);`,
      up: [],
    });
    const history = await loadHistory(folder.path);
    expect(history.at(-1)?.up).toBe(null);
    await upgrade();
    expect(await queryExactlyOne(em(), sql`select count from counted`)).toEqual({ count: 1 });
  });

  test('is what MikroORM sees, and the other way round', async () => {
    await upgrade('+2');
    expect((await database.orm.migrator.getExecuted()).map(({ name }) => name)).toEqual([FRUITS, COLOURS]);
    await database.orm.migrator.logMigration(`${RIPE}.js`);
    expect(await applied()).toEqual([FRUITS, COLOURS, RIPE]);
    expect(await upgrade()).toEqual([]);
  });
});

describe('downgrade', () => {
  beforeEach(async () => {
    await upgrade();
  });

  test.each([
    ['-1', [RIPE]],
    ['-2', [RIPE, COLOURS]],
    ['fruits', [RIPE, COLOURS]],
    ['base', [RIPE, COLOURS, FRUITS]],
    ['ripe', []],
  ])('to %s', async (revision, names) => {
    expect(await downgrade(revision)).toEqual(names);
    expect(await applied()).toEqual([FRUITS, COLOURS, RIPE].slice(0, 3 - names.length));
    expect(await columns()).toEqual(['id', 'name', 'colour', 'ripe'].slice(0, [4, 3, 2, 0][names.length]));
  });

  test.each(['fruit salad', '202701', '-0', '-4', '+1', '', 'head'])(
    'to %j is refused as wrong usage, and nothing runs',
    async (revision) => {
      await expect(downgrade(revision)).rejects.toThrow(UsageError);
      expect(await columns()).toEqual(['id', 'name', 'colour', 'ripe']);
    },
  );

  test('to what was never applied is refused', async () => {
    folder.plant('Migration20270104000000_later', { up: ['select 1'] });
    await expect(downgrade('later')).rejects.toThrow(UsageError);
  });

  test('of one without a way back is refused, and nothing runs', async () => {
    folder.plant('Migration20270104000000_one_way', { up: ['alter table fruits add column sweet boolean'] });
    await upgrade();
    await expect(downgrade('fruits')).rejects.toThrow('Migration20270104000000_one_way has no way back');
    expect(await columns()).toContain('sweet');
  });

  test('of one whose file is gone is refused, and nothing runs', async () => {
    folder.remove(RIPE);
    await expect(downgrade('-1')).rejects.toThrow(RIPE);
    expect(await applied()).toEqual([FRUITS, COLOURS, RIPE]);
  });
});

describe('what does not fit', () => {
  test('a migration older than what is applied is not applied behind it', async () => {
    await upgrade();
    folder.plant('Migration20270102120000_between', { up: ['create table between_them (id integer)'] });
    await expect(upgrade()).rejects.toThrow(
      /after Migration20270102120000_between\. Nothing was run\.\nIf no database has it yet, give its file a later time/,
    );
    const states = entriesOf(await loadHistory(folder.path), await readLedger(em())).map(({ state }) => state);
    expect(states).toEqual(['applied', 'applied', 'out of order', 'applied']);
  });

  test('a database that is ahead of the files is left alone', async () => {
    await upgrade();
    folder.remove(COLOURS);
    await expect(upgrade()).rejects.toThrow(MigrationError);
    const entries = entriesOf(await loadHistory(folder.path), await readLedger(em()));
    expect(entries.map(({ name, state }) => [name, state])).toEqual([
      [FRUITS, 'applied'],
      [COLOURS, 'missing file'],
      [RIPE, 'applied'],
    ]);
  });

  test('a file that was edited since is told', async () => {
    await upgrade();
    await query(em(), sql`update mikro_orm_migrations set checksum = 'another' where name = ${COLOURS}`);
    const entries = entriesOf(await loadHistory(folder.path), await readLedger(em()));
    expect(entries.map(({ state }) => state)).toEqual(['applied', 'edited since', 'applied']);
  });

  test('a name that is in the history twice stops everything', async () => {
    await query(
      em(),
      sql`create table mikro_orm_migrations (id serial primary key, name varchar(255),
      executed_at timestamptz default current_timestamp)`,
    );
    await query(em(), sql`insert into mikro_orm_migrations (name) values (${FRUITS}), (${FRUITS})`);
    await expect(upgrade()).rejects.toThrow(`twice, as when two programs applied it at once: ${FRUITS}`);
  });
});

describe('what could be mistaken', () => {
  test('words that two migrations have name neither', async () => {
    folder.plant('Migration20270104000000_fix', { up: [], down: [] });
    folder.plant('Migration20270105000000_middle', { up: [], down: [] });
    folder.plant('Migration20270106000000_fix', { up: [], down: [] });
    await upgrade();
    await expect(downgrade('fix')).rejects.toThrow('"fix" can be any of these; nothing was run');
    expect(await downgrade('Migration20270104000000_fix')).toHaveLength(2);
  });

  test('nothing names no migration, also where one has no words', async () => {
    folder.plant('Migration20270104000000', { up: [], down: [] });
    await upgrade();
    await expect(downgrade('')).rejects.toThrow(UsageError);
    expect(await applied()).toHaveLength(4);
  });

  test('a migration that ends the transaction itself is refused, tried or real', async () => {
    folder.plant('Migration20270104000000_commits', { up: ['create table early (id integer)', 'commit'] });
    const refusal = 'Migration20270104000000_commits begins or ends a transaction itself: commit';
    await expect(dryRun(database, 'up', 'head', { folder: folder.path })).rejects.toThrow(refusal);
    await expect(upgrade()).rejects.toThrow(refusal);
    expect(await columns()).toEqual([]);
    expect(await applied()).toEqual([]);
  });

  test('a misspelt `after` is told', async () => {
    folder.plant('Migration20270104000000_more', { up: [], after: ['Migration20270103000000_rip'] });
    await expect(upgrade()).rejects.toThrow(
      'Migration20270104000000_more names Migration20270103000000_rip in `after` or `order`',
    );
  });

  test('two heads are not applied in passing; what is applied goes first', async () => {
    folder.plant('Migration20270103120000_left', { up: [], after: [RIPE] });
    folder.plant('Migration20270104000000_right', { up: [], after: [RIPE] });
    await upgrade('ripe');
    await database.orm.migrator.logMigration('Migration20270104000000_right');
    await expect(upgrade()).rejects.toThrow(
      /There are 2 heads.*\n.*laurel migrate merge Migration20270104000000_right Migration20270103120000_left -m REASON/,
    );
  });

  test('a branch whose files say nothing comes after what is before it by time', async () => {
    folder.plant('Migration20270104000000_left', { up: [], after: [RIPE] });
    folder.plant('Migration20270105000000_left_again', { up: [] });
    folder.plant('Migration20270106000000_right', { up: [], after: [RIPE] });
    folder.plant('Migration20270107000000_merge', {
      up: [],
      after: ['Migration20270105000000_left_again', 'Migration20270106000000_right'],
      order: ['Migration20270106000000_right', 'Migration20270104000000_left'],
    });
    expect((await upgrade()).slice(3)).toEqual([
      'Migration20270106000000_right',
      'Migration20270104000000_left',
      'Migration20270105000000_left_again',
      'Migration20270107000000_merge',
    ]);
  });
});

describe('a dry run', () => {
  test('shows each statement with its locks, and leaves nothing', async () => {
    await upgrade('+1');
    const statements: RanStatement[] = [];
    const names = await dryRun(database, 'up', 'head', {
      folder: folder.path,
      listener: { onStatement: (statement) => statements.push(statement) },
    });
    expect(names).toEqual([COLOURS, RIPE]);
    expect(statements.map((statement) => [statement.sql, statement.locks, statement.ran])).toEqual([
      ['alter table fruits add column colour text', [{ table: 'fruits', mode: 'AccessExclusiveLock' }], true],
      [`update fruits set colour = 'red'`, [{ table: 'fruits', mode: 'RowExclusiveLock' }], true],
      ['alter table fruits add column ripe boolean not null default true', [], true],
    ]);
    expect(await columns()).toEqual(['id', 'name']);
    expect(await applied()).toEqual([FRUITS]);
  });

  test('only shows what cannot run in a transaction', async () => {
    folder.plant('Migration20270104000000_index', {
      up: ['create index concurrently fruits_name on fruits (name)'],
      transactional: false,
    });
    const statements: RanStatement[] = [];
    await dryRun(database, 'up', 'head', {
      folder: folder.path,
      listener: { onStatement: (statement) => statements.push(statement) },
    });
    expect(statements.at(-1)).toMatchObject({
      sql: 'create index concurrently fruits_name on fruits (name)',
      ran: false,
    });
    expect(await applied()).toEqual([]);
  });

  test('of a downgrade', async () => {
    await upgrade();
    expect(await dryRun(database, 'down', 'base', { folder: folder.path })).toEqual([RIPE, COLOURS, FRUITS]);
    expect(await columns()).toEqual(['id', 'name', 'colour', 'ripe']);
  });
});

describe('a migration outside transactions', () => {
  const INDEX = 'Migration20270102060000_index';

  beforeEach(() => {
    folder.plant(INDEX, {
      up: ['create index concurrently fruits_name on fruits (name)'],
      down: ['drop index concurrently fruits_name'],
      transactional: false,
    });
  });

  const indexes = () =>
    query(
      em(),
      sql`select i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid
        where c.relname = 'fruits_name'`,
    );

  test('runs in its place, between transactions', async () => {
    expect(await upgrade()).toEqual([FRUITS, COLOURS, INDEX, RIPE]);
    expect(await indexes()).toEqual([{ valid: true }]);
    expect(await downgrade('colours')).toEqual([RIPE, INDEX]);
    expect(await indexes()).toEqual([]);
  });

  test('finds an index that is built but not noted, and goes on', async () => {
    await upgrade('colours');
    await query(em(), sql`create index fruits_name on fruits (name)`);
    expect(await upgrade()).toEqual([INDEX, RIPE]);
  });

  test('replaces the invalid index that a broken build has left', async () => {
    await upgrade('colours');
    await query(em(), sql`create index fruits_name on fruits (name)`);
    await query(em(), sql`update pg_index set indisvalid = false where indexrelid = 'fruits_name'::regclass`);
    expect(await upgrade()).toEqual([INDEX, RIPE]);
    expect(await indexes()).toEqual([{ valid: true }]);
  });

  test('that fails keeps what came before, and says so', async () => {
    folder.plant(INDEX, { up: ['create index concurrently fruits_size on fruits (size)'], transactional: false });
    await expect(upgrade()).rejects.toThrow(
      new RegExp(`${INDEX} failed: .*size.*\nIn: .*\nKept of this run: ${FRUITS}, ${COLOURS}\\.`),
    );
    expect(await applied()).toEqual([FRUITS, COLOURS]);
  });
});
