import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { UsageError } from '../../src/migrate/errors.js';
import { lintMigrations } from '../../src/migrate/lint/lint.js';
import { laurel } from '../cli/process.js';
import { type MigrationFolder, migrationFolder, type Planted } from './support.js';

const BASE = 'Migration20270101000000_base';
const NEXT = 'Migration20270102000000_next';
const LAST = 'Migration20270103000000_last';

const base: Planted = {
  up: [
    'create table stalls (id integer primary key, name text)',
    'create table fruits (id integer primary key, name text, colour text, stall_id integer)',
    'create index fruits_colour on fruits (colour)',
  ],
};

let folder: MigrationFolder | undefined;
afterEach(() => folder?.delete());

function plant(next: Planted, last?: Planted): string {
  folder = migrationFolder({ [BASE]: base, [NEXT]: next, ...(last !== undefined && { [LAST]: last }) });
  return folder.path;
}

const waive = (list: object[]): void => writeFileSync(join(folder!.path, 'lint.json'), JSON.stringify(list));

/** What is found, as rule and number of the statement. */
async function rulesIn(path: string): Promise<string[]> {
  const { findings } = await lintMigrations(path, []);
  return findings.map(({ rule, statement }) => `${rule} ${statement}`);
}

describe('faults', () => {
  test.each<[string, Planted, string, string]>([
    [
      'a column that is NOT NULL, and rows that get no value in it',
      { up: ['alter table fruits add column weight integer not null'] },
      'not-null-without-fill 1',
      'alter table fruits add column weight int4;\nupdate fruits set weight',
    ],
    [
      'NOT NULL for a column that nothing fills',
      { up: [`update fruits set name = 'x'`, 'alter table stalls alter column name set not null'] },
      'not-null-without-fill 2',
      'check (name is not null) not valid',
    ],
    [
      'an index of a table that is in use',
      { up: ['create unique index fruits_name on fruits (name)'] },
      'index-not-concurrent 1',
      'create unique index concurrently fruits_name on fruits (name);',
    ],
    [
      'a unique constraint, and its index with it',
      { up: ['alter table fruits add constraint fruits_name_key unique (name)'] },
      'index-not-concurrent 1',
      'add constraint fruits_name_key unique using index fruits_name_key;',
    ],
    [
      'code that executes beside SQL that is added',
      { code: `await this.execute("update fruits set name = 'x'");`, up: [`update fruits set colour = 'red'`] },
      'mixed-execute null',
      'only',
    ],
    [
      'an index built concurrently in a transaction',
      { up: ['create index concurrently fruits_name on fruits (name)'] },
      'concurrently-in-transaction 1',
      'isTransactional(): boolean { return false; }',
    ],
    [
      'something else beside it, outside a transaction',
      {
        up: ['create index concurrently fruits_name on fruits (name)', 'alter table fruits add column size integer'],
        transactional: false,
      },
      'concurrently-in-transaction 2',
      'inside a transaction',
    ],
    [
      'a second table that is locked after rows of the first were worked on',
      {
        up: [
          'alter table fruits add column size integer',
          'update fruits set size = 1',
          'alter table stalls add column size integer',
        ],
      },
      'lock-order 3',
      'lock table fruits, stalls in access exclusive mode;',
    ],
    [
      'a lock that is raised after rows were written',
      { up: ['update fruits set colour = name', 'alter table fruits alter column colour set not null'] },
      'lock-order 2',
      'lock table fruits in access exclusive mode;',
    ],
    [
      'a foreign key that reads the whole table',
      { up: ['alter table fruits add constraint fruits_stall_fkey foreign key (stall_id) references stalls (id)'] },
      'foreign-key-not-valid 1',
      'foreign key (stall_id) references stalls (id) not valid;',
    ],
    [
      'a check that reads the whole table',
      { up: [`alter table fruits add constraint fruits_named check (name <> '')`] },
      'check-not-valid 1',
      `check (name <> '') not valid;`,
    ],
    [
      'a check that is validated in the transaction that adds it',
      {
        up: [
          `alter table fruits add constraint fruits_named check (name <> '') not valid`,
          'alter table fruits validate constraint fruits_named',
        ],
      },
      'check-not-valid 2',
      'isTransactional(): boolean { return false; }',
    ],
    [
      'a default that rewrites the table, which squawk knows',
      { up: ['alter table fruits add column code uuid default gen_random_uuid()'] },
      'adding-field-with-default 1',
      'set default',
    ],
    [
      'a column that old servers still read, which squawk knows',
      { up: ['select 1', 'alter table fruits\n  drop column colour'] },
      'ban-drop-column 2',
      'drop column',
    ],
    ['what is no SQL', { up: ['alter tabel fruits add column x text'] }, 'syntax 1', 'SQL'],
  ])('%s', async (_fault, next, expected, rewrite) => {
    const { findings } = await lintMigrations(plant(next), []);
    expect(findings.map(({ rule, statement }) => `${rule} ${statement}`)).toEqual([expected]);
    expect(findings[0]).toMatchObject({ migration: NEXT, rewrite: expect.stringContaining(rewrite) });
  });
});

