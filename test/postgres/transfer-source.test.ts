import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { upgrade } from '../../src/migrate/upgrade.js';
import { openDatabase } from '../../src/database/database.js';
import { type CopiedTable, copyTable } from '../../src/transfer/copy-table.js';
import { quoted } from '../../src/transfer/identifier.js';
import { type Definitions, definitionsFrom } from '../../src/transfer/postgres/definition.js';
import { PostgresSource, type PostgresSourceOptions } from '../../src/transfer/postgres/source.js';
import type { PostgresTable } from '../../src/transfer/postgres-tables.js';
import { PostgresTarget } from '../../src/transfer/postgres-target.js';
import { Problems } from '../../src/transfer/problems.js';
import { Rejects } from '../../src/transfer/rejects.js';
import { checksumSql } from '../../src/transfer/row-hash.js';
import { createEmptyDatabase } from '../support/database.js';
import { policies } from '../transfer/support.js';

const SERVER = (process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres');

let there: { url: string; client: Client; drop: () => Promise<void> };
let here: { url: string; client: Client; drop: () => Promise<void> };
let target: PostgresTarget;
const opened: PostgresSource[] = [];

beforeAll(async () => {
  there = await database();
  here = await database();
  target = await PostgresTarget.open(here.url);
});

afterAll(async () => {
  await target?.close();
  await there?.drop();
  await here?.drop();
});

beforeEach(async () => {
  for (const { client } of [there, here]) {
    await client.query('drop schema if exists public, app, other cascade; create schema public');
  }
});

afterEach(async () => {
  for (const source of opened.splice(0)) {
    await source.close();
  }
});

async function database(): Promise<{ url: string; client: Client; drop: () => Promise<void> }> {
  const { url, drop } = await createEmptyDatabase(SERVER);
  const client = new Client({ connectionString: url });
  await client.connect();
  const end = async (): Promise<void> => {
    await client.end();
    await drop();
  };
  return { url, client, drop: end };
}

async function open(options: PostgresSourceOptions = {}, url = there.url): Promise<PostgresSource> {
  const source = await PostgresSource.open(url, options);
  opened.push(source);
  return source;
}

interface Copied {
  copied: CopiedTable;
  problems: Problems;
  expected: { rows: bigint; hash: bigint };
  stored: { rows: bigint; hash: bigint };
}

/** Copies a table into one of the same name here, and compares both sides by themselves. */
async function copy(source: PostgresSource, table: PostgresTable): Promise<Copied> {
  const problems = new Problems(policies());
  await target.query('begin');
  const copied = await copyTable(source, table, target, problems, Rejects.into(undefined, []), {
    into: table.name,
    timeZone: undefined,
    hasChecksum: source.hasChecksum(),
  });
  await target.query('commit');
  const from = `${table.partitioned ? '' : 'only '}${quoted(table.name)}`;
  const [sums] = await target.query<{ rows: string; hash: string }>(checksumSql(from, table.columns));
  const { rows, hash } = copied.expected(await source.checksum(table));
  return {
    copied,
    problems,
    expected: { rows, hash },
    stored: { rows: BigInt(sums!.rows), hash: BigInt(sums!.hash) },
  };
}

async function rowsOf(source: PostgresSource, table: PostgresTable): Promise<(string | null)[][]> {
  const all: (string | null)[][] = [];
  for await (const rows of source.rows(table)) {
    all.push(...rows.map((row) => row.map((value) => value?.toString('latin1') ?? null)));
  }
  return all;
}

const KINDS = `
  create type mood as enum ('so so', E'it''s \\\\ a\\ttab');
  create type pair as (one integer, two text);
  create domain positive as integer check (value > 0);
  create domain digest as bytea;
  create domain code as character(6);
  create type span as range (subtype = time);
  create table kinds (
    id bigint generated always as identity primary key, small smallint, amount numeric(12,4), anything numeric,
    single real, twice double precision, truth boolean, word text, name varchar(20), fixed character(5), code code,
    single_letter "char", "na""me" name, bits bit(3), mask bit varying(9), picture bytea, digest digest,
    day date, clock timestamp, milli timestamp(3), moment timestamptz, hour time, zoned timetz, length interval,
    note json, document jsonb, key uuid, mood mood, moods mood[], positive positive, pair pair,
    words text[], grid integer[][], pictures bytea[], whole int4range, many datemultirange, span span,
    address inet, net cidr, mac macaddr, place point, seen tsvector, page xml,
    doubled integer generated always as (small * 2) stored);`;

const VALUES = `
  insert into kinds (small, amount, anything, single, twice, truth, word, name, fixed, code, single_letter, "na""me",
    bits, mask, picture, digest, day, clock, milli, moment, hour, zoned, length, note, document, key, mood, moods,
    positive, pair, words, grid, pictures, whole, many, span, address, net, mac, place, seen, page) values
  (-32768, -1234.5, 0.00100, 0.1, 0.1, true, E'tab\\tline\\nreturn\\rback\\\\slash\\b\\f\\v', '\\N', 'ab', 'c', 'x', 'na me',
    b'101', b'1', '\\x00ff5c0a0d09', '\\x5c4e', '0044-03-15 BC', '0001-01-01 00:00:00', '2026-03-29 02:30:00.120',
    '2026-01-01 00:00:00.000001+09', '24:00:00', '23:59:59.5-08', '1 year -2 days 03:04:05.6', '{"b": 1,  "a": [1.0]}',
    '{"b": 1, "a": [1.0]}', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', E'it''s \\\\ a\\ttab', array['so so', E'it''s \\\\ a\\ttab']::mood[],
    1, row(1, E'a "quoted" \\\\ text'), array['a,b', 'null', null, '', '"', E'\\\\', E'\\n'], '{{1,2},{3,null}}',
    array['\\x00'::bytea, '\\x5c'], '[1,5)', '{[2026-01-01,2026-02-01),[2026-03-01,)}', '[08:00,09:30]',
    '192.168.0.1', '10.0.0.0/8', '08:00:2b:01:02:03', '(1.5,-2)', 'a fat cat', '<a>&amp;</a>'),
  (32767, 99999999.9999, 123456789012345678901234567890.123, 'NaN', '-Infinity', false, '', '박민준 🙂', '', '', '', '',
    b'000', b'', '', '', 'infinity', 'infinity', '-infinity', '-infinity', '00:00:00', '00:00:00+00', '0', 'null', 'null',
    '00000000-0000-0000-0000-000000000000', 'so so', '{}', 2147483647, row(null, null), '{}', '{}', '{}', 'empty', '{}', 'empty',
    '::1/64', '::/0', '00:00:00:00:00:00', '(0,0)', '', ''),
  (0, 0, -0.5, '3.4028235e38', 5e-324, null, '\\.', E'\\\\N', E'\\\\', E'\\t', '"', '\\',
    b'111', b'111111111', '\\x5c78', '\\x0a', '99999-12-31', '99999-12-31 23:59:59.999999', '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00+00 BC',
    '23:59:59.999999', '12:00:00+05:30', '-178000000 years', '"\\u00e9"', '"é"',
    'ffffffff-ffff-ffff-ffff-ffffffffffff', null, array[null]::mood[], null, null, null, null, null, '(,)', null, null,
    null, null, null, null, null, null);
  insert into kinds default values;`;

test('values of every type are read as PostgreSQL writes them, and are the same on both sides', async () => {
  await there.client.query(KINDS + VALUES);
  await here.client.query(KINDS);
  const source = await open();
  const [table] = source.tables;
  const { copied, problems, stored, expected } = await copy(source, table!);
  expect(problems.findings).toEqual([]);
  expect([copied.read, copied.written]).toEqual([4n, 4n]);
  expect(stored).toEqual(expected);
  const select = { text: 'select kinds::text, small, doubled from kinds order by id', rowMode: 'array' };
  const [own, other] = [await there.client.query(select), await here.client.query(select)];
  expect(own.rows).toEqual(other.rows);
  // A value that changes on this side is seen.
  await here.client.query("update kinds set word = E'tab\\tline' where id = 1");
  const [changed] = await target.query<{ hash: string }>(checksumSql('kinds', table!.columns));
  expect(BigInt(changed!.hash)).not.toBe(expected.hash);
});

test('a sum of what was read is that of the source itself', async () => {
  await there.client.query(KINDS + VALUES);
  await here.client.query(KINDS);
  const source = await open();
  const [table] = source.tables;
  await target.query('begin');
  const copied = await copyTable(source, table!, target, new Problems(policies()), Rejects.into(undefined, []), {
    into: 'kinds',
    timeZone: undefined,
    hasChecksum: false,
  });
  await target.query('rollback');
  const { rows, hash } = copied.expected(null);
  expect({ rows, hash }).toMatchObject({ rows: 4n, hash: (await source.checksum(table!))!.hash });
});

test('some columns of a table alone, in the order in which they are wanted', async () => {
  await there.client.query("create table t (a integer, b bytea, c text); insert into t values (1, '\\x0a', 'x')");
  const source = await open();
  const part = source.only(source.tables[0]!, [2, 1]);
  expect(await rowsOf(source, part)).toEqual([['x', '\n']]);
});

test('more rows than come at once, and values larger than that', async () => {
  await there.client.query(`create table many (id integer, word text);
    insert into many select n, case when n % 5000 = 0 then repeat(E'\\t\\\\', 200000) else md5(n::text) end
    from generate_series(1, 20000) n`);
  await here.client.query('create table many (id integer, word text)');
  const source = await open();
  const { copied, stored, expected } = await copy(source, source.tables[0]!);
  expect(copied.written).toBe(20_000n);
  expect(stored).toEqual(expected);
});

test('rows that are written meanwhile belong to a later moment', async () => {
  await there.client.query(`create table moments (id integer); insert into moments values (1), (2);
    create table later (id integer)`);
  const source = await open();
  await there.client.query(
    'insert into moments values (3); delete from moments where id = 1; insert into later values (1)',
  );
  const [later, moments] = source.tables;
  expect((await rowsOf(source, moments!)).toSorted()).toEqual([['1'], ['2']]);
  expect(await rowsOf(source, later!)).toEqual([]);
  expect(await source.checksum(moments!)).toMatchObject({ rows: 2n });
  // Nobody empties or drops a table under the reader.
  await expect(there.client.query("set lock_timeout = '50ms'; truncate moments")).rejects.toThrow(/lock timeout/);
  await there.client.query('reset lock_timeout');
});

test('a condition on a table chooses its rows, and those that the checksum is of', async () => {
  await there.client.query(`create table scores (id integer, at date); create table users (id integer);
    insert into scores select n, date '2026-01-01' + n from generate_series(1, 10) n; insert into users values (1)`);
  await here.client.query('create table scores (id integer, at date)');
  const where = new Map([['scores', "at > date '2026-01-05' or id in (select id from users) -- and what is new"]]);
  const source = await open({ tables: ['scores'], where });
  const { copied, stored, expected } = await copy(source, source.tables[0]!);
  expect(copied.written).toBe(7n);
  expect(stored).toEqual(expected);
});

test.each([
  ['true) or (true', 'syntax error at or near ")"'],
  ['true) union select 1, now() where (true', 'syntax error at or near ")"'],
  ['true; drop table scores', 'syntax error at or near ";"'],
  ['true limit 1', 'syntax error at or near "limit"'],
  ['select true', 'syntax error at or near "select"'],
  ['', 'syntax error at end of input'],
  ['true /* and', 'unterminated /* comment at or near "/* and'],
  ['nothing = 1', 'column "nothing" does not exist'],
  ['id', 'argument of WHERE must be type boolean, not type integer'],
])('the condition %j is refused', async (condition, why) => {
  await there.client.query('create table scores (id integer)');
  const where = new Map([['scores', condition]]);
  await expect(open({ where })).rejects.toMatchObject({
    name: 'TransferError',
    message: expect.stringContaining(`The condition for the table scores is refused: ${why}`),
  });
});

test('a condition that fails as rows are read, or writes, fails the reading', async () => {
  await there.client.query(`create table scores (id integer); insert into scores values (0); create sequence numbers;`);
  for (const [condition, why] of [
    ['1 / id > 0', 'division by zero'],
    ["nextval('numbers') > 0", 'cannot execute nextval() in a read-only transaction'],
  ] as const) {
    const source = await open({ where: new Map([['scores', condition]]) });
    await expect(rowsOf(source, source.tables[0]!)).rejects.toMatchObject({
      name: 'TransferError',
      message: `The source could not be read (scores): ${why}. Nothing was changed.`,
    });
  }
});

test('schemas, tables and conditions that name nothing are refused with what there is', async () => {
  await there.client.query('create table b (id integer); create table a (id integer); create table empty ()');
  const refusals: [PostgresSourceOptions, RegExp][] = [
    [{ tables: ['a', 'c', 'd'] }, /^There is no table c, d to read in PostgreSQL 1\d.* There are: a, b$/],
    [{ tables: ['empty'] }, /^There is no table empty to read/],
    [{ tables: ['a'], where: new Map([['b', 'true']]) }, /^There is no table b to read .* There are: a$/],
    [{ schema: 'nowhere' }, /^There is no schema nowhere in PostgreSQL/],
  ];
  for (const [options, message] of refusals) {
    await expect(open(options)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(message),
    });
  }
});

