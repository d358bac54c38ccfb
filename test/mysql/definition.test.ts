import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { UsageError } from '../../src/migrate/errors.js';
import { quoted } from '../../src/transfer/identifier.js';
import { mysqlDefault } from '../../src/transfer/mysql/catalog-default.js';
import { readLeftOut, readTables } from '../../src/transfer/mysql/catalog.js';
import { definitionsOf } from '../../src/transfer/mysql/definition.js';
import type { NewTable } from '../../src/transfer/new-table.js';
import { translated } from '../../src/transfer/mysql/expression.js';
import { withoutEscapes } from '../../src/transfer/mysql/mysql-literal.js';
import type { MysqlTable } from '../../src/transfer/mysql/mysql-table.js';
import { quotedHere } from '../../src/transfer/mysql/quoted.js';
import {
  GAME_FIXTURE,
  type MysqlDatabase,
  mysqlDatabase,
  type PostgresDatabase,
  postgresDatabase,
  runFile,
} from './support.js';

let mysql: MysqlDatabase;
let postgres: PostgresDatabase;

beforeAll(async () => {
  mysql = await mysqlDatabase();
  postgres = await postgresDatabase();
});

afterAll(async () => {
  await mysql?.drop();
  await postgres?.drop();
});

interface Moved {
  tables: MysqlTable[];
  definitions: NewTable[];
}

/** Makes tables in MariaDB, and their counterparts in a schema of their own. */
async function made(sql: string, { timeZone, tables }: { timeZone?: string; tables?: string[] } = {}): Promise<Moved> {
  await emptied();
  await mysql.run(sql);
  const found = await readTables(mysql.connection, { ...(timeZone && { timeZone }), ...(tables && { tables }) });
  const definitions = await definitionsOf(found, { timeZone });
  for (const part of ['create', 'keys', 'references'] as const) {
    for (const statement of definitions.flatMap((each) => each[part])) {
      await postgres.client.query(statement);
    }
  }
  return { tables: found, definitions };
}

async function emptied(): Promise<void> {
  const name = new URL(mysql.url).pathname.slice(1);
  await mysql.run(`drop database ${name}; create database ${name} character set utf8mb4; use ${name}`);
  await postgres.client.query('drop schema public cascade; create schema public');
}

/** The values of a table's rows as the import reads them, put into the table here, but for those computed here. */
async function moveRows(table: MysqlTable): Promise<void> {
  const [rows] = await mysql.connection.query({
    sql: `select ${table.select.join(', ')} from ${quotedHere(table.name)}`,
    rowsAsArray: true,
    typeCast: false as never,
  });
  const written = table.columns.flatMap(({ generated }, index) => (generated ? [] : [index]));
  for (const row of rows as unknown as (Buffer | null)[][]) {
    const values = written.map((index) => {
      const { kind } = table.columns[index]!;
      const value = row[index] ?? null;
      return value === null || kind === 'bytes'
        ? value
        : kind === 'set'
          ? value.toString().split(',').filter(Boolean)
          : value.toString();
    });
    await postgres.client.query(
      `insert into ${quoted(table.name)} (${written.map((index) => quoted(table.columns[index]!.name)).join(', ')})
       values (${written.map((_, index) => `$${index + 1}`).join(', ')})`,
      values,
    );
  }
}

async function columnsHere(table: string): Promise<Record<string, string>> {
  const { rows } = await postgres.client.query<{ name: string; is: string }>(
    `select attname as name, concat_ws(' ', format_type(atttypid, atttypmod), case when attnotnull then 'not null' end,
       case when attidentity <> '' then 'identity' when attgenerated <> '' then 'generated' else 'default' end
         || coalesce(' ' || pg_get_expr(adbin, adrelid), '')) as is
     from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
     where attrelid = $1::regclass and attnum > 0 order by attnum`,
    [quoted(table)],
  );
  return Object.fromEntries(rows.map(({ name, is }) => [name, is.replace(/ default$/, '')]));
}

async function textOf(table: string): Promise<Record<string, string | null>[]> {
  const { rows } = await postgres.client.query<{ row: Record<string, string | null> }>(
    `select (select json_object_agg(key, value) from json_each_text(to_json(the_row))) as row from ${quoted(table)} the_row`,
  );
  return rows.map(({ row }) => row);
}

