import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { type Checksum, checksumOf, type ChecksumText, equal, minus, plus } from '../../src/transfer/checksum.js';
import { quoted } from '../../src/transfer/identifier.js';
import type { Kind, Policy } from '../../src/transfer/policy.js';
import { Problems } from '../../src/transfer/problems.js';
import { Rejects } from '../../src/transfer/rejects.js';
import { RowEncoder } from '../../src/transfer/row-encoder.js';
import { checksumSql } from '../../src/transfer/row-hash.js';
import type { Column, Row, Table } from '../../src/transfer/table.js';
import type { Target } from '../../src/transfer/target.js';
import { openEmptyTarget, policies } from './support.js';

let target: Target;
let folder: string;

beforeAll(async () => {
  target = await openEmptyTarget();
  folder = mkdtempSync(join(tmpdir(), 'laurel-rejects-'));
});

afterAll(async () => {
  await target.close();
  rmSync(folder, { recursive: true });
});

const INTEGER = { kind: 'integer', type: 'integer', range: { min: -(2n ** 31n), max: 2n ** 31n - 1n } } as const;

function column(name: string, rest: Partial<Column>): Column {
  return { name, sourceType: rest.type ?? 'text', kind: 'text', type: 'text', nullable: true, ...rest };
}

function tableOf(columns: Column[], primaryKey: string[] = []): Table {
  return { name: 'moved "rows"', columns, primaryKey, uniques: [], foreignKeys: [] };
}

interface Moved {
  encoder: RowEncoder;
  problems: Problems;
  stored: Checksum;
  rows: Record<string, string | null>[];
}

/** Sends rows through the encoder into a new table and reads them back. */
async function move(
  table: Table,
  rows: readonly Row[],
  chosen: Partial<Record<Kind, Policy>> = {},
  rejects = Rejects.into(undefined, []),
): Promise<Moved> {
  const name = quoted(table.name);
  const definitions = table.columns.map(
    (each) => `${quoted(each.name)} ${each.type}${each.nullable ? '' : ' not null'}`,
  );
  await target.query(`drop table if exists ${name}`);
  await target.query(`create table ${name} (${definitions.join(', ')})`);
  const problems = new Problems(policies(chosen));
  const encoder = new RowEncoder(table, problems, rejects, true);
  const copy = await target.copyIn(`copy ${name} from stdin`);
  for (const chunk of [...(await encoder.encode(rows)), ...encoder.end()]) {
    await copy.write(chunk);
  }
  const written = await copy.end();
  const [sums] = await target.query<ChecksumText>(checksumSql(name, table.columns));
  const stored = checksumOf(sums!, table.columns);
  expect(written).toBe(Number(stored.rows));
  const texts = table.columns.map((each) => `${quoted(each.name)}::text`);
  return {
    encoder,
    problems,
    stored,
    rows: await target.query(`select ${texts.join(', ')} from ${name} order by ctid`),
  };
}

/** What was read, less what was left out, with what was changed as it is now: that is what must be stored. */
function accounted({ read, rejected, repairedFrom, repairedTo }: RowEncoder): Checksum {
  return plus(minus(minus(read, rejected), repairedFrom), repairedTo);
}

function row(...values: (string | Buffer | null)[]): Row {
  return values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value));
}