test('what is read and what is not: another schema, partitions, inheritance, order, tables that were not asked for', async () => {
  await there.client.query(`create schema app; create table public.outside (id integer);
    set search_path to app;
    create table a_child (id integer, parent integer);
    create table parent (id integer primary key); insert into parent values (1);
    create table heir () inherits (parent); insert into heir values (2);
    alter table a_child add foreign key (parent) references parent;
    create table years (y integer) partition by range (y);
    create table years_1 partition of years for values from (1) to (10); insert into years values (5);
    create table nothing ();
    reset search_path`);
  const source = await open({ schema: 'app' });
  expect(source.tables.map(({ name }) => name)).toEqual(['heir', 'parent', 'a_child', 'years']);
  expect(source.unread.map(({ name }) => name)).toEqual(['public.outside', 'app.nothing']);
  expect(source.migrations).toEqual([]);
  const read = [];
  for (const table of source.tables) {
    read.push([table.name, await rowsOf(source, table), (await source.checksum(table))?.rows]);
  }
  expect(read).toEqual([
    ['heir', [['2']], 1n],
    ['parent', [['1']], 1n],
    ['a_child', [], 0n],
    ['years', [['5']], 1n],
  ]);
  expect(source.name).toMatch(
    new RegExp(`^PostgreSQL 1[\\d.]+ at 127\\.0\\.0\\.1:${portOf(there.url)}${new URL(there.url).pathname}$`),
  );
});

