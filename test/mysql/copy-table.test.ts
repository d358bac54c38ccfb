import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Checksum, checksumOf, type ChecksumText } from '../../src/transfer/checksum.js';
import { type CopiedTable, copyTable } from '../../src/transfer/copy-table.js';
import { quoted } from '../../src/transfer/identifier.js';
import { definitionsOf } from '../../src/transfer/mysql/definition.js';
import type { MysqlTable } from '../../src/transfer/mysql/mysql-table.js';
import { MysqlSource } from '../../src/transfer/mysql/source.js';
import type { Kind, Policy } from '../../src/transfer/policy.js';
import { PostgresTarget } from '../../src/transfer/postgres-target.js';
import { Problems } from '../../src/transfer/problems.js';
import { Rejects } from '../../src/transfer/rejects.js';
import { checksumSql } from '../../src/transfer/row-hash.js';
import { policies } from '../transfer/support.js';
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
let target: PostgresTarget;

beforeAll(async () => {
  mysql = await mysqlDatabase();
  postgres = await postgresDatabase();
  target = await PostgresTarget.open(postgres.url);
  await runFile(mysql, GAME_FIXTURE);
});

afterAll(async () => {
  await target?.close();
  await mysql?.drop();
  await postgres?.drop();
});

beforeEach(async () => {
  await postgres.client.query('drop schema public cascade');
  await postgres.client.query('create schema public');
});

interface Copied {
  table: MysqlTable;
  copied: CopiedTable;
  problems: Problems;
  /** By the source itself, less what was left out or changed. */
  expected: Checksum;
  stored: Checksum;
}

/** Copies tables as they are, and compares both sides by themselves. */
async function copyAll(
  options: { tables?: string[]; timeZone?: string; policies?: Partial<Record<Kind, Policy>>; meanwhile?: string } = {},
): Promise<Copied[]> {
  const { tables, timeZone } = options;
  const source = await MysqlSource.open(mysql.url, { tables, timeZone });
  try {
    if (options.meanwhile !== undefined) {
      await mysql.run(options.meanwhile);
    }
    const problems = new Problems(policies(options.policies));
    const rejects = Rejects.into(undefined, []);
    for (const { create } of await definitionsOf(source.tables, { timeZone })) {
      for (const statement of create) {
        await target.query(statement);
      }
    }
    const result: Copied[] = [];
    for (const table of source.tables) {
      await target.query('begin');
      const copied = await copyTable(source, table, target, problems, rejects, {
        into: table.name,
        timeZone,
        hasChecksum: source.hasChecksum(table),
      });
      await target.query('commit');
      const [sums] = await target.query<ChecksumText>(checksumSql(quoted(table.name), table.columns, { timeZone }));
      const stored = checksumOf(sums!, table.columns);
      result.push({ table, copied, problems, expected: copied.expected(await source.checksum(table)), stored });
    }
    return result;
  } finally {
    await source.close();
  }
}

test('the game service: 447 rows are read, written and the same on both sides', async () => {
  const all = await copyAll({ timeZone: 'Asia/Seoul' });
  const counts = all.map(({ table, copied }) => [table.name, copied.read, copied.written]);
  expect(counts.toSorted()).toEqual([
    ['friendships', 6n, 6n],
    ['game_visits', 375n, 375n],
    ['monthly_scores', 31n, 31n],
    ['scores', 4n, 4n],
    ['users', 31n, 31n],
  ]);
  for (const { stored, expected } of all) {
    expect(stored).toEqual(expected);
  }
  const { rows } = await postgres.client.query("select created_at at time zone 'UTC' as utc from scores where id = 1");
  expect(rows).toEqual([{ utc: new Date('2026-01-12T12:04:11') }]);
});

