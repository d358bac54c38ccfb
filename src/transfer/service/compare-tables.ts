import { literal } from '../identifier.js';
import type { Target } from '../target.js';
import type { StagedTable } from './staged-table.js';

/** A column of the source, and where its value is on both sides. */
export interface ComparedColumn {
  name: string;
  /** SQL of the staged value. */
  staged: string;
  /** SQL of the value that Laurel has, mapped back. */
  stored: string;
  /** Whether it has a sum. */
  isNumber?: true;
}

/** How staged rows and Laurel's are read side by side. */
export interface ComparedTables {
  /** The first one is the key. */
  columns: readonly [ComparedColumn, ...ComparedColumn[]];
  /** SQL after `from`, by side. */
  from: Readonly<Record<Side, string>>;
}

type Side = 'staged' | 'stored';

/** A number or a hash on both sides, as text. */
export interface Compared {
  /** The source's name of it; null for the number of rows. */
  column: string | null;
  staged: string;
  stored: string;
}

/** What both sides have. */
export interface TableComparison {
  rows: Compared;
  /** Of every column of numbers. */
  sums: Compared[];
  /** Of all columns of all rows, whatever their order. */
  hash: { staged: string; stored: string };
  /** Empty where all is as it should be: the number of rows, else sums and hashes of columns. */
  differences: Compared[];
}

/**
 * A column of times: by the source's clock where they came without a zone, else by UTC's.
 * @param timeZone IANA zone of those without one
 * @param from what Laurel calls it
 */
export function comparedTime({ table }: StagedTable, name: string, timeZone: string, from = name): ComparedColumn {
  const isInstant = table.columns.some((column) => column.name === name && column.kind === 'instant');
  const zone = literal(isInstant ? 'UTC' : timeZone);
  return {
    name,
    staged: isInstant ? `(t.${name} at time zone ${zone})` : `t.${name}`,
    stored: `(l.${from} at time zone ${zone})`,
  };
}

/** Compares the rows of a staging table with what Laurel's tables have of them, mapped back to the source's columns. */
export async function compareTables(target: Target, tables: ComparedTables): Promise<TableComparison> {
  const { columns } = tables;
  const whole = (side: Side): string[] => [
    hashSql(columns, columns[0], side),
    ...columns.filter(({ isNumber }) => isNumber === true).map((column) => `sum(${column[side]})`),
  ];
  const [left, right] = [
    await aggregates(target, tables, 'staged', whole('staged')),
    await aggregates(target, tables, 'stored', whole('stored')),
  ];
  const [rows, hash, ...rest] = left.map((value, index) => ({ staged: value, stored: right[index]! }));
  const names = columns.filter(({ isNumber }) => isNumber === true).map(({ name }) => name);
  const sums = rest.map((sum, index) => ({ column: names[index]!, ...sum }));
  const compared = { rows: { column: null, ...rows! }, sums, hash: hash! };
  const isSame = rows!.staged === rows!.stored && hash!.staged === hash!.stored;
  const byColumn = isSame ? [] : await columnHashes(target, tables);
  const differences = [compared.rows, ...sums, ...byColumn].filter((pair) => pair.staged !== pair.stored);
  return { ...compared, differences };
}

/** To name the columns that differ. */
async function columnHashes(target: Target, tables: ComparedTables): Promise<Compared[]> {
  const { columns } = tables;
  const hashes = (side: Side): string[] => columns.map((column) => hashSql([column], columns[0], side));
  const [left, right] = [
    await aggregates(target, tables, 'staged', hashes('staged')),
    await aggregates(target, tables, 'stored', hashes('stored')),
  ];
  return columns.map(({ name }, index) => ({ column: name, staged: left[index + 1]!, stored: right[index + 1]! }));
}

/** @returns the number of rows, then the aggregates, as text */
async function aggregates(
  target: Target,
  { from }: ComparedTables,
  side: Side,
  expressions: readonly string[],
): Promise<string[]> {
  const selected = ['count(*)', ...expressions].map((expression) => `coalesce(${expression}, 0)::text`);
  const [row] = await target.query<{ values: string[] }>(
    `select array[${selected.join(', ')}] as values from ${from[side]}`,
  );
  return row!.values;
}

/**
 * PostgreSQL's own hash of a row: both sides are in one database here, and it takes a sixth of the time of MD5. It adds
 * up the hashes of the values; only as the key is their seed does a sum over rows tell whose value is whose. Sums,
 * unlike exclusive ors, do not cancel out what is there twice.
 */
function hashSql(columns: readonly ComparedColumn[], key: ComparedColumn, side: Side): string {
  return `sum(hash_record_extended(row(${columns.map((column) => column[side]).join(', ')}), ${key[side]}))`;
}