const problemsOf = ({ definitions }: Moved): string[] =>
  definitions.flatMap(({ problems }) =>
    problems.map(({ table, column, what }) => `${table}.${column ?? '*'}: ${what}`),
  );

describe('types', () => {
  test('of every kind are held in one that keeps them', async () => {
    const { tables, definitions } = await made(`
      create table kinds (
        t tinyint, tu tinyint unsigned, tb tinyint(1), tbu tinyint(1) unsigned, s smallint, su smallint unsigned,
        m mediumint, mu mediumint unsigned zerofill, i int, iu int unsigned, b bigint, bu bigint unsigned,
        d decimal(10,2), du decimal(65,30) unsigned zerofill, f float, f2 float(7,2), db double, b1 bit, b64 bit(64),
        c char(3), c0 char(0), v varchar(20), vl varchar(20) character set latin1, tt tinytext, lt longtext,
        e enum('a','b''c','d,\\\\e',''), el enum('${'x'.repeat(64)}'), st set('x','y''"z'),
        j json, bi binary(4), vb varbinary(9), bl mediumblob,
        da date, tm time(3), dt datetime(6), ts timestamp(2) null, y year, u uuid, i4 inet4, i6 inet6)
    `);
    expect(problemsOf({ tables, definitions })).toEqual([]);
    expect(await columnsHere('kinds')).toEqual({
      t: 'smallint',
      tu: 'smallint',
      tb: 'boolean',
      tbu: 'smallint',
      s: 'smallint',
      su: 'integer',
      m: 'integer',
      mu: 'integer',
      i: 'integer',
      iu: 'bigint',
      b: 'bigint',
      bu: 'numeric(20,0)',
      d: 'numeric(10,2)',
      du: 'numeric(65,30)',
      f: 'real',
      f2: 'real',
      db: 'double precision',
      b1: 'bit(1)',
      b64: 'bit(64)',
      c: 'character varying(3)',
      c0: 'character varying(1)',
      v: 'character varying(20)',
      vl: 'character varying(20)',
      tt: 'text',
      lt: 'text',
      e: 'kinds_e',
      el: 'text',
      st: 'text[]',
      j: 'json',
      bi: 'bytea',
      vb: 'bytea',
      bl: 'bytea',
      da: 'date',
      tm: 'time(3) without time zone',
      dt: 'timestamp(6) without time zone',
      ts: 'timestamp(2) with time zone',
      y: 'smallint',
      u: 'uuid',
      i4: 'inet',
      i6: 'inet',
    });
    const column = (name: string) => tables[0]!.columns.find((each) => each.name === name);
    expect(column('bu')).toMatchObject({ kind: 'integer', range: { min: 0n, max: 18_446_744_073_709_551_615n } });
    expect(column('t')).toMatchObject({ range: { min: -32_768n, max: 32_767n }, nullable: true });
    expect(column('d')).toMatchObject({ kind: 'decimal', precision: { digits: 10, scale: 2 } });
    expect(column('e')).toMatchObject({ kind: 'enum', members: ['a', "b'c", 'd,\\e', ''] });
    expect(column('st')).toMatchObject({ kind: 'set', members: ['x', 'y\'"z'] });
    expect(column('vl')).toMatchObject({ kind: 'text', maxLength: 20, narrowCharset: 'latin1' });
    expect(column('v')).not.toHaveProperty('narrowCharset');
    expect(column('ts')).toMatchObject({ kind: 'instant' });

    await mysql.run(`
      insert into kinds values (-128, 255, 1, 1, -32768, 65535, -8388608, 42, -2147483648, 4294967295,
        -9223372036854775808, 18446744073709551615, -12345678.91, 12345678901234567890123456789012345.5, 16777217, 1.1,
        0.1, b'1', b'101', 'ab ', '', 'é\\\\n😀', 'é', 'x', 'y', 'd,\\\\e', '${'x'.repeat(64)}', 'y\\'"z,x',
        '{"b": 1,  "a":[1]}', x'0001', x'ff00', x'00', '2024-02-29', '23:59:59.999', '2020-01-01 00:00:00.000001',
        '2020-01-01 00:00:00.25', 0, '123e4567-e89b-12d3-a456-426614174000', '1.2.3.4', '::1'),
        (${Array.from({ length: 38 }, () => 'null').join(', ')}${', null'.repeat(2)})`);
    await moveRows(tables[0]!);
    const [row, empty] = await textOf('kinds');
    expect(row).toEqual({
      t: '-128',
      tu: '255',
      tb: 'true',
      tbu: '1',
      s: '-32768',
      su: '65535',
      m: '-8388608',
      mu: '42',
      i: '-2147483648',
      iu: '4294967295',
      b: '-9223372036854775808',
      bu: '18446744073709551615',
      d: '-12345678.91',
      du: '12345678901234567890123456789012345.500000000000000000000000000000',
      f: '1.6777216e+07',
      f2: '1.1',
      db: '0.1',
      b1: '1',
      b64: '101'.padStart(64, '0'),
      c: 'ab',
      c0: '',
      v: 'é\\n😀',
      vl: 'é',
      tt: 'x',
      lt: 'y',
      e: 'd,\\e',
      el: 'x'.repeat(64),
      st: '["x","y\'\\"z"]',
      j: '{"b": 1,  "a":[1]}',
      bi: '\\x00010000',
      vb: '\\xff00',
      bl: '\\x00',
      da: '2024-02-29',
      tm: '23:59:59.999',
      dt: '2020-01-01T00:00:00.000001',
      ts: expect.stringContaining('2020-01-01T00:00:00.25'),
      y: '0',
      u: '123e4567-e89b-12d3-a456-426614174000',
      i4: '1.2.3.4',
      i6: '::1',
    });
    expect(new Set(Object.values(empty!))).toEqual(new Set([null]));
  });

  test('hold back here what they held back there', async () => {
    await made(`create table held (a int unsigned, b bigint unsigned, c decimal(5,2) unsigned, d double unsigned,
      y year, s set('x','y'), e enum('a','b'), l enum('${'x'.repeat(70)}'))`);
    for (const [column, wrong, right] of [
      ['a', '-1', '0'],
      ['b', '18446744073709551616', '18446744073709551615'],
      ['c', '-0.01', '0.01'],
      ['d', '-1e-9', '1e-9'],
      ['y', '1900', '1901'],
      ['s', '{x,z}', '{x}'],
      ['e', 'c', 'a'],
      ['l', 'y', 'x'.repeat(70)],
    ]) {
      const insert = `insert into held (${column}) values ($1)`;
      await expect(postgres.client.query(insert, [wrong])).rejects.toThrow(/check constraint|invalid input value/);
      await postgres.client.query(insert, [right]);
    }
  });

  test('that nothing here holds are told, and their bytes kept', async () => {
    const moved = await made(`create table places (id int primary key, g geometry, p point not null);
      insert into places values (1, null, st_geomfromtext('POINT(1 2)', 4326))`);
    expect(problemsOf(moved)).toEqual([
      'places.g: the type geometry has no counterpart: its bytes (the SRID in four bytes, then WKB) are kept, as bytea',
      'places.p: the type point has no counterpart: its bytes (the SRID in four bytes, then WKB) are kept, as bytea',
    ]);
    await moveRows(moved.tables[0]!);
    expect(await textOf('places')).toMatchObject([{ p: '\\xe61000000101000000000000000000f03f0000000000000040' }]);
  });
});