describe('values of every kind', () => {
  const COLUMNS: Column[] = [
    column('an integer', INTEGER),
    column('a "decimal"', { kind: 'decimal', type: 'numeric(10,3)', precision: { digits: 10, scale: 3 } }),
    column('real', { kind: 'real', type: 'real' }),
    column('double', { kind: 'double', type: 'double precision' }),
    column('text', { type: 'varchar(40)', maxLength: 40 }),
    column('set', { kind: 'set', type: 'text[]', members: ['a', 'b "b"', 'c\\'] }),
    column('json', { kind: 'json', type: 'json' }),
    column('bytes', { kind: 'bytes', type: 'bytea' }),
    column('bits', { kind: 'bits', type: 'bit(3)', maxLength: 3 }),
    column('boolean', { kind: 'boolean', type: 'boolean' }),
    column('date', { kind: 'date', type: 'date' }),
    column('clock', { kind: 'timestamp', type: 'timestamp' }),
    column('instant', { kind: 'instant', type: 'timestamptz' }),
    column('time', { kind: 'time', type: 'time' }),
    column('uuid', { kind: 'uuid', type: 'uuid' }),
  ];
  const text = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<Buffer | null> =>
    fc.option(arbitrary.map((value) => Buffer.from(value)));
  const clock = fc
    .date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
    .map((date) => date.toISOString().replace('Z', '').replace('T', ' '));
  const withoutNul = fc.string({ unit: 'grapheme', maxLength: 10 }).filter((value) => !value.includes('\0'));
  const anyRow = fc.tuple(
    text(fc.integer().map(String)),
    text(
      fc
        .tuple(fc.integer({ min: -9_999_999, max: 9_999_999 }), fc.integer({ min: 0, max: 999 }))
        .map(([whole, part]) => `${whole}.${String(part).padStart(3, '0')}`),
    ),
    text(fc.float({ noNaN: true, noDefaultInfinity: true }).map(String)),
    text(fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
    text(withoutNul),
    text(fc.subarray(['a', 'b "b"', 'c\\']).map((members) => members.join(','))),
    text(fc.json().filter((value) => !value.includes('\0'))),
    fc.option(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))),
    text(fc.constantFrom('000', '101', '111')),
    text(fc.constantFrom('0', '1', 'True', 'FALSE', 'no')),
    text(clock.map((value) => value.slice(0, 10))),
    text(clock),
    text(fc.tuple(clock, fc.constantFrom('', '+00', '+05:30', '-08', 'Z')).map(([time, offset]) => time + offset)),
    text(fc.tuple(clock, fc.constantFrom(undefined, 16)).map(([value, end]) => value.slice(11, end))),
    text(fc.uuid().map((value) => value.toUpperCase())),
  );

  test('arrive, and both sides have the same checksum', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 30 }), async (rows) => {
        const { encoder, problems, stored } = await move(tableOf(COLUMNS), rows);
        expect(problems.findings).toEqual([]);
        expect(stored.rows).toBe(BigInt(rows.length));
        expect(equal(stored, encoder.read)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('a checksum tells rows whose values were exchanged, a NULL from an empty text, and a doubled row', async () => {
    const table = tableOf([column('a', {}), column('b', {})]);
    const sums: Checksum[] = [];
    for (const rows of [
      [row('1', '2'), row('3', '4')],
      [row('1', '4'), row('3', '2')],
      [row('1', null), row('3', '4')],
      [row('1', ''), row('3', '4')],
      [row('1|1:2', null), row('3', '4')],
      [row('1', '2'), row('3', '4'), row('3', '4')],
    ]) {
      sums.push((await move(table, rows)).stored);
    }
    expect(new Set(sums.map(({ hash }) => hash)).size).toBe(sums.length);
    expect(equal(sums[0]!, { rows: 2n, hash: sums[0]!.hash })).toBe(true);
  });

  test('rows longer than a chunk arrive whole, beside short ones', async () => {
    const long = 'ab\\\t\n\r'.repeat(200_000);
    const rows = [row('1', long), row('2', 'x'), row('3', `${long}y`)];
    const { encoder, stored } = await move(tableOf([column('id', INTEGER), column('text', {})]), rows);
    expect(stored).toMatchObject({ rows: 3n, hash: encoder.read.hash });
  });
});