test('rows that the role may not see are an error, not fewer rows', async () => {
  const role = `laurel_test_reader_${process.pid}`;
  await there.client
    .query(`create table secrets (id integer, own boolean); insert into secrets values (1, true), (2, false);
    alter table secrets enable row level security; create policy own on secrets using (own);
    create role ${role} login; grant usage on schema public to ${role}; grant select on secrets to ${role}`);
  try {
    const source = await open({}, Object.assign(new URL(there.url), { username: role }).href);
    await expect(rowsOf(source, source.tables[0]!)).rejects.toThrow(
      /^The source could not be read \(secrets\): query would be affected by row-level security policy/,
    );
    await source.close();
  } finally {
    await there.client.query(`drop owned by ${role}; drop role ${role}`);
  }
});

test('a source in another encoding has no checksum of its own; what was read is what counts', async () => {
  const name = `laurel_test_latin1_${process.pid}`;
  await there.client.query(`create database ${name} encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0`);
  const client = new Client({ connectionString: Object.assign(new URL(there.url), { pathname: `/${name}` }).href });
  try {
    await client.connect();
    await client.query("create table words (word text); insert into words values ('café')");
    await client.end();
    await here.client.query('create table words (word text)');
    const source = await open({}, Object.assign(new URL(there.url), { pathname: `/${name}` }).href);
    expect([source.hasChecksum(), await source.checksum(source.tables[0]!)]).toEqual([false, null]);
    const { stored, expected } = await copy(source, source.tables[0]!);
    expect(stored).toEqual(expected);
    expect((await here.client.query('select word from words')).rows).toEqual([{ word: 'café' }]);
    await source.close();
  } finally {
    await there.client.query(`drop database ${name} with (force)`);
  }
});

