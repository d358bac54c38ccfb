import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { escape } from 'mysql2';
import { quoted } from '../../src/transfer/identifier.js';
import { runImport } from '../../src/transfer/import/import.js';
import { tableImport } from '../../src/transfer/import/table-import.js';
import { definitionsOf } from '../../src/transfer/mysql/definition.js';
import { quotedHere } from '../../src/transfer/mysql/quoted.js';
import { MysqlSource } from '../../src/transfer/mysql/source.js';
import { PostgresTarget } from '../../src/transfer/postgres-target.js';
import { policies } from '../transfer/support.js';
import { type MysqlDatabase, mysqlDatabase, type PostgresDatabase, postgresDatabase } from './support.js';

const RUNS = 25;
const SEED = 20_261_121;
const ZONE = 'UTC';

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

/** A type of MariaDB with values that it holds, as SQL. */
interface Type {
  sql: string;
  values: fc.Arbitrary<string>;
  /** How its values are compared by eye: as text, or not here. */
  compared?: 'text' | 'number';
  /** Whether it can be a key, and be held unique. */
  isKey?: true;
}

const quotedText = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> => texts.map((text) => escape(text));
const hex = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<string> =>
  bytes.map((value) => `x'${Buffer.from(value).toString('hex')}'`);
const NASTY = [
  '',
  ' ',
  'tab\there',
  'new\nline\r',
  'back\\slash',
  '\\N',
  '\\.',
  "it's",
  '"quoted"',
  'NULL',
  '박민준',
  '🙂🏳️‍🌈',
  'e\u0301',
  '\ufeff',
  '\u007f',
  ',{}',
];
const wide = (length: number): fc.Arbitrary<string> =>
  quotedText(
    fc
      .oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'grapheme', maxLength: length }))
      .map((text) => Array.from(text.replaceAll('\0', '')).slice(0, length).join(''))
      // Half a pair of surrogates is no character.
      .filter((text) => text.isWellFormed()),
  );
const narrow = (length: number): fc.Arbitrary<string> =>
  quotedText(
    fc
      .oneof(fc.constantFrom('café', '€ß', 'ÿ', "o'\\\t\n", '?', ''), fc.string({ maxLength: length }))
      .map((text) => text.replaceAll('\0', '').slice(0, length)),
  );
const bounds = (low: bigint, high: bigint): fc.Arbitrary<string> =>
  fc.oneof(fc.constantFrom(low, high, 0n, 1n), fc.bigInt({ min: low, max: high })).map(String);
const integer = (name: string, bits: number): Type[] => [
  {
    sql: name,
    values: bounds(-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n),
    compared: 'number',
    isKey: true,
  },
  { sql: `${name} unsigned`, values: bounds(0n, 2n ** BigInt(bits) - 1n), compared: 'number', isKey: true },
];
const moment = (digits: number, from: string, to: string): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.constantFrom(new Date(`${from}Z`), new Date(`${to}Z`)),
      fc.date({ min: new Date(`${from}Z`), max: new Date(`${to}Z`), noInvalidDate: true }),
    )
    .chain((date) =>
      fc.nat({ max: 999_999 }).map((micros) => {
        const fraction = digits === 0 ? '' : `.${String(micros).padStart(6, '0').slice(0, digits)}`;
        return `'${date.toISOString().slice(0, 19).replace('T', ' ')}${fraction}'`;
      }),
    );