describe('defaults', () => {
  test('give here what they give there', async () => {
    const { tables, definitions } = await made(`create table d (
      id int auto_increment primary key, i int default -4, bo tinyint(1) not null default 1, de decimal(5,2) default 1.5,
      f double default 1e-10, v varchar(30) default 'it''s \\\\ "x"\\n', tx text default ('abc'), ex int default (1 + 2),
      e enum('a','b''c') default 'b''c', s set('x','y') default 'x,y', s0 set('x') default '', j json default '{"a": 1}',
      b1 bit(1) default b'1', b9 bit(9) default 5, bl blob default x'00ff', bi binary(4) default 'ab',
      da date default '2024-02-29', tm time(2) default '10:11:12.5', dt datetime default '2020-01-01 10:00:00',
      ts timestamp null default '2020-01-01 00:00:00', y year default 2020, big bigint unsigned default 18446744073709551615,
      n int default null, u varchar(10) default concat('x', 'y'), ip inet6 default '::2');
      insert into d () values ()`);
    expect(problemsOf({ tables, definitions })).toEqual([]);
    await moveRows(tables[0]!);
    await postgres.client.query(`insert into d (id) values (2)`);
    const [moved, own] = await textOf('d');
    expect({ ...own, id: '1' }).toEqual(moved);
    expect(own).toMatchObject({ b9: '000000101', v: 'it\'s \\ "x"\n', bi: '\\x61620000', ex: '3', s0: '[]' });
  });

  test('of the moment are of the moment here', async () => {
    await made(`create table m (a datetime(3) default current_timestamp(3), b timestamp not null default now(),
      c date default curdate(), d time default curtime(), e uuid default uuid(), f varchar(36) default uuid())`);
    expect(await columnsHere('m')).toEqual({
      a: 'timestamp(3) without time zone default LOCALTIMESTAMP',
      b: 'timestamp(0) with time zone not null default now()',
      c: 'date default CURRENT_DATE',
      d: 'time(0) without time zone default LOCALTIME',
      e: 'uuid default gen_random_uuid()',
      f: 'character varying(36) default (gen_random_uuid())::text',
    });
  });

  test('of times without a zone are of the zone that is told', async () => {
    const { tables } = await made(
      `create table z (a datetime default '2020-07-01 12:00:00', b datetime default current_timestamp,
        check (a > '2020-01-01 00:00:00'))`,
      { timeZone: 'Asia/Seoul' },
    );
    expect(tables[0]!.columns[0]).toMatchObject({ kind: 'timestamp', type: 'timestamptz(0)' });
    await postgres.client.query('insert into z (b) values (null)');
    const { rows } = await postgres.client.query(`select a = '2020-07-01 03:00:00+00' as same from z`);
    expect(rows).toEqual([{ same: true }]);
    // Midnight of the first of January in Seoul.
    await expect(postgres.client.query(`insert into z (a) values ('2019-12-31 15:00:00+00')`)).rejects.toThrow('check');
    await postgres.client.query(`insert into z (a) values ('2019-12-31 15:00:01+00')`);
  });

  test('of an instant are told in UTC, whatever zone they were set in', async () => {
    await mysql.run("set time_zone = '+09:00'");
    await emptied();
    await mysql.run("create table k (a timestamp not null default '2020-01-01 09:00:00'); set time_zone = '+00:00'");
    const [definition] = await definitionsOf(await readTables(mysql.connection));
    expect(definition!.create.join()).toContain("'2020-01-01 00:00:00+00'");
  });

  test('without a counterpart are told, and left out', async () => {
    const moved =
      await made(`create table w (a date not null default '0000-00-00', b datetime default current_timestamp on update current_timestamp,
        c int default (floor(rand() * 10)), d tinyint(1) default 2, e time default '25:00:00')`);
    expect(problemsOf(moved)).toEqual([
      'w.a: the default 0000-00-00 has no counterpart',
      'w.b: on update current_timestamp: whoever updates a row has to set it',
      'w.c: the default floor(rand() * 10) has no counterpart',
      'w.d: the default 2 has no counterpart',
      'w.e: the default 25:00:00 has no counterpart',
    ]);
    expect(await columnsHere('w')).toMatchObject({ a: 'date not null', d: 'boolean' });
  });
});

