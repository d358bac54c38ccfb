import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { runMigrations } from '../../src/migrate/run.js';
import { filledInBatches, foreignKey, notNullColumn, type Stages } from '../../src/migrate/staged.js';
import { openEmptyTestDatabase, type TestDatabase } from '../support/database.js';
import { emptyDatabase, type MigrationFolder, migrationFolder, type Planted } from './support.js';

const ROWS = 25_000;

let database: TestDatabase;
let folder: MigrationFolder | undefined;
beforeAll(async () => {
  database = await openEmptyTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await emptyDatabase(em());
  await query(em(), sql`create table owners (id integer primary key)`);
  await query(em(), sql`create table pets (id integer primary key, owner_id integer)`);
  await query(em(), sql`insert into owners select n from generate_series(1, 100) n`);
  await query(em(), sql`insert into pets select n, 1 + n % 100 from generate_series(1, ${ROWS}::integer) n`);
});
afterEach(() => folder?.delete());

const em = () => database.orm.em.fork();

function planted({ expand, fill, contract, down }: Stages): Record<string, Planted> {
  return {
    Migration20270101000000_expand: { up: expand, down },
    Migration20270102000000_fill: { up: fill, down: [], transactional: false },
    Migration20270103000000_contract: { up: contract, down: [], transactional: false },
  };
}

test('a UUID column in stages has a value in each row, and may not be null', async () => {
  folder = migrationFolder(
    planted(
      notNullColumn({
        table: 'pets',
        column: 'tag',
        type: 'uuid',
        value: 'gen_random_uuid()',
        default: 'gen_random_uuid()',
        key: 'id',
      }),
    ),
  );
  await runMigrations(database, 'up', 'head', { folder: folder.path });
  await query(em(), sql`insert into pets (id) values (0)`);
  const counted = await queryExactlyOne(
    em(),
    sql`select count(*)::int as rows, count(distinct tag)::int as tags from pets`,
  );
  expect(counted).toEqual({ rows: ROWS + 1, tags: ROWS + 1 });
  await expect(query(em(), sql`update pets set tag = null where id = 1`)).rejects.toThrow('not-null');
  const { checks } = await queryExactlyOne(
    em(),
    sql<{ checks: number }>`select count(*)::int as checks from pg_constraint
      where conrelid = 'pets'::regclass and contype = 'c'`,
  );
  expect(checks).toBe(0);
});

test('a fill that was broken off passes over what is filled', async () => {
  await query(em(), sql`alter table pets add column size integer`);
  await query(em(), sql`create table fills (at integer)`);
  await query(em(), sql`update pets set size = -1 where id <= 3000`);
  folder = migrationFolder({
    Migration20270101000000_fill: {
      up: [filledInBatches({ table: 'pets', column: 'size', value: 'id * 2', key: 'id', batch: 1000 })],
      transactional: false,
    },
  });
  await runMigrations(database, 'up', 'head', { folder: folder.path });
  expect(
    await query(
      em(),
      sql`select size = -1 as kept, count(*)::int as rows, bool_and(size in (-1, id * 2)) as right
      from pets group by 1 order by 1`,
    ),
  ).toEqual([
    { kept: false, rows: ROWS - 3000, right: true },
    { kept: true, rows: 3000, right: true },
  ]);
});

test('a foreign key stops at rows that refer to nothing, names them, and is added once they are gone', async () => {
  await query(em(), sql`update pets set owner_id = 4000 where id in (7, 9)`);
  const { expand, contract, down } = foreignKey({
    table: 'pets',
    name: 'pets_owner_id_fkey',
    column: 'owner_id',
    references: { table: 'owners', column: 'id' },
    key: 'id',
  });
  folder = migrationFolder({
    Migration20270101000000_expand: { up: expand, down },
    Migration20270102000000_contract: { up: contract, down: [], transactional: false },
  });
  await runMigrations(database, 'up', { steps: 1 }, { folder: folder.path });
  await expect(query(em(), sql`insert into pets values (0, 4000)`)).rejects.toThrow('pets_owner_id_fkey');
  await expect(runMigrations(database, 'up', 'head', { folder: folder.path })).rejects.toThrow(
    '2 rows of pets refer to no row of owners by owner_id; id of the first 20: 7, 9. Delete or correct them',
  );
  await query(em(), sql`delete from pets where id in (7, 9)`);
  await runMigrations(database, 'up', 'head', { folder: folder.path });
  const { valid } = await queryExactlyOne(
    em(),
    sql<{ valid: boolean }>`select convalidated as valid from pg_constraint where conname = 'pets_owner_id_fkey'`,
  );
  expect(valid).toBe(true);
});