describe('no fault', () => {
  test.each<[string, ...Planted[]]>([
    [
      'a table of its own',
      {
        up: [
          'create table baskets (id integer primary key, stall_id integer)',
          'alter table baskets add column size integer not null',
          'create index baskets_size on baskets (size)',
          'alter table baskets add constraint baskets_size_check check (size > 0)',
          'alter table baskets add constraint baskets_stall foreign key (stall_id) references stalls (id)',
        ],
      },
    ],
    [
      'a table that is rebuilt under its old name',
      {
        up: [
          'lock table fruits in access exclusive mode',
          'create table fruits_new (id bigint not null)',
          'insert into fruits_new select id from fruits',
          'create index fruits_new_id on fruits_new (id)',
        ],
      },
    ],
    [
      'a column that is added, filled and then NOT NULL',
      {
        up: [
          'alter table fruits add column weight integer',
          'update fruits set weight = 1',
          'alter table fruits alter column weight set not null',
        ],
      },
    ],
    [
      'stages: a check, validated by itself, and then NOT NULL',
      {
        up: ['alter table fruits validate constraint fruits_name_not_null'],
        transactional: false,
      },
      {
        up: [
          'alter table fruits alter column name set not null',
          'alter table fruits drop constraint fruits_name_not_null',
        ],
      },
    ],
    [
      'a fill outside a transaction, and NOT NULL in a block that commits',
      {
        up: [
          `update fruits set colour = 'red' where colour is null`,
          `do $$ begin
            alter table fruits add constraint c check (colour is not null) not valid; commit;
            alter table fruits validate constraint c; commit;
            alter table fruits alter column colour set not null;
          end $$`,
        ],
        transactional: false,
      },
    ],
    [
      'an index outside a transaction, and then a constraint that uses it',
      { up: ['create unique index concurrently fruits_name on fruits (name)'], transactional: false },
      { up: ['alter table fruits add constraint fruits_name_key unique using index fruits_name'] },
    ],
    [
      'tables that are locked together at the beginning',
      {
        up: [
          'lock table fruits, stalls in access exclusive mode',
          'update fruits set stall_id = 1',
          'alter table stalls add column size integer',
        ],
      },
    ],
  ])('%s', async (_what, ...migrations) => {
    const path = plant(migrations[0]!, migrations[1]);
    folder!.plant(BASE, {
      up: [...base.up, 'alter table fruits add constraint fruits_name_not_null check (name is not null) not valid'],
    });
    expect(await rulesIn(path)).toEqual([]);
  });

  test("Laurel's own history, but for what is waived with a reason", async () => {
    const { findings, waived, migrations } = await lintMigrations(
      fileURLToPath(new URL('../../migrations', import.meta.url)),
      [],
    );
    expect(findings).toEqual([]);
    expect(migrations.length).toBeGreaterThanOrEqual(15);
    for (const { reason } of waived) {
      expect(reason.length).toBeGreaterThan(20);
    }
  });
});

describe('waivers', () => {
  const dropping: Planted = { up: ['alter table fruits drop column colour'] };
  const covering = { migration: NEXT, rule: 'ban-drop-column' };

  test('take a finding out, and stay in the report with their reason', async () => {
    const path = plant(dropping);
    waive([{ ...covering, reason: 'no release has read it' }]);
    expect(await lintMigrations(path, [])).toMatchObject({
      findings: [],
      waived: [{ ...covering, statement: 1, reason: 'no release has read it' }],
    });
  });

  test.each([
    ['without a reason', dropping, covering, ['ban-drop-column 1', 'waiver null']],
    ['with an empty one', dropping, { ...covering, reason: ' ' }, ['ban-drop-column 1', 'waiver null']],
    ['where nothing breaks the rule', { up: ['select 1'] }, { ...covering, reason: 'was dropped' }, ['waiver null']],
    [
      'of a migration that is not there',
      { up: ['select 1'] },
      { ...covering, migration: 'x', reason: 'y' },
      ['waiver null'],
    ],
  ])('%s are findings', async (_which, next, waiver, expected) => {
    const path = plant(next);
    waive([waiver]);
    expect(await rulesIn(path)).toEqual(expected);
  });

  test('of other migrations than the chosen ones may wait', async () => {
    const path = plant({ up: ['select 1'] });
    waive([{ ...covering, reason: 'was dropped' }]);
    expect((await lintMigrations(path, ['base'])).findings).toEqual([]);
  });
});

test('a migration of no statements, and one that ends with a comment', async () => {
  const path = plant({ up: [] }, { up: ['select 1 -- nothing', 'alter table fruits drop column colour'] });
  expect(await rulesIn(path)).toEqual(['ban-drop-column 2']);
});

test('a revision that is none', async () => {
  await expect(lintMigrations(plant({ up: [] }), ['nxet'])).rejects.toThrow(UsageError);
});

describe('laurel migrate lint', () => {
  test('shows each finding with its place and its rewrite, and ends with 1', async () => {
    const path = plant({ up: ['select 1', 'alter table fruits\n  add column weight integer not null'] });
    const { code, output } = await laurel(['migrate', 'lint', '--folder', path]);
    expect(code).toBe(1);
    expect(output).toContain(`${NEXT}, statement 2: not-null-without-fill\n  alter table fruits\n`);
    expect(output).toContain('update fruits set weight');
    expect(output).toContain('1 finding in 2 migrations, 0 waived in lint.json.');
  });

  test('ends with 0 where nothing is found, and counts what is waived', async () => {
    const path = plant({ up: ['alter table fruits drop column colour'] });
    waive([{ migration: NEXT, rule: 'ban-drop-column', reason: 'no release has read it' }]);
    const { code, output } = await laurel(['migrate', 'lint', 'next', '--folder', path, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      migrations: [NEXT],
      findings: [],
      waived: [{ reason: 'no release has read it' }],
    });
  });
});