describe('keys', () => {
  test('keep their names where they can, and refer to columns of one type', async () => {
    const { tables, definitions } = await made(`
      create table b_parent (id bigint unsigned auto_increment primary key, code varchar(20), kind tinyint, unique email (code),
        unique both_ (kind, code), key prefix (code(3)), key falling (kind desc, id)) auto_increment = 41 comment 'it''s';
      create table a_child (id int primary key, parent bigint unsigned comment 'whose', k tinyint(1), c varchar(20), t text,
        self int, unique email (c), unique begin (t(5)), key long_ (t(700)),
        constraint fk1 foreign key (parent) references b_parent (id) on delete set null on update cascade,
        constraint fk2 foreign key (k, c) references b_parent (kind, code),
        constraint fk3 foreign key (self) references a_child (id) on delete cascade);
      insert into b_parent (code, kind) values ('x', 1)`);
    expect(problemsOf({ tables, definitions })).toEqual([]);
    expect(tables.map(({ name }) => name)).toEqual(['b_parent', 'a_child']);
    expect(definitions[0]).toMatchObject({ sequences: [{ column: 'id', next: 42n }] });
    expect(definitions.map(({ keys, references }) => [keys.length, references.length])).toEqual([
      [3, 0],
      [6, 1],
    ]);
    expect(await columnsHere('b_parent')).toMatchObject({ id: 'bigint not null identity', kind: 'smallint' });
    expect(await columnsHere('a_child')).toMatchObject({ parent: 'bigint', k: 'smallint' });
    const { rows } = await postgres.client.query<{ name: string; definition: string }>(
      `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
       join pg_class on pg_class.oid = indrelid where relnamespace = 'public'::regnamespace
       union all select conname, pg_get_constraintdef(oid) from pg_constraint where contype = 'f' order by 1, 2`,
    );
    expect(rows.map(({ name, definition }) => `${name}: ${definition.replace(/.* USING btree /, '')}`)).toEqual([
      'a_child_email: (c)',
      'a_child_pkey: (id)',
      'b_parent_pkey: (id)',
      'begin: ("left"(t, 5))',
      'both_: (kind, code)',
      'email: (code)',
      'falling: (kind DESC, id)',
      'fk1: (parent)',
      'fk1: FOREIGN KEY (parent) REFERENCES b_parent(id) ON UPDATE CASCADE ON DELETE SET NULL',
      'fk2: (k, c)',
      'fk2: FOREIGN KEY (k, c) REFERENCES b_parent(kind, code) ON UPDATE RESTRICT ON DELETE RESTRICT',
      'fk3: (self)',
      'fk3: FOREIGN KEY (self) REFERENCES a_child(id) ON UPDATE RESTRICT ON DELETE CASCADE',
      'long_: ("left"(t, 700))',
      'prefix: (code)',
    ]);
    const { rows: comments } = await postgres.client.query(
      `select obj_description('b_parent'::regclass) as t, col_description('a_child'::regclass, 2) as c`,
    );
    expect(comments).toEqual([{ t: "it's", c: 'whose' }]);
  });

  test('of any name are kept', async () => {
    const name = 'a`b "x\'; é';
    const { tables } = await made(`create table ${quotedHere(name)} (${quotedHere(name)} enum('a') not null,
      ${quotedHere('ü'.repeat(31))} int check (${quotedHere('ü'.repeat(31))} > 0), key ${quotedHere('ü'.repeat(60))} (${quotedHere(name)}),
      key ${quotedHere('ü'.repeat(61))} (${quotedHere(name)}));
      insert into ${quotedHere(name)} values ('a', 1)`);
    await moveRows(tables[0]!);
    expect(await textOf(name)).toEqual([{ [name]: 'a', ['ü'.repeat(31)]: '1' }]);
  });

  test('without a counterpart are told, and left out', async () => {
    const moved = await made(`
      create table owner (id int primary key, e enum('a') unique, n int, key (n));
      create table w (id int primary key, t text, e enum('a'), n int, p point not null, o int,
        fulltext words (t), spatial here (p), unique whole (t), foreign key (e) references owner (e),
        foreign key (n) references owner (n));
      create table away (o int, foreign key (o) references w (id));
      create table p (id int) partition by hash (id) partitions 2;
      create table v (id int) with system versioning`);
    expect(problemsOf(moved).filter((each) => !each.startsWith('w.p'))).toEqual([
      expect.stringContaining('p.*: the table is partitioned'),
      expect.stringContaining('v.*: the table is versioned'),
      'w.t: the unique index whole over t has no counterpart',
      'w.t: the index words is of the kind FULLTEXT',
      'w.e: the foreign key w_ibfk_1 to owner is between types that are not compared here',
      'w.n: the foreign key w_ibfk_2 to owner refers to columns that no key holds unique',
    ]);
    const [away] = await definitionsOf(await readTables(mysql.connection, { tables: ['away'] }));
    expect(away!.problems).toEqual([
      { table: 'away', column: null, what: 'the foreign key away_ibfk_1 refers to w, which is not moved' },
    ]);
  });

  test('that meet what is there get other names', async () => {
    await emptied();
    await mysql.run('create table q (a int, key here (a), key there (a))');
    const [q] = await definitionsOf(await readTables(mysql.connection), { taken: ['here', 'q_there'] });
    expect(q!.keys.join()).toMatch(/index "q_here".*index "there"/s);
  });
});

