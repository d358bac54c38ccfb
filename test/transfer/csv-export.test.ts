import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { UsageError } from '../../src/migrate/errors.js';
import { exportCsv } from '../../src/transfer/csv/export.js';
import { openCsvSource } from '../../src/transfer/csv/source.js';
import { TransferError } from '../../src/transfer/errors.js';
import { PostgresTarget } from '../../src/transfer/postgres-target.js';
import type { Target } from '../../src/transfer/target.js';
import { createEmptyDatabase } from '../support/database.js';
import { bytes, rowsOf, scratchFolder } from './csv-support.js';
import { openEmptyTarget } from './support.js';

const SERVER = process.env['TEST_POSTGRES_URL'];

const TABLES = [
  `create type mood as enum ('glad', '=sad')`,
  'create domain short as varchar(5)',
  'create table "B/ig ""Things""" (id bigint primary key)',
  `create table a_things (
    "select" bigint references "B/ig ""Things""", note text, label varchar(10) not null, code char(4), feeling mood,
    tags text[], data bytea, doc jsonb, raw json, at timestamptz, clock timestamp, day date, time time, lasted interval,
    price numeric(10, 2), ratio float8, single float4, bits bit(3), small smallint, word short, who uuid, yes boolean,
    half bigint generated always as ("select" / 2) stored, unique (label, note))`,
  'create table alone (value text)',
  'create table b_things (value text)',
  'create table "B_Things" (value text)',
  'create table children (more integer) inherits (alone)',
  'create table parts (id integer, name text) partition by range (id)',
  'create table parts_1 partition of parts for values from (0) to (10)',
  'create table nothing ()',
  'create schema elsewhere',
  'create table elsewhere.hidden (id integer)',
  'create table standing_counts (id integer)',
  `insert into "B/ig ""Things""" values (1), (9223372036854775807)`,
  String.raw`insert into a_things values
    (1, E'=1+1\n"x",\\N\r', '', '', '=sad', array['a', null, ''], '\x00ff', '{"b": 1, "a": [null]}', '{ "b":1}',
      '2024-02-29 12:00:00.123456+02', '0044-03-15 01:02:03 BC', '-infinity', '24:00', '-1 day 02:00',
      -1.50, 0.1, 0.1, B'101', -32768, '-word', '6f9619ff-8b86-d011-b42d-00c04fc964ff', true),
    (9223372036854775807, E'\'=x', ' ', 'ab', 'glad', '{}', '', 'null', '"=1"', null, null, null, null, null,
      'NaN', 'Infinity', -0.0, null, null, null, null, false),
    (null, null, 'é\N', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
      null, null, null)`,
  String.raw`insert into alone values (null), (''), ('\.'), ('@x')`,
  `insert into children values ('child', 1)`,
  `insert into parts values (1, 'one')`,
  'insert into standing_counts values (1)',
];

/** Roles are the server's, not the database's. */
const READER = `laurel_test_reader_${process.pid}`;

const folder = scratchFolder();
let target: Target;
let another: Target | undefined;
let drop: (() => Promise<void>) | undefined;

beforeAll(async () => {
  if (SERVER === undefined) {
    target = await openEmptyTarget();
  } else {
    const database = await createEmptyDatabase(SERVER);
    drop = database.drop;
    target = await PostgresTarget.open(database.url);
    another = await PostgresTarget.open(database.url);
  }
  for (const statement of TABLES) {
    await target.query(statement);
  }
});

afterAll(async () => {
  await another?.close();
  await target.close();
  await drop?.();
  folder.remove();
});