describe('what is wrong with a value', () => {
  const FAULTS: [kind: Kind, column: Partial<Column>, fault: string | Buffer | null, Record<Policy, string | null>][] =
    [
      ['dates', { kind: 'date', type: 'date' }, '0000-00-00', { null: null }],
      ['dates', { kind: 'date', type: 'date' }, '2026-02-30', { null: null }],
      ['dates', { kind: 'date', type: 'date' }, '2025-02-29', { null: null }],
      ['dates', { kind: 'timestamp', type: 'timestamp' }, '2026-00-10 00:00:00', { null: null }],
      ['dates', { kind: 'instant', type: 'timestamptz' }, '0000-00-00 00:00:00', { null: null }],
      ['numbers', { kind: 'time', type: 'time' }, '-12:00:00', { clamp: '00:00:00' }],
      ['numbers', { kind: 'time', type: 'time' }, '838:59:59', { clamp: '23:59:59' }],
      ['numbers', INTEGER, '2147483648', { clamp: '2147483647' }],
      ['numbers', INTEGER, '-99999999999999999999', { clamp: '-2147483648' }],
      ['numbers', { kind: 'boolean', type: 'boolean' }, '2', { clamp: 'true' }],
      ['values', { kind: 'boolean', type: 'boolean' }, 'constructor', { null: null }],
      ['values', { kind: 'time', type: 'time' }, '2026-01-01 10:00:00', { null: null }],
      [
        'numbers',
        { kind: 'decimal', type: 'numeric(4,2)', precision: { digits: 4, scale: 2 } },
        '-100.5',
        { clamp: '-99.99' },
      ],
      [
        'numbers',
        { kind: 'decimal', type: 'numeric(4,2)', precision: { digits: 4, scale: 2 } },
        '1.005',
        { clamp: '1.01' },
      ],
      ['numbers', { kind: 'real', type: 'real' }, '1e39', { clamp: '3.4028235e+38' }],
      ['nul-bytes', {}, 'a\0b', { strip: 'ab' }],
      ['encoding', {}, Buffer.from([0x63, 0xe9]), { latin1: 'cé', replace: 'c\ufffd' }],
      ['length', { type: 'varchar(2)', maxLength: 2 }, 'ä🙂c', { truncate: 'ä🙂' }],
      ['charset', { narrowCharset: 'utf8mb3' }, 'who?', { keep: 'who?' }],
      ['values', { kind: 'enum', type: 'text', members: ['red', 'blue'] }, '', { null: null }],
      ['values', { kind: 'enum', type: 'text', members: ['red'], nullable: false }, 'green', { null: 'red' }],
      ['values', { kind: 'set', type: 'text[]', members: ['a'] }, 'a,z', { null: '{a}' }],
      ['values', { kind: 'uuid', type: 'uuid' }, 'no', { null: null }],
      ['null-values', { nullable: false }, null, {}],
    ];

  test.each(FAULTS)('%s, case %#', async (kind, rest, fault, repairs) => {
    const table = tableOf([column('id', { ...INTEGER, nullable: false }), column('value', rest)], ['id']);
    const rows = [row('7', fault), row('8', fault)];
    for (const policy of ['fail', 'reject']) {
      const left = await move(table, rows, { [kind]: policy });
      expect(left.problems.findings).toEqual([
        { kind, table: table.name, column: 'value', rows: 2, samples: ['id 7', 'id 8'], policy },
      ]);
      expect(left.problems.fatal).toHaveLength(policy === 'fail' ? 1 : 0);
      expect(left.problems.rejectedFrom(table.name)).toBe(2);
      expect(left.rows).toEqual([]);
      expect(accounted(left.encoder)).toMatchObject({ rows: 0n, hash: 0n });
    }
    for (const [policy, repaired] of Object.entries(repairs)) {
      const { problems, encoder, stored, rows: kept } = await move(table, rows, { [kind]: policy });
      expect(kept).toEqual([
        { id: '7', value: repaired },
        { id: '8', value: repaired },
      ]);
      expect(problems.rejectedFrom(table.name)).toBe(0);
      expect(problems.fatal).toEqual([]);
      expect(stored).toEqual(accounted(encoder));
    }
  });

  test('several in one row are each noted, and good rows go through', async () => {
    const table = tableOf([column('id', INTEGER), column('a', { maxLength: 1 }), column('b', {})], ['id']);
    const rows = [row('1', 'x', 'y'), row('2', 'xx', 'y\0'), row('3', 'z', 'z')];
    const {
      problems,
      stored,
      encoder,
      rows: kept,
    } = await move(table, rows, { length: 'truncate', 'nul-bytes': 'reject' });
    expect(problems.findings.map(({ kind, rows: found }) => [kind, found])).toEqual([
      ['length', 1],
      ['nul-bytes', 1],
    ]);
    expect(kept).toEqual([
      { id: '1', a: 'x', b: 'y' },
      { id: '3', a: 'z', b: 'z' },
    ]);
    expect(stored).toEqual(accounted(encoder));
  });
});

describe('rejected rows', () => {
  test('go to a file as they came, which appears in the end', async () => {
    const table = tableOf(
      [column('id', INTEGER), column('text', {}), column('day', { kind: 'date', type: 'date' })],
      ['id'],
    );
    const rejects = Rejects.into(folder, [table.name]);
    const bad = [
      row('1', '', '0000-00-00'),
      row('2', null, '2026-13-01'),
      row('3', Buffer.from([0xff, 0x22]), '2026-01-01'),
    ];
    await move(table, [...bad, row('4', 'good', '2026-01-01')], { dates: 'reject', encoding: 'reject' }, rejects);
    const path = join(folder, 'moved %22rows%22.csv');
    expect(() => readFileSync(path)).toThrow('ENOENT');
    await rejects.keep();
    expect(rejects.paths).toEqual([path]);
    expect(readFileSync(path, 'latin1')).toBe(
      'id,text,day,_reasons\n1,"",0000-00-00,dates: day\n2,,2026-13-01,dates: day\n3,"\xff""",2026-01-01,encoding: text\n',
    );
    expect(() => Rejects.into(folder, [table.name])).toThrow('There are rejected rows of an earlier run');
  });

  test('of a run that came to nothing are removed', async () => {
    const table = { ...tableOf([column('id', INTEGER)]), name: 'undone' };
    const rejects = Rejects.into(folder, ['undone']);
    await move(table, [row('x')], { numbers: 'reject' }, rejects);
    await rejects.discard();
    expect(rejects.paths).toEqual([]);
    expect(() => readFileSync(join(folder, 'undone.csv.part'))).toThrow('ENOENT');
  });
});