test('values of every kind are the same on both sides, by the source itself or by what was read', async () => {
  await mysql.run(`
    create table kinds (id int unsigned primary key, small tinyint, truth tinyint(1), big bigint unsigned,
      amount decimal(12,4), name varchar(20), latin varchar(20) character set latin1, fixed char(5), colour enum('red','it''s'),
      flags set('a','b c'), note json, picture blob, mask bit(5), day date, clock datetime(3), moment timestamp(6) null,
      hour time(2), born year);
    insert into kinds values
      (1, -128, 1, 18446744073709551615, -1234.5600, 'tab\\tback\\\\slash', 'café', 'ab', 'it''s', 'a,b c', '{"b": 1, "a": [1.0]}',
        x'00ff5c0a', b'10101', '2026-02-28', '2026-03-29 02:30:00.120', '2026-01-01 00:00:00.000001', '23:59:59.50', 1999),
      (4294967295, 127, 0, 0, 0, '박민준 🙂', '', '', 'red', '', 'null', '', b'0', '0001-01-01', '9999-12-31 23:59:59.999',
        null, '00:00:00', 2155),
      (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);
    create table floats (id int primary key, single float, twice double);
    insert into floats values (1, 0.1, 0.1), (2, 3.4028234e38, -1.7976931348623157e308), (3, 16777217, 5e-324), (4, null, null)`);
  const all = await copyAll({ tables: ['kinds', 'floats'], policies: { definitions: 'plain', charset: 'keep' } });
  expect(all.map(({ table, copied }) => [table.name, copied.written]).toSorted()).toEqual([
    ['floats', 4n],
    ['kinds', 3n],
  ]);
  for (const { stored, expected, problems } of all) {
    expect(problems.findings).toEqual([]);
    expect(stored).toEqual(expected);
  }
  const { rows } = await postgres.client.query(
    'select name, latin, flags, mask::text from kinds where id <> 3 order by id',
  );
  expect(rows).toEqual([
    { name: 'tab\tback\\slash', latin: 'café', flags: ['a', 'b c'], mask: '10101' },
    { name: '박민준 🙂', latin: '', flags: [], mask: '00000' },
  ]);
});

test('what the policies reject and repair is accounted for exactly', async () => {
  await mysql.run(`
    create table faults (id int primary key, day date null, at datetime null, truth tinyint(1), colour enum('red'));
    insert into faults values (1, '2026-01-01', null, 1, 'red'), (2, '0000-00-00', null, 1, 'red'),
      (3, '2026-00-10', null, 1, 'red'), (4, null, '0000-00-00 00:00:00', 0, 'red'), (5, null, null, 7, 'red');
    insert ignore into faults values (6, null, null, 0, 'no such')`);
  const [only] = await copyAll({ tables: ['faults'], policies: { dates: 'null', numbers: 'reject', values: 'null' } });
  const { copied, problems, stored, expected } = only!;
  expect(problems.findings.map(({ kind, column, rows, samples }) => [kind, column, rows, samples])).toEqual([
    ['dates', 'day', 2, ['id 2', 'id 3']],
    ['dates', 'at', 1, ['id 4']],
    ['numbers', 'truth', 1, ['id 5']],
    ['values', 'colour', 1, ['id 6']],
  ]);
  expect([copied.read, copied.written, problems.rejectedFrom('faults')]).toEqual([6n, 5n, 1]);
  expect(stored).toEqual(expected);
  // A value that changes on this side is seen.
  await postgres.client.query("update faults set day = '2026-01-02' where id = 1");
  const changed = await postgres.client.query<{ hash: string }>(checksumSql('faults', only!.table.columns));
  expect(BigInt(changed.rows[0]!.hash)).not.toBe(expected.hash);
});

test('rows that are written meanwhile belong to a later moment', async () => {
  await mysql.run('create table moments (id int primary key); insert into moments values (1), (2)');
  const [only] = await copyAll({
    tables: ['moments'],
    meanwhile: 'insert into moments values (3); delete from moments where id = 1',
  });
  expect([only!.copied.read, only!.stored]).toEqual([2n, only!.expected]);
});

test('more rows than are held at once arrive, and a source that cannot be reached is told', async () => {
  await mysql.run(
    'create table many (id int primary key, word varchar(50)); insert into many select seq, md5(seq) from seq_1_to_50000',
  );
  const [only] = await copyAll({ tables: ['many'] });
  expect(only!.copied.written).toBe(50_000n);
  expect(only!.stored).toEqual(only!.expected);
  await expect(MysqlSource.open('mysql://root:secret@127.0.0.1:1/none')).rejects.toThrow(
    /^The source could not be read \(127\.0\.0\.1:1\): .*ECONNREFUSED.* Nothing was changed\.$/,
  );
});
