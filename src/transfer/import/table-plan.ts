import { UsageError } from '../../migrate/errors.js';
import { LEDGER } from '../../migrate/ledger-name.js';
import { lockLaurel, refuseUnlessEmpty } from '../game/locks.js';
import { quoted } from '../identifier.js';
import type { NewTable } from '../new-table.js';
import { type PostgresTable, readPostgresTables } from '../postgres-tables.js';
import type { Source } from '../source.js';
import type { Table } from '../table.js';
import type { Target } from '../target.js';
import { refuseUnlessCurrent } from './current-laurel.js';
import { type ExistingTable, fitTable, refuseUnrecognisable } from './existing-tables.js';
import type { MergeRule } from './merge-tables.js';
import type { NotCarried } from './report.js';
import type { Run } from './run.js';

/** Tables that hold what players do; where none of them has a row, a Laurel is not in use. */
const IN_USE = ['users', 'friendships', 'scores', 'standings', 'visits'];

/** How tables are moved as they are. */
export interface TableImportOptions<T extends Table> {
  /** Where tables go; undefined: the first schema of the connection. */
  schema?: string | undefined;
  merge?: 'newer' | 'fail' | undefined;
  /**
   * How tables are made that are not there; undefined where a source cannot tell.
   * @param taken names that the schema has already
   */
  define?: ((tables: readonly T[], taken: readonly string[]) => Promise<NewTable[]>) | undefined;
  /** The source's table as it goes into one that is there; left out: as it is. */
  fit?: ((table: T, there: PostgresTable) => T) | undefined;
  notCarried?: readonly NotCarried[] | undefined;
}

/** Where each table of a source goes. */
export interface TablePlan<T extends Table> {
  /** Of the source, in its order. */
  tables: readonly T[];
  there: ReadonlyMap<string, ExistingTable>;
  definitions: ReadonlyMap<string, NewTable>;
  rule: MergeRule;
  /** Whether the ranks of a Laurel without players are to be counted in the end. */
  countsRanks: boolean;
}

/**
 * Finds the tables that are there, and how those are made that are not. A Laurel is locked for the rest of the transaction.
 * @throws UsageError for a table that is not there where the source cannot tell how it is made; TransferError where one that is
 *   there cannot take the rows, or a Laurel is in use and nothing is to be merged
 */
export async function planTables<T extends Table>(
  { target }: Run,
  source: Source<T>,
  { schema, merge, define, fit }: TableImportOptions<T>,
): Promise<TablePlan<T>> {
  if (schema !== undefined) {
    await target.query(`create schema if not exists ${quoted(schema)}`);
    await target.query(`set local search_path to ${quoted(schema)}`);
  }
  const found = new Map((await readPostgresTables(target)).tables.map((table) => [table.name, table]));
  const tables = source.tables.map((table) => {
    const there = found.get(table.name);
    return there === undefined || fit === undefined ? table : fit(table, there);
  });
  const missing = tables.filter(({ name }) => !found.has(name));
  if (missing.length > 0 && define === undefined) {
    throw new UsageError(
      `There is no table ${missing.map(({ name }) => name).join(', ')} to import into. Nothing was changed. Make it first, or leave it out with --tables.\nThere are: ${[...found.keys()].join(', ')}`,
    );
  }
  const existing = new Map<string, ExistingTable>();
  for (const [place, table] of tables.entries()) {
    const there = found.get(table.name);
    if (there !== undefined) {
      const fitted = await fitTable(target, table, there, place);
      await refuseUnrecognisable(target, fitted);
      existing.set(table.name, fitted);
    }
  }
  const isLaurel = found.has(LEDGER) && IN_USE.some((name) => existing.has(name));
  const isEmpty = isLaurel && (await lockTables(target, existing, merge));
  const definitions = missing.length === 0 ? [] : await define!(missing, await takenNames(target));
  return {
    tables,
    there: existing,
    definitions: new Map(definitions.map((definition) => [definition.name, definition])),
    // What the migrations themselves put into an empty Laurel gives way to the source's.
    rule: merge ?? (isEmpty ? 'source' : 'fail'),
    countsRanks: isEmpty && existing.has('standings'),
  };
}

/**
 * Keeps everybody else's writes out of Laurel's tables until the transaction ends.
 * @returns whether nobody has ever played there
 * @throws TransferError where it is in use and nothing is to be merged
 */
async function lockTables(
  target: Target,
  existing: ReadonlyMap<string, ExistingTable>,
  merge: TableImportOptions<Table>['merge'],
): Promise<boolean> {
  await refuseUnlessCurrent(target);
  await lockLaurel(target);
  if (merge !== undefined) {
    return false;
  }
  await refuseUnlessEmpty(target);
  return existing.size > 0;
}

async function takenNames(target: Target): Promise<string[]> {
  const rows = await target.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = current_schema()::regnamespace
      union select typname from pg_type where typnamespace = current_schema()::regnamespace`,
  );
  return rows.map(({ name }) => name);
}

/** How a table is made that is new. */
export function definitionOf<T extends Table>({ definitions }: TablePlan<T>, name: string): NewTable {
  return definitions.get(name)!;
}
