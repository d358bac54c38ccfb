import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { queryExactlyOne, query, sql } from '../../src/database/query.js';
import { stampDetected } from '../../src/migrate/detect.js';
import { MigrationError, UsageError } from '../../src/migrate/errors.js';
import { loadHistory } from '../../src/migrate/history.js';
import { readLedger } from '../../src/migrate/ledger.js';
import { stampTarget } from '../../src/migrate/revision.js';
import { runMigrations } from '../../src/migrate/run.js';
import { stamp, type Stamped, type StampOptions } from '../../src/migrate/stamp.js';
import { VERSION } from '../../src/version.js';
import { openEmptyTestDatabase, type TestDatabase } from '../support/database.js';
import { openCopies } from '../support/dump.js';
import { emptyDatabase, type MigrationFolder, migrationFolder } from './support.js';

openCopies();

const FRUITS = 'Migration20270101000000_fruits';
const APPLE = 'Migration20270102000000_apple';
const COLOURS = 'Migration20270103000000_colours';

let database: TestDatabase;
let folder: MigrationFolder;
beforeAll(async () => {
  database = await openEmptyTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await emptyDatabase(em());
  folder = migrationFolder({
    [FRUITS]: { up: ['create table fruits (id integer primary key, name text)'] },
    [APPLE]: { up: [`insert into fruits values (1, 'apple')`] },
    [COLOURS]: { up: ['alter table fruits add column colour text', 'create index on fruits (colour)'] },
  });
});
afterEach(() => folder.delete());

const em = () => database.orm.em.fork();
const send = (statement: string) => query(em(), sql`${sql.raw(statement)}`);

async function stampTo(revision: string, options: StampOptions = {}): Promise<Stamped> {
  const stop = stampTarget(await loadHistory(folder.path), revision);
  return stamp(database, stop, { folder: folder.path, ...options });
}

const noted = async () => (await readLedger(em())).map(({ name }) => name);

async function exists(table: string): Promise<boolean> {
  const row = await queryExactlyOne(em(), sql<{ yes: boolean }>`select to_regclass(${table}) is not null as yes`);
  return row.yes;
}

describe('stamp', () => {
  test('notes exactly the migrations up to the revision, forward and back, and runs nothing', async () => {
    expect(await stampTo('apple')).toEqual({ added: [FRUITS, APPLE], removed: [], renewed: [] });
    const history = await loadHistory(folder.path);
    expect(await readLedger(em())).toMatchObject(
      history.slice(0, 2).map(({ name, checksum }) => ({ name, checksum, laurelVersion: VERSION })),
    );
    expect(await exists('fruits')).toBe(false);
    expect(await stampTo('head')).toEqual({ added: [COLOURS], removed: [], renewed: [] });
    expect(await stampTo('fruits')).toEqual({ added: [], removed: [APPLE, COLOURS], renewed: [] });
    expect(await noted()).toEqual([FRUITS]);
    expect(await stampTo('base')).toEqual({ added: [], removed: [FRUITS], renewed: [] });
    expect(await noted()).toEqual([]);
  });

  test('a typo changes nothing', async () => {
    await expect(stampTo('frutis')).rejects.toThrow(UsageError);
    await expect(stampTo('+1')).rejects.toThrow(UsageError);
    expect(await exists('mikro_orm_migrations')).toBe(false);
  });

  test('takes an edited file as it is now', async () => {
    await stampTo('head');
    await send(`update mikro_orm_migrations set checksum = 'of before' where name = '${APPLE}'`);
    expect(await stampTo('head')).toEqual({ added: [], removed: [], renewed: [APPLE] });
    expect((await readLedger(em())).map(({ checksum }) => checksum)).not.toContain('of before');
  });

  test('refuses beside migrations of elsewhere, unless they are purged', async () => {
    const elsewhere = 'Migration20260101000000_elsewhere';
    await stampTo('fruits');
    await send(`insert into mikro_orm_migrations (name) values ('${elsewhere}')`);
    await expect(stampTo('head')).rejects.toThrow(MigrationError);
    expect(await noted()).toEqual([FRUITS, elsewhere]);
    expect(await stampTo('apple', { purge: true })).toEqual({ added: [APPLE], removed: [elsewhere], renewed: [] });
    expect(await noted()).toEqual([FRUITS, APPLE]);
  });

  test('purges what two programs noted twice', async () => {
    await send('create table mikro_orm_migrations (id serial primary key, name varchar(255), executed_at timestamptz)');
    await send(`insert into mikro_orm_migrations (name) values ('${FRUITS}'), ('${FRUITS}')`);
    await expect(stampTo('fruits')).rejects.toThrow('twice');
    await stampTo('fruits', { purge: true });
    expect(await noted()).toEqual([FRUITS]);
  });
});

describe('stamp --detect', () => {
  const detected = () => stampDetected(database, { folder: folder.path });

  async function upgradeTo(name: string): Promise<void> {
    await runMigrations(database, 'up', { name }, { folder: folder.path });
    await send('drop table mikro_orm_migrations');
  }

  test('finds the revision by the schema', async () => {
    await upgradeTo(COLOURS);
    const { detection, stamped } = await detected();
    expect(detection).toEqual({
      revision: COLOURS,
      sameSchema: [],
      accepted: [],
      nearest: null,
      unknown: [],
      alembic: null,
    });
    expect(stamped?.added).toEqual([FRUITS, APPLE, COLOURS]);
    expect(await noted()).toEqual([FRUITS, APPLE, COLOURS]);
  });

  test('of several with one schema, takes the oldest and names the others', async () => {
    await upgradeTo(APPLE);
    await send('create table alembic_version (version_num varchar(32) primary key)');
    await send(`insert into alembic_version values ('abc')`);
    expect((await detected()).detection).toMatchObject({
      revision: FRUITS,
      sameSchema: [APPLE],
      unknown: ['table alembic_version'],
      alembic: 'abc',
    });
    expect(await noted()).toEqual([FRUITS]);
  });

  test('where none fits, shows what differs from the nearest, and changes nothing', async () => {
    await upgradeTo(COLOURS);
    await send('alter table fruits alter column name set not null');
    const { detection, stamped } = await detected();
    expect(detection).toMatchObject({
      revision: null,
      nearest: { revision: COLOURS, differences: ['fruits.name: NULL is refused, by the history allowed'] },
    });
    expect(stamped).toBeNull();
    expect(await exists('mikro_orm_migrations')).toBe(false);
  });

  test('has nothing to note of an empty database', async () => {
    expect(await detected()).toMatchObject({ detection: { revision: 'base' }, stamped: null });
    expect(await exists('mikro_orm_migrations')).toBe(false);
  });
});