describe('names that cannot be had here', () => {
  test('refuse the import', async () => {
    await emptied();
    await mysql.run('create table s (xmin int)');
    await expect(definitionsOf(await readTables(mysql.connection))).rejects.toThrow(
      /xmin of the table s.*Nothing was changed/,
    );
    await emptied();
    await mysql.run(`create table s (${'ü'.repeat(32)} int, ${'ü'.repeat(33)} int)`);
    await expect(definitionsOf(await readTables(mysql.connection))).rejects.toThrow(/cuts names off after 63 bytes/);
    await emptied();
    await mysql.run(`create table s (e enum('a'))`);
    await expect(definitionsOf(await readTables(mysql.connection), { taken: ['s_e'] })).rejects.toThrow(/s_e already/);
  });
});

describe('expressions', () => {
  const COLUMNS = `bu bigint unsigned, y year, i int, n smallint, u int unsigned, f double, de decimal(10,2), v varchar(40), w varchar(40), d date,
    dt datetime, t1 time, t2 time, bo tinyint(1), e enum('a','B'), j json, bl blob, ts timestamp null`;

  test('of checks mean the same, or are told', async () => {
    const kept = [
      'i > 5 and n <= 3 or not u = 2',
      'i <=> n',
      "i in (1, 2) and v not in ('a', _latin1'b') and e in ('a', 'B')",
      "i between -1 and 5 and d not between '2020-01-01' and '2020-12-31'",
      "v like 'a%\\_' and v is not null",
      "t1 < t2 and t1 > '08:00:00' and dt >= '2020-01-01'",
      'bo = 1 or bo in (0, 1)',
      'bo',
      'n * n + i % 3 - 1 <> i div 2',
      'char_length(trim(v)) > 0 and length(w) < 40',
      'year(d) > 2000',
      'case when i > 1 then n else 0 end = 0',
      "if(i > 1, v, w) = concat(v, 'x', i)",
    ];
    const refused = [
      "v regexp '^a'",
      'i / 2 > 1',
      "v > 'a'",
      "i = '5'",
      'v = 5',
      'i ^ 2 > 1',
      'i > 1 xor n > 1',
      'json_valid(v)',
      "d > '2020-02-30'",
      "ts > '2020-01-01'",
      "e = 'A'",
      "bl = 'x'",
      'date_add(d, interval 1 day) > d',
      "i + '1' = 2",
      "v collate utf8mb4_bin = 'x'",
    ];
    const checks = [...kept, ...refused].map((each, index) => `constraint k${index} check (${each})`);
    const moved = await made(`create table c (${COLUMNS}, ${checks.join(', ')})`);
    expect(moved.definitions[0]!.problems.map(({ what }) => / k(\d+) /.exec(what)![1])).toEqual(
      refused.map((_, index) => String(kept.length + index)),
    );
    expect(moved.definitions[0]!.rules.checks.filter(({ name }) => name.startsWith('k'))).toHaveLength(kept.length);
  });

  test('of generated columns give the same values, or the values are kept', async () => {
    const generated: Record<string, string> = {
      g1: "varchar(90) as (concat(v, '-', ifnull(w, 'n')))",
      g2: 'int as (n * n + i) stored',
      g3: 'int as (i div n)',
      g4: 'int as (i % n)',
      g5: 'varchar(40) as (upper(left(v, 2)))',
      g6: 'tinyint(1) as (i > 3)',
      g7: 'int as (i > 3)',
      g8: 'int as (year(d) * 100 + month(d))',
      g9: 'decimal(12,2) as (de * 2 + i)',
      g10: "varchar(40) as (case when bo then 'yes' when bo = 0 then 'no' else v end)",
      g11: "varchar(40) as (substr(replace(v, 'a', 'zz'), 2, 3))",
      g12: 'int as (coalesce(i, n, 7))',
      g14: 'decimal(30,0) as (bu * 1)',
      g13: 'varchar(40) as (if(i > 0, v, w))',
    };
    const plain: Record<string, string> = {
      p1: "varchar(40) as (json_unquote(json_extract(j, '$.a')))",
      p2: 'int as (g2 + 1)',
      p6: 'varchar(40) as (concat(v, y))',
      p3: 'double as (i / 3)',
      p4: "tinyint(1) as (v like 'a%')",
      p5: "varchar(40) as (nullif(v, 'A'))",
    };
    const list = Object.entries({ ...generated, ...plain }).map(([name, sql]) => `${name} ${sql}`);
    const values = 'bu, y, i, n, u, f, de, v, w, d, dt, t1, t2, bo, e, j, bl, ts';
    const { tables, definitions } = await made(`create table g (${COLUMNS}, ${list.join(', ')});
      insert into g (${values}) values
        (18446744073709551615, 0, 7, -300, 1, 1.5, 10.55, 'abc', null, '2024-02-29', null, null, null, 1, 'a', '{"a": "x"}', null, null),
        (0, 2020, -7, 3, 1, 1.5, -10.55, 'äbc', 'w', '2024-12-31', null, null, null, 0, 'a', '{}', null, null),
        (null, null, null, 0, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
        (1, 1901, 5, 0, null, null, null, 'b', 'x', null, null, null, null, null, null, null, null, null)`);
    const [table] = tables;
    expect(definitions[0]!.problems.map(({ column }) => column)).toEqual(Object.keys(plain));
    expect(table!.columns.filter((column) => column.generated).map(({ name }) => name)).toEqual(Object.keys(generated));
    await moveRows(table!);
    const [rows] = await mysql.connection.query('select * from g');
    const there = (rows as Record<string, string | number | null>[]).map((row) =>
      Object.fromEntries(
        [...Object.keys(generated), 'p3', 'p5', 'p6'].map((name) => [
          name,
          row[name] === null ? null : name === 'g6' ? String(row[name] === 1) : String(row[name]),
        ]),
      ),
    );
    expect(await textOf('g')).toMatchObject(there);
  });

  test('are read as MySQL 8 spells them', async () => {
    const clause = withoutEscapes("((`status` in (_utf8mb4\\'a\\',_utf8mb4\\'it\\\\\\'s\\')) and (`n` is not null))");
    const columns = new Map([
      ['status', { name: 'status', kind: 'text' as const }],
      ['n', { name: 'n', kind: 'integer' as const }],
    ]);
    expect(await translated(clause, { columns, timeZone: undefined, textCompares: true }, { condition: true })).toBe(
      `(("status" in ('a', 'it''s')) and ("n" is not null))`,
    );
    expect(mysqlDefault('CURRENT_TIMESTAMP(3)', 'datetime', 'DEFAULT_GENERATED')).toEqual({
      expression: 'CURRENT_TIMESTAMP(3)',
    });
    expect(mysqlDefault("it's", 'varchar', '')).toEqual({ value: "it's" });
    expect(mysqlDefault("_utf8mb4\\'{}\\'", 'json', 'DEFAULT_GENERATED')).toEqual({ expression: "_utf8mb4'{}'" });
    expect(mysqlDefault('0x6162', 'binary', '')).toEqual({ expression: "X'6162'" });
    expect(mysqlDefault("b'1'", 'bit', '')).toEqual({ expression: "b'1'" });
  });
});

