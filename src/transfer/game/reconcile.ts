import { quoted } from '../identifier.js';
import type { Target } from '../target.js';
import { auditGame, type Audit } from './audit.js';
import { type ComparedColumn, type Comparison, comparisonOf } from './compared-columns.js';
import type { Count } from './convert.js';
import type { GameOptions } from './options.js';
import type { GameShape, StagedTable } from './shape.js';

/** A number or a hash on both sides, as text. */
export interface Compared {
  /** The source's name of it; null for the number of rows. */
  column: string | null;
  staged: string;
  stored: string;
}

/** A table of the source beside what Laurel has of it. */
export interface ReconciledTable extends Count {
  rows: Compared;
  /** Of every column of numbers. */
  sums: Compared[];
  /** Of all columns of all rows, whatever their order. */
  hash: { staged: string; stored: string };
  /** Empty where all is as it should be: the number of rows, else sums and hashes of columns. */
  differences: Compared[];
}

export interface Reconciliation {
  tables: ReconciledTable[];
  audits: Audit[];
}

/**
 * Compares the staged rows with what Laurel's tables have of them, mapped back to the source's columns, after the
 * conversion and in its transaction.
 *
 * Into an empty Laurel, all its rows are compared. Of a merge, the rows that are new are: those that Laurel had before
 * are counted, as the rule of the merge made them what they are; that those which took the place of what Laurel had did
 * so is audited.
 * @param counts what the conversion answered
 */
export async function reconcileGame(
  target: Target,
  shape: GameShape,
  options: GameOptions,
  counts: readonly Count[],
): Promise<Reconciliation> {
  const tables: ReconciledTable[] = [];
  for (const [index, staged] of shape.tables.entries()) {
    tables.push({ ...counts[index]!, ...(await compare(target, staged, options)) });
  }
  return { tables, audits: await auditGame(target, shape, options, counts) };
}

/** Whether nothing differs and nothing is wrong. */
export function isReconciled({ tables, audits }: Reconciliation): boolean {
  return tables.every(({ differences }) => differences.length === 0) && audits.every(({ wrong }) => wrong === 0);
}

async function compare(
  target: Target,
  staged: StagedTable,
  options: GameOptions,
): Promise<Pick<ReconciledTable, 'rows' | 'sums' | 'hash' | 'differences'>> {
  const comparison = comparisonOf(staged, options);
  const { columns } = comparison;
  const [key] = columns as [ComparedColumn, ...ComparedColumn[]];
  const whole = (side: Side): string[] => [
    hashSql(columns, key, side),
    ...columns.filter(({ isNumber }) => isNumber === true).map((column) => `sum(${column[side]})`),
  ];
  const [left, right] = [
    await aggregates(target, staged, comparison, options, 'staged', whole('staged')),
    await aggregates(target, staged, comparison, options, 'stored', whole('stored')),
  ];
  const [rows, hash, ...rest] = left.map((value, index) => ({ staged: value, stored: right[index]! }));
  const names = columns.filter(({ isNumber }) => isNumber === true).map(({ name }) => name);
  const sums = rest.map((sum, index) => ({ column: names[index]!, ...sum }));
  const compared = { rows: { column: null, ...rows! }, sums, hash: hash! };
  const isSame = rows!.staged === rows!.stored && hash!.staged === hash!.stored;
  const byColumn = isSame ? [] : await columnHashes(target, staged, comparison, options);
  const differences = [compared.rows, ...sums, ...byColumn].filter((pair) => pair.staged !== pair.stored);
  return { ...compared, differences };
}

type Side = 'staged' | 'stored';

/** To name the columns that differ. */
async function columnHashes(
  target: Target,
  staged: StagedTable,
  comparison: Comparison,
  options: GameOptions,
): Promise<Compared[]> {
  const [key] = comparison.columns as [ComparedColumn, ...ComparedColumn[]];
  const hashes = (side: Side): string[] => comparison.columns.map((column) => hashSql([column], key, side));
  const [left, right] = [
    await aggregates(target, staged, comparison, options, 'staged', hashes('staged')),
    await aggregates(target, staged, comparison, options, 'stored', hashes('stored')),
  ];
  return comparison.columns.map(({ name }, index) => ({
    column: name,
    staged: left[index + 1]!,
    stored: right[index + 1]!,
  }));
}

/** @returns the number of rows, then the aggregates, as text */
async function aggregates(
  target: Target,
  { name, table }: StagedTable,
  { stagedJoins, stored }: Comparison,
  { merge }: GameOptions,
  side: Side,
  expressions: readonly string[],
): Promise<string[]> {
  const staging = quoted(table.name);
  const isFresh = `not exists (select from laurel_merged_${name} x where x.tid = t.ctid)`;
  const from =
    side === 'staged'
      ? `${staging} t ${stagedJoins} ${merge === undefined ? '' : `where ${isFresh}`}`
      : `${stored} ${merge === undefined ? '' : `where l.legacy_id in (select t.id::integer from ${staging} t where ${isFresh})`}`;
  const selected = ['count(*)', ...expressions].map((expression) => `coalesce(${expression}, 0)::text`);
  const [row] = await target.query<{ values: string[] }>(`select array[${selected.join(', ')}] as values from ${from}`);
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
