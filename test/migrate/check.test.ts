import 'reflect-metadata';
import { afterEach, expect, test } from '@jest/globals';
import { defineEntity, p } from '@mikro-orm/core';
import { query, sql } from '../../src/database/query.js';
import { entities } from '../../src/database/entities.js';
import { LastWrite } from '../../src/account/last-write.entity.js';
import { type CheckOptions, type CheckReport, checkDatabase } from '../../src/migrate/check.js';
import { loadHistory } from '../../src/migrate/history.js';
import { runMigrations } from '../../src/migrate/run.js';
import { openEmptyTestDatabase, openTestDatabase, type TestDatabase } from '../support/database.js';
import { openCopies } from '../support/dump.js';
import { type MigrationFolder, migrationFolder } from './support.js';

openCopies();

let database: TestDatabase;
let folder: MigrationFolder | undefined;
afterEach(async () => {
  await database.close();
  folder?.delete();
  folder = undefined;
});

async function send(...statements: string[]): Promise<void> {
  for (const statement of statements) {
    await query(database.orm.em.fork(), sql`${sql.raw(statement)}`);
  }
}

interface Found extends Omit<CheckReport, 'checks'> {
  /** The checks that found something, with what they found. */
  findings: Record<string, string[]>;
}

async function check(options: CheckOptions = {}): Promise<Found> {
  const { checks, ...report } = await checkDatabase(database, options);
  const findings = Object.fromEntries(
    checks.filter(({ right }) => right !== true).map(({ name, differences }) => [name, differences]),
  );
  return { ...report, findings };
}

const findings = async (options?: CheckOptions) => (await check(options)).findings;

const CLEAN: Found = { accepted: [], unknown: [], pending: [], findings: {} };

test('nothing is found on a database at head, and what no migration knows is only named', async () => {
  database = await openTestDatabase();
  expect(await check()).toEqual(CLEAN);
  await send(
    'create table alembic_version (version_num varchar(32) primary key)',
    'create view players as select id, nickname from users',
    'create function of_the_operator() returns integer language sql return 1',
  );
  expect(await check()).toEqual({ ...CLEAN, unknown: ['table alembic_version', 'view players'] });
});

test('each drift of the database is found, and named with what the history makes', async () => {
  database = await openTestDatabase();
  await send(
    'alter table standings drop constraint standings_user_id_fkey',
    'alter table users add column shoe_size integer',
    'alter table users alter column time_zone type varchar(100)',
    'alter table users alter column birth_date set not null',
    'drop index standings_order_index',
    `alter table users alter column role set default 'admin'`,
    'alter table users drop constraint users_role_check',
    `alter table users add constraint users_role_check check (role in ('user', 'admin', 'root'))`,
    'alter table users disable trigger users_ranked',
    'drop table last_writes',
    'create function laurel_extra() returns integer language sql return 1',
    'create index users_legacy on users (legacy_id)',
    'alter sequence users_id_seq owned by none',
  );
  const { database: differences } = await findings();
  expect(differences?.toSorted()).toEqual([
    expect.stringMatching(/^function laurel_extra\(\) is extra$/),
    'sequence users_id_seq: owner is none, by the history users.legacy_id',
    expect.stringMatching(/^standings: foreign key standings_user_id_fkey is missing \(FOREIGN KEY \(user_id\) /),
    expect.stringMatching(/^standings: index standings_order_index is missing \(CREATE INDEX standings_order_index /),
    'table last_writes is missing',
    'users.birth_date: NULL is refused, by the history allowed',
    expect.stringMatching(/^users\.role: default is 'admin'::.*, by the history 'user'::/),
    'users.time_zone: type is character varying(100), by the history text',
    expect.stringMatching(/^users: check users_role_check is CHECK \(.*'root'.*, by the history CHECK \(.*'admin'/),
    'users: column shoe_size is extra (integer)',
    'users: index users_legacy is extra (CREATE INDEX users_legacy ON users USING btree (legacy_id))',
    'users: trigger users_ranked: state is disabled, by the history enabled',
  ]);
});

test('a function that was replaced is told by its first line that differs', async () => {
  database = await openTestDatabase();
  const [found] = await query(
    database.orm.em.fork(),
    sql<{ definition: string }>`select pg_get_functiondef('laurel_user_ranked()'::regprocedure) as definition`,
  );
  await send(found!.definition.replace('return null;', 'return new;'));
  expect(await findings()).toEqual({
    database: [
      expect.stringMatching(
        /^function laurel_user_ranked\(\): body is different from line \d+ on: "return new;", by the history "return null;"$/,
      ),
    ],
  });
});

test('a database on its way is compared with what it has applied', async () => {
  database = await openEmptyTestDatabase();
  expect(await findings()).toEqual({});
  const history = await loadHistory();
  const name = history[4]!.name;
  await runMigrations(database, 'up', { name });
  expect(await check()).toEqual({ ...CLEAN, pending: history.slice(5).map((migration) => migration.name) });
  // What a later migration makes is known, so it is too much here.
  await send('create table last_writes (user_id uuid)');
  expect(await findings()).toEqual({ database: ['table last_writes is extra'] });
});

test('edited, missing and passed over files are found', async () => {
  database = await openTestDatabase();
  const [edited, passedOver] = ['Migration20261121000800_blocks', 'Migration20261121001200_last_writes'];
  await send(
    `update mikro_orm_migrations set checksum = 'another' where name = '${edited}'`,
    `delete from mikro_orm_migrations where name = '${passedOver}'`,
  );
  expect(await findings()).toEqual({
    files: [expect.stringContaining(`${edited} was edited`), expect.stringContaining(`${passedOver} is not applied`)],
    database: ['table last_writes is extra'],
  });
  await send(`insert into mikro_orm_migrations (name) values ('Migration20270101000000_elsewhere')`);
  expect(await findings()).toMatchObject({
    files: [
      expect.anything(),
      expect.anything(),
      expect.stringContaining('Migration20270101000000_elsewhere is applied'),
    ],
    database: [],
  });
});

test('what the entities have and the history lacks is shown as SQL', async () => {
  database = await openTestDatabase();
  const Hat = defineEntity({ name: 'Hat', tableName: 'hats', properties: { id: p.integer().primary() } });
  const others = entities.filter((entity) => entity !== LastWrite);
  expect(await findings({ entities: [...others, Hat] })).toEqual({
    entities: [expect.stringMatching(/^create table "hats"/), expect.stringMatching(/^drop table .*"last_writes"/)],
  });
});

test('branches are found, with the tables that more than one of them touches', async () => {
  database = await openEmptyTestDatabase();
  const Fruit = defineEntity({
    name: 'Fruit',
    tableName: 'fruits',
    properties: {
      id: p.integer().primary().autoincrement(false),
      colour: p.text().nullable(),
      taste: p.text().nullable(),
    },
  });
  folder = migrationFolder({
    Migration20270101000000_fruits: { up: ['create table fruits (id integer primary key)'] },
    Migration20270102000000_colours: { up: ['alter table fruits add column colour text'] },
    Migration20270103000000_tastes: {
      up: [
        'alter table fruits add column taste text',
        `with sweet as (select id from fruits) update fruits set taste = 'sweet' from sweet where sweet.id = fruits.id`,
      ],
      after: ['Migration20270101000000_fruits'],
    },
  });
  expect(await findings({ folder: folder.path, entities: [Fruit] })).toEqual({
    branches: [
      'Their newest: Migration20270102000000_colours, Migration20270103000000_tastes.',
      'Touched by more than one: fruits.',
    ],
  });
});