const fraction = fc.constantFrom(0, 1, 3, 6);
const TYPES: fc.Arbitrary<Type> = fc.oneof(
  fc.constantFrom(
    ...integer('tinyint', 8),
    ...integer('smallint', 16),
    ...integer('mediumint', 24),
    ...integer('int', 32),
    ...integer('bigint', 64),
  ),
  fc.constant<Type>({ sql: 'tinyint(1)', values: fc.constantFrom('0', '1') }),
  fc
    .tuple(fc.integer({ min: 1, max: 65 }), fc.integer({ min: 0, max: 30 }))
    .map(([digits, scale]) => [digits, Math.min(digits, scale)] as const)
    .map(([digits, scale]): Type => ({
      sql: `decimal(${digits},${scale})`,
      values: fc
        .oneof(
          fc.constantFrom(0n, 10n ** BigInt(digits) - 1n, 1n - 10n ** BigInt(digits)),
          fc.bigInt({ min: 1n - 10n ** BigInt(digits), max: 10n ** BigInt(digits) - 1n }),
        )
        .map((units) => {
          const text = String(units < 0n ? -units : units).padStart(scale + 1, '0');
          return `${units < 0n ? '-' : ''}${text.slice(0, text.length - scale)}${scale > 0 ? `.${text.slice(-scale)}` : ''}`;
        }),
      compared: 'text',
    })),
  fc.constant<Type>({
    sql: 'float',
    values: fc.oneof(
      fc.constantFrom('0', '0.1', '3.4028234e38', '-1.5e-38', '16777217'),
      fc
        .float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e38), max: Math.fround(1e38) })
        .map((value) => value.toExponential()),
    ),
  }),
  fc.constant<Type>({
    sql: 'double',
    values: fc.oneof(
      fc.constantFrom('0', '0.1', '-1.7976931348623157e308', '2.2250738585072014e-308'),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value.toExponential()),
    ),
  }),
  fc.constant<Type>({ sql: 'char(7)', values: wide(7).filter((text) => !text.endsWith(" '")) }),
  fc.constant<Type>({ sql: 'varchar(40)', values: wide(40), compared: 'text', isKey: true }),
  fc.constant<Type>({ sql: 'varchar(9) character set latin1', values: narrow(9), compared: 'text' }),
  fc.constant<Type>({ sql: 'varchar(9) character set utf8mb3', values: narrow(9), compared: 'text' }),
  fc.constant<Type>({ sql: 'varchar(9) character set utf16', values: wide(9), compared: 'text' }),
  fc.constant<Type>({ sql: 'text', values: wide(200), compared: 'text' }),
  fc.constant<Type>({ sql: 'mediumtext character set latin1', values: narrow(60), compared: 'text' }),
  fc.constant<Type>({
    sql: "enum('red','it''s','a,b','박','back\\\\slash')",
    values: fc.constantFrom("'red'", "'it''s'", "'a,b'", "'박'", "'back\\\\slash'"),
    compared: 'text',
  }),
  fc.constant<Type>({
    sql: "enum('é','ß') character set latin1",
    values: fc.constantFrom("'é'", "'ß'"),
    compared: 'text',
  }),
  fc.constant<Type>({
    sql: "set('a','b c','d\"e','박')",
    values: fc.subarray(['a', 'b c', 'd"e', '박']).map((members) => escape(members.join(','))),
  }),
  fc.constant<Type>({ sql: 'json', values: quotedText(fc.json()), compared: 'text' }),
  fc.constantFrom('blob', 'varbinary(30)').map((sql): Type => ({ sql, values: hex(fc.uint8Array({ maxLength: 30 })) })),
  fc.integer({ min: 1, max: 64 }).map((bits): Type => ({
    sql: `bit(${bits})`,
    values: fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }).map(String),
  })),
  fc.constant<Type>({
    sql: 'date',
    values: moment(0, '1000-01-01T00:00:00', '9999-12-31T23:59:59').map((text) => `${text.slice(0, 11)}'`),
    compared: 'text',
    isKey: true,
  }),
  fraction.map((digits): Type => ({
    sql: `datetime(${digits})`,
    values: moment(digits, '1000-01-01T00:00:00', '9999-12-31T23:59:59'),
  })),
  fraction.map((digits): Type => ({
    sql: `timestamp(${digits})`,
    values: moment(digits, '1970-01-01T00:00:01', '2038-01-19T03:14:07'),
  })),
  fraction.map((digits): Type => ({
    sql: `time(${digits})`,
    values: moment(digits, '2000-01-01T00:00:00', '2000-01-01T23:59:59').map((text) => `'${text.slice(12)}`),
  })),
  fc.constant<Type>({
    sql: 'year',
    values: fc.oneof(fc.constantFrom('0', '1901', '2155'), fc.integer({ min: 1901, max: 2155 }).map(String)),
    compared: 'number',
  }),
);

interface ColumnPlan {
  type: Type;
  nullable: boolean;
  hasDefault: boolean;
  isUnique: boolean;
}

interface TablePlan {
  key: 'single' | 'own number' | 'two' | 'none';
  columns: ColumnPlan[];
  generated: boolean;
  /** Whether it refers to the table before it. */
  refers: boolean;
  rows: string[][];
}

const column = fc.record({
  type: TYPES,
  nullable: fc.boolean(),
  hasDefault: fc.boolean(),
  isUnique: fc.boolean(),
});

const table: fc.Arbitrary<TablePlan> = fc.array(column, { minLength: 1, maxLength: 9 }).chain((columns) =>
  fc.record<TablePlan>({
    key: fc.constantFrom('single', 'own number', 'two', 'none'),
    columns: fc.constant(columns),
    generated: fc.boolean(),
    refers: fc.boolean(),
    rows: fc.array(
      fc.tuple(
        ...columns.map(({ type, nullable }) =>
          nullable ? fc.option(type.values, { nil: 'null', freq: 4 }) : type.values,
        ),
      ),
      { maxLength: 25 },
    ),
  }),
);