test('a Laurel tells its newest migrations', async () => {
  const { url, drop } = await createEmptyDatabase(SERVER);
  try {
    const laurel = await openDatabase({ databaseUrl: url, databasePoolSize: 2, dataDir: '' });
    await upgrade(laurel);
    await laurel.close();
    const source = await open({ tables: ['users'] }, url);
    expect(source.migrations).toEqual([expect.stringMatching(/^Migration\d+/)]);
    await source.close();
  } finally {
    await drop();
  }
});

function portOf(url: string): string {
  return new URL(url).port || '5432';
}

test('a source that cannot be reached, and one that is lost on the way, are told without a password', async () => {
  const asNobody = Object.assign(new URL(there.url), { pathname: '/laurel_test_none', password: 'secret' }).href;
  for (const [url, message] of [
    [
      'postgres://root:secret@127.0.0.1:1/none',
      /^The source could not be read \(127\.0\.0\.1:1\): .*ECONNREFUSED.* Nothing was changed\.$/,
    ],
    [
      asNobody,
      new RegExp(
        `^The source could not be read \\(127\\.0\\.0\\.1:${portOf(there.url)}\\): database "laurel_test_none" does not exist\\. Nothing was changed\\.$`,
      ),
    ],
  ] as const) {
    const refusal = open({}, url);
    await expect(refusal).rejects.toMatchObject({ name: 'TransferError', message: expect.stringMatching(message) });
    await expect(refusal).rejects.not.toThrow(/secret/);
  }
  await there.client.query('create table many as select n, md5(n::text) from generate_series(1, 200000) n');
  const source = await open();
  const read = (async () => {
    for await (const rows of source.rows(source.tables[0]!)) {
      if (rows.length > 0) {
        await there.client.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'laurel transfer' and datname = current_database()`);
      }
    }
  })();
  await expect(read).rejects.toMatchObject({ name: 'TransferError', message: expect.stringMatching(/\(many\)/) });
  await source.close();
});

/** Makes the tables of a source here, with their rows. */
async function make(source: PostgresSource): Promise<Definitions> {
  const definitions = await definitionsFrom(there.url, source.tables);
  const { create, keys, references, sequences } = definitions;
  for (const statement of create) {
    await target.query(statement);
  }
  for (const table of source.tables) {
    const { problems, stored, expected } = await copy(source, table);
    expect(problems.findings).toEqual([]);
    expect(stored).toEqual(expected);
  }
  for (const statement of [...keys, ...references]) {
    await target.query(statement);
  }
  for (const { name, last, called } of sequences) {
    await target.query('select setval($1::regclass, $2, $3)', [quoted(name), String(last), called]);
  }
  return definitions;
}

test('tables with all that is theirs are made elsewhere, and are there as they were', async () => {
  await there.client.query(`create schema app; create schema other; set search_path to app, other;
    ${KINDS}
    create type other."Te""mper" as enum ('a.b', 'app.c');
    create domain mild as other."Te""mper" check (value <> 'a.b');
    create type weather as enum ('fine'); create domain plain_weather as weather;
    create type hours as range (subtype = time, multirange_type_name = many_hours);
    comment on type mood is 'of app.kinds; and -- more';
    comment on domain mild is 'mild';
    create type inner_pair as (a mild, b integer);
    create type outer_pair as (c inner_pair[]);
    create type unused as enum ('x');
    create sequence shared start 100 increment 10;
    create sequence "Od.d";
    create table parents (id serial primary key, name text unique, mild mild default 'app.c', outer_pair outer_pair,
      shared integer default nextval('shared'), odd bigint default nextval('"Od.d"'), label text default E'app.label\\\\\\n\\\\restrict it',
      app integer, constraint "app" check (app > 0));
    create table children (id bigint generated by default as identity, parent integer not null, note text collate "C",
      length integer generated always as (length(note)) stored, primary key (id, parent),
      constraint to_parent foreign key (parent) references parents on delete cascade deferrable,
      exclude using gist (int4range(0, length) with &&) where (length > 100));
    comment on constraint to_parent on children is 'to app.parents';
    comment on table children is 'children'; comment on column children.note is 'app.note';
    create unique index on children (lower(note)) where parent > 0;
    create statistics both_columns on parent, note from children;
    alter table children add constraint later check (parent > 0) not valid;
    create table heirs (more text, weather plain_weather, open many_hours) inherits (parents);
    create table years (y integer not null, n integer) partition by range (y);
    create table years_1 partition of years for values from (1) to (10);
    create table other.years_2 partition of years for values from (10) to (20) partition by list (n);
    create table years_2_1 partition of other.years_2 default;
    create index on years (n);
    insert into parents (name, app) values ('one', 1), ('two', 2);
    insert into heirs (name, more, open) values ('three', 'more', '{[08:00,09:00),[10:00,11:00)}');
    insert into children (parent, note) values (1, 'a'), (2, 'B');
    insert into years values (5, 1), (15, 2), (16, null);
    reset search_path`);
  await there.client.query(`set search_path to app; ${VALUES} reset search_path`);
  const source = await open({ schema: 'app' });
  const made = await make(source);
  expect(made.problems).toEqual([]);
  expect(made.create.join('\n')).not.toContain('unused');
  expect(made.references).toEqual([
    expect.stringMatching(/FOREIGN KEY \(parent\) REFERENCES parents\(id\) ON DELETE CASCADE DEFERRABLE/),
    "COMMENT ON CONSTRAINT to_parent ON children IS 'to app.parents'",
  ]);
  // The copy, asked for its own definitions, gives the same, and goes on with the same numbers.
  const copies = await PostgresSource.open(here.url);
  const again = await definitionsFrom(here.url, copies.tables);
  await copies.close();
  const sorted = (statements: readonly string[]): string[] => statements.toSorted();
  expect(sorted(again.create)).toEqual(sorted(made.create));
  expect(sorted(again.keys)).toEqual(sorted(made.keys));
  expect(again.references).toEqual(made.references);
  expect(again.sequences.toSorted(byName)).toEqual(made.sequences.toSorted(byName));
  expect(made.sequences.toSorted(byName)).toEqual([
    { name: 'Od.d', last: 3n, called: true },
    { name: 'children_id_seq', last: 2n, called: true },
    { name: 'kinds_id_seq', last: 4n, called: true },
    { name: 'parents_id_seq', last: 3n, called: true },
    { name: 'shared', last: 120n, called: true },
  ]);
});

function byName({ name: one }: { name: string }, { name: other }: { name: string }): number {
  return one < other ? -1 : 1;
}

test('what is not carried is told, and left out', async () => {
  await there.client.query(`
    create table parents (id integer primary key); create table children (id integer primary key, parent integer);
    alter table children add constraint to_parent foreign key (parent) references parents;
    comment on constraint to_parent on children is 'gone';
    create function twice(integer) returns integer immutable language sql as 'select 2 * $1';
    create function nothing() returns trigger language plpgsql as 'begin return new; end';
    create index on children (twice(id));
    create trigger watch before insert on children for each row execute function nothing();
    comment on trigger watch on children is 'gone'; alter table children disable trigger watch;
    create rule quiet as on delete to children do instead nothing; comment on rule quiet on children is 'gone';
    alter table children enable row level security; alter table children force row level security;
    create policy all_rows on children using (true); comment on policy all_rows on children is 'gone'`);
  const { keys, references, problems } = await definitionsFrom(there.url, [{ schema: 'public', name: 'children' }]);
  expect(problems.map(({ table, what }) => `${table}: ${what}`).toSorted()).toEqual([
    'children: row-level security is not carried: all who may read the table see all rows',
    'children: the foreign key to_parent refers to parents, which is not moved',
    'children: the function public.twice, which it uses, is not carried: make it here first',
    'children: the policy all_rows is not carried',
    'children: the rule quiet is not carried',
    'children: the trigger watch is not carried',
  ]);
  expect(references).toEqual([]);
  expect(keys).toEqual([
    expect.stringMatching(/ADD CONSTRAINT children_pkey PRIMARY KEY/),
    'CREATE INDEX children_twice_idx ON children USING btree (twice(id))',
  ]);
});

test('tables that cannot be made alone are refused', async () => {
  await there.client.query(`create table parents (id integer); create table heirs () inherits (parents);
    create extension if not exists postgres_fdw; create server far foreign data wrapper postgres_fdw;
    create table years (y integer) partition by range (y);
    create foreign table years_1 partition of years for values from (1) to (10) server far`);
  try {
    for (const [name, message] of [
      ['heirs', /^The table heirs inherits from parents, which is not moved\. Nothing was changed\./],
      ['years', /^The partition years_1 is a foreign table: .* Nothing was changed\./],
    ] as const) {
      await expect(definitionsFrom(there.url, [{ schema: 'public', name }])).rejects.toMatchObject({
        name: 'TransferError',
        message: expect.stringMatching(message),
      });
    }
  } finally {
    await there.client.query('drop extension postgres_fdw cascade');
  }
});

test('without pg_dump nothing is tried', async () => {
  await there.client.query('create table t (id integer)');
  const { PATH } = process.env;
  process.env['PATH'] = '/nowhere';
  try {
    await expect(definitionsFrom(there.url, [{ schema: 'public', name: 't' }])).rejects.toMatchObject({
      name: 'TransferError',
      message: expect.stringMatching(/^There is no pg_dump on this machine\. Nothing was changed\./),
    });
  } finally {
    process.env['PATH'] = PATH;
  }
});