describe('the database', () => {
  test('of the game service is read as it is', async () => {
    await emptied();
    await runFile(mysql, GAME_FIXTURE);
    const tables = await readTables(mysql.connection);
    const definitions = await definitionsOf(tables);
    expect(problemsOf({ tables, definitions })).toEqual([]);
    expect(definitions.map(({ name, sequences }) => [name, sequences[0]?.next])).toEqual([
      ['friendships', 11n],
      ['game_visits', 764n],
      ['monthly_scores', 46n],
      ['scores', 5n],
      ['users', 34n],
    ]);
    expect(definitions[0]!.rules.checks).toEqual([
      { name: 'ck_no_self_friend', condition: '("requester_id" <> "receiver_id")', columns: [] },
    ]);
  });

  test('has what is not a table, and tables by name', async () => {
    await emptied();
    await mysql.run(`create table t (id int); create view vw as select 1 as one; create sequence sq;
      create trigger tr before insert on t for each row set new.id = 1; create procedure pr() select 1`);
    expect(await readLeftOut(mysql.connection)).toEqual([
      { what: 'sequence', name: 'sq' },
      { what: 'view', name: 'vw' },
      { what: 'trigger', name: 'tr' },
      { what: 'procedure', name: 'pr' },
    ]);
    expect((await readTables(mysql.connection)).map(({ name }) => name)).toEqual(['t']);
    const unknown = readTables(mysql.connection, { tables: ['t', 'u'] });
    await expect(unknown).rejects.toThrow(UsageError);
    await expect(unknown).rejects.toThrow('The source has no table u. It has t.');
  });

  test('may refer in circles', async () => {
    const { tables } =
      await made(`create table a (id int primary key, b int); create table b (id int primary key, a int,
      foreign key (a) references a (id)); alter table a add foreign key (b) references b (id)`);
    expect(tables.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});