/** The statements that make the tables and fill them; rows that a key refuses are none. */
function statementsOf(tables: readonly TablePlan[]): string[] {
  return tables.flatMap((plan, place) => {
    const name = quotedHere(nameOf(place));
    const ids = {
      single: 'id int primary key',
      'own number': 'id bigint unsigned auto_increment primary key',
      two: 'id int, id2 varchar(5), primary key (id, id2)',
      none: 'id int not null',
    }[plan.key];
    const parent = tables[place - 1];
    const refers = plan.refers && (parent?.key === 'single' || parent?.key === 'own number');
    const definitions = plan.columns.map(({ type, nullable, hasDefault }, index) => {
      const standard =
        hasDefault && plan.rows.length > 0 && !/text|blob|json|year/.test(type.sql)
          ? ` default ${plan.rows[0]![index]}`
          : '';
      const isNull = standard === ' default null' && !nullable;
      return `${quotedHere(`c${index}`)} ${type.sql}${nullable ? ' null' : ' not null'}${isNull ? '' : standard}`;
    });
    const further = [
      ...(plan.generated && plan.key !== 'own number'
        ? ['twice bigint as (id * 2)', "called varchar(90) as (concat('n', id)) stored"]
        : []),
      ...(refers
        ? [
            `parent ${parent?.key === 'single' ? 'int' : 'bigint unsigned'} null`,
            `foreign key (parent) references ${quotedHere(nameOf(place - 1))} (id)`,
          ]
        : []),
      ...plan.columns.flatMap(({ type, isUnique }, index) =>
        isUnique && type.isKey === true ? [`unique ${quotedHere(`u${index}`)} (c${index})`] : [],
      ),
    ];
    const names = [
      'id',
      ...(plan.key === 'two' ? ['id2'] : []),
      ...plan.columns.map((_, index) => `c${index}`),
      ...(refers ? ['parent'] : []),
    ];
    const rows = plan.rows.map((values, index) => {
      const own = [String(index + 1), ...(plan.key === 'two' ? [`'k${index % 3}'`] : []), ...values];
      const parentId =
        index < (parent?.rows.length ?? 0)
          ? `(select id from ${quotedHere(nameOf(place - 1))} where id = ${index + 1})`
          : 'null';
      return `insert ignore into ${name} (${names.join(', ')}) values (${[...own, ...(refers ? [parentId] : [])].join(', ')})`;
    });
    return [`create table ${name} (${[ids, ...definitions, ...further].join(', ')})`, ...rows];
  });
}

function nameOf(place: number): string {
  return ['first', 'The "second"', 'dritte Tabelle ü', 'order'][place]!;
}

async function emptied(): Promise<void> {
  const name = new URL(mysql.url).pathname.slice(1);
  await mysql.run(`drop database ${name}; create database ${name} character set utf8mb4; use ${name}`);
  await postgres.client.query('drop schema public cascade; create schema public');
}

test('tables of chance arrive as they are, by their hashes and by eye', async () => {
  await mysql.run("set sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE', time_zone = '+00:00'");
  let moved = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(table, { minLength: 2, maxLength: 4 }), async (tables) => {
      await emptied();
      for (const statement of statementsOf(tables)) {
        await mysql.run(statement);
      }
      const source = await MysqlSource.open(mysql.url, { timeZone: ZONE });
      const target = await PostgresTarget.open(postgres.url);
      try {
        const define = (missing: Parameters<typeof definitionsOf>[0], taken: readonly string[]) =>
          definitionsOf(missing, { taken, timeZone: ZONE });
        const report = await runImport(source, { target, targetName: 'here' }, tableImport(source, { define }), {
          policies: policies({ definitions: 'plain', charset: 'keep' }),
          timeZone: ZONE,
        });
        expect(report.findings.filter(({ kind }) => !['definitions', 'charset'].includes(kind))).toEqual([]);
        expect(report.outcome).toBe('done');
        for (const { read, written, comparisons } of report.tables) {
          expect(written).toBe(read);
          expect(comparisons.every(({ equal }) => equal)).toBe(true);
          moved += read;
        }
      } finally {
        await source.close();
        await target.close();
      }
      for (const [place, plan] of tables.entries()) {
        await compareByEye(nameOf(place), plan);
      }
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true, asyncReporter: (run) => tell(run) },
  );
  expect(moved).toBeGreaterThan(300);
});

/** Says in SQL what failed: the plans themselves have all that values are made of. */
function tell({ failed, counterexample, errorInstance }: fc.RunDetails<[TablePlan[]]>): Promise<void> {
  if (failed) {
    const statements = statementsOf(counterexample![0]).join(';\n');
    throw new Error(`${(errorInstance as Error).message}\n${statements}`, { cause: errorInstance });
  }
  return Promise.resolve();
}

/** Reads both sides as plainly as can be: whole values as text, in the order of the key. */
async function compareByEye(name: string, { columns }: TablePlan): Promise<void> {
  const shown = columns.flatMap(({ type }, index) => (type.compared === undefined ? [] : [{ index, type }]));
  const names = ['id', ...shown.map(({ index }) => `c${index}`)];
  const [there] = await mysql.connection.query({
    sql: `select ${names.map((each) => `cast(${each} as char character set utf8mb4)`).join(', ')} from ${quotedHere(name)} t order by t.id`,
    rowsAsArray: true,
  });
  const { rows: here } = await postgres.client.query<(string | null)[]>({
    text: `select ${names.map((each) => `${each}::text`).join(', ')} from ${quoted(name)} t order by t.id`,
    rowMode: 'array',
  });
  // The year 0000 is the number 0, and zeros at the end of decimals stay.
  const isYear = [false, ...shown.map(({ type }) => type.sql === 'year')];
  const plain = (there as unknown as (string | null)[][]).map((values) =>
    values.map((value, index) => (isYear[index] && value !== null ? String(Number(value)) : value)),
  );
  expect(here).toEqual(plain);
}