describe('a folder of CSV files', () => {
  test('has every ordinary table, and says what it does not have', async () => {
    const path = join(folder.path, 'all');
    const seen: string[] = [];
    const manifest = await exportCsv(target, path, {
      onProgress: ({ table, rows }) => rows !== undefined && seen.push(`${table} ${rows}`),
    });
    expect(manifest).toEqual(JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')));
    expect(Object.fromEntries(manifest.tables.map(({ name, file, rows }) => [name, `${file} ${rows}`]))).toEqual({
      'B/ig "Things"': 'B%2Fig %22Things%22.csv 2',
      B_Things: 'B_Things.csv 0',
      a_things: 'a_things.csv 3',
      alone: 'alone.csv 4',
      b_things: 'b_things-2.csv 0',
      children: 'children.csv 1',
      parts: 'parts.csv 1',
    });
    expect(manifest.leftOut.map(({ name }) => name).toSorted()).toEqual([
      'elsewhere.hidden',
      'nothing',
      'standing_counts',
    ]);
    expect(seen).toHaveLength(7);
    expect(readFileSync(join(path, 'alone.csv'), 'utf8')).toBe('value\n\n""\n"\\."\n@x\n');
    expect(readdirSync(folder.path)).toEqual(['all']);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(readdirSync(path).map((file) => statSync(join(path, file)).mode & 0o777)).toEqual(Array(8).fill(0o600));
  });

  test('comes back with the same types, keys and checksums', async () => {
    const source = await openCsvSource([join(folder.path, 'all')]);
    const things = source.tables.find(({ name }) => name === 'a_things')!;
    expect(Object.fromEntries(things.columns.map(({ name, kind, type }) => [name, `${kind} ${type}`]))).toMatchObject({
      select: 'integer bigint',
      code: 'text character(4)',
      feeling: 'enum mood',
      tags: 'other text[]',
      data: 'bytes bytea',
      price: 'decimal numeric(10,2)',
      word: 'text short',
      half: 'integer bigint',
    });
    expect(things).toMatchObject({
      primaryKey: [],
      uniques: [{ columns: ['label', 'note'] }],
      foreignKeys: [{ columns: ['select'], references: { table: 'B/ig "Things"', columns: ['id'] } }],
    });
    expect(things.columns.find(({ name }) => name === 'word')).toMatchObject({ maxLength: 5, nullable: true });
    expect(things.columns.find(({ name }) => name === 'price')?.precision).toEqual({ digits: 10, scale: 2 });
    expect(things.columns.filter(({ generated }) => generated).map(({ name }) => name)).toEqual(['half']);
  });

  test('rows have the bytes of each value', async () => {
    const source = await openCsvSource([join(folder.path, 'all')], { tables: ['a_things', 'alone'] });
    expect(source.tables.map(({ name }) => name)).toEqual(['a_things', 'alone']);
    const [first, , last] = await rowsOf(source, 'a_things');
    expect(first!.slice(0, 10)).toEqual([
      '1',
      '=1+1\n"x",\\N\r',
      '',
      '    ',
      '=sad',
      '{a,NULL,""}',
      '\x00\xff',
      '{"a": [null], "b": 1}',
      '{ "b":1}',
      '2024-02-29 10:00:00.123456+00',
    ]);
    expect(last!.slice(0, 4)).toEqual([null, null, bytes('é\\N'), null]);
    expect(await rowsOf(source, 'alone')).toEqual([[null], [''], ['\\.'], ['@x']]);
  });

  test('formulas are neutralised when asked, and come back as they were', async () => {
    const path = join(folder.path, 'neutral');
    await exportCsv(target, path, { tables: ['a_things', 'alone'], neutraliseFormulas: true });
    expect(readFileSync(join(path, 'alone.csv'), 'utf8')).toBe(`value\n\n""\n"\\."\n'@x\n`);
    const text = readFileSync(join(path, 'a_things.csv'), 'utf8');
    expect(text).toContain(`"'=1+1\n""x""`);
    expect(text).toContain(`''=x`);
    expect(text).toContain(`,'=sad,`);
    expect(text).toContain(',-32768,');
    const [plain, neutral] = [await openCsvSource([join(folder.path, 'all')]), await openCsvSource([path])];
    expect(await rowsOf(neutral, 'a_things')).toEqual(await rowsOf(plain, 'a_things'));
  });

  test('only tables and folders that fit are taken', async () => {
    await expect(exportCsv(target, join(folder.path, 'all'))).rejects.toThrow(UsageError);
    await expect(exportCsv(target, join(folder.path, 'typo'), { tables: ['alnoe'] })).rejects.toThrow(/alnoe.*alone/s);
    mkdirSync(join(folder.path, 'empty'));
    const asked = await exportCsv(target, join(folder.path, 'empty'), { tables: ['standing_counts'] });
    expect(asked.tables.map(({ name, rows }) => `${name} ${rows}`)).toEqual(['standing_counts 1']);
    expect(readdirSync(folder.path).toSorted()).toEqual(['all', 'empty', 'neutral']);
  });

  test('nothing is left of an export that was ended', async () => {
    const ending = new AbortController();
    const running = exportCsv(target, join(folder.path, 'ended'), {
      signal: ending.signal,
      onProgress: () => ending.abort(),
    });
    await expect(running).rejects.toThrow(TransferError);
    expect(readdirSync(folder.path)).not.toContainEqual(expect.stringContaining('ended'));
    expect(await target.query('select count(*)::integer as rows from alone')).toEqual([{ rows: 5 }]);
  });

  test('a file that is not as its manifest says is not read', async () => {
    const path = join(folder.path, 'changed');
    mkdirSync(path);
    readdirSync(join(folder.path, 'all')).forEach((file) =>
      copyFileSync(join(folder.path, 'all', file), join(path, file)),
    );
    writeFileSync(join(path, 'alone.csv'), 'value\nother\n');
    await expect(openCsvSource([path])).rejects.toThrow('alone.csv');
    const source = await openCsvSource([path], { acceptChanged: true });
    const alone = source.tables.find(({ name }) => name === 'alone')!;
    expect(await source.checksum(alone)).toBeNull();
    expect(await rowsOf(source, 'alone')).toEqual([['other']]);
    await expect(openCsvSource([path], { delimiter: ';' })).rejects.toThrow(UsageError);
    writeFileSync(join(path, 'manifest.json'), '{"format": "laurel csv", "formatVersion": 2}');
    await expect(openCsvSource([path])).rejects.toThrow('formatVersion');
  });

  if (SERVER !== undefined) {
    test('is as the database was at one moment', async () => {
      const manifest = await exportCsv(target, join(folder.path, 'moment'), {
        onProgress: ({ rows }) => {
          if (rows === undefined) {
            void another!.query(`insert into parts values (2, 'two')`);
          }
        },
      });
      expect(manifest.tables.find(({ name }) => name === 'parts')?.rows).toBe('1');
      const [{ rows }] = (await another!.query<{ rows: number }>('select count(*)::integer as rows from parts')) as [
        { rows: number },
      ];
      expect(rows).toBeGreaterThan(1);
    });

    test('it ends in the middle of a large table too', async () => {
      await target.query('create table large as select n, md5(n::text) as text from generate_series(1, 200000) n');
      const ending = new AbortController();
      const running = exportCsv(another!, join(folder.path, 'cut'), {
        tables: ['large'],
        signal: ending.signal,
        onProgress: () => ending.abort(),
      });
      await expect(running).rejects.toThrow(TransferError);
      expect(readdirSync(folder.path)).not.toContainEqual(expect.stringContaining('cut'));
      await target.query('drop table large');
    }, 10_000);

    test('rows that the role may not see are an error', async () => {
      await target.query('alter table alone enable row level security');
      await target.query('alter table alone force row level security');
      await target.query(`create role ${READER}`);
      try {
        await target.query(`grant select on all tables in schema public to ${READER}`);
        await target.query(`set role ${READER}`);
        await expect(exportCsv(target, join(folder.path, 'hidden'))).rejects.toThrow('row-level security');
      } finally {
        await target.query('reset role');
        await target.query(`drop owned by ${READER}`);
        await target.query(`drop role ${READER}`);
      }
    });
  }
});
