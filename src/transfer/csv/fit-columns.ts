import { UsageError } from '../../migrate/errors.js';
import type { Column, Table } from '../table.js';
import type { CsvTable } from './csv-table.js';

/**
 * A table of plain CSV as it comes into a table that is there: its columns have the types of those. Without names of
 * their own they are all columns of that table, in its order.
 * @param target the columns of the table that is there, in its order
 * @param timeZone the zone of times without one: then all instants are written by its clock; undefined: each has its
 * own offset
 * @throws UsageError for columns that it does not have
 */
export function fitColumns<T extends Table & Partial<Pick<CsvTable, 'unnamed'>>>(
  source: T,
  target: readonly Column[],
  timeZone?: string,
): T {
  const columns = source.unnamed
    ? byPlace(source, target)
    : source.columns.map(({ name }) => byName(source, target, name));
  return {
    ...source,
    unnamed: false,
    columns: columns.map((column) => ({ ...column, sourceType: 'text', ...timesOf(column, timeZone) })),
  };
}

function byName({ name: table }: Table, target: readonly Column[], name: string): Column {
  const column = target.find((each) => each.name === name);
  if (column === undefined) {
    throw new UsageError(
      `The file of ${table} has a column ${name}, and the table has not. Nothing was changed. Say which it is, or leave it out: --columns "${name}=other" or "${name}="\nThe table has: ${target.map((each) => each.name).join(', ')}`,
    );
  }
  return column;
}

function byPlace({ name, columns }: Table, target: readonly Column[]): readonly Column[] {
  // An empty file says nothing of its columns.
  if (columns.length === 0) {
    return [];
  }
  if (columns.length !== target.length) {
    throw new UsageError(
      `The file of ${name} has no header and ${columns.length} columns, and the table has ${target.length}. Nothing was changed. Name those of the file in order: --columns ${target.map((column) => column.name).join(',')}`,
    );
  }
  return target;
}

function timesOf({ kind }: Column, timeZone: string | undefined): Partial<Column> {
  if (kind !== 'instant') {
    return {};
  }
  return timeZone === undefined ? { needsOffset: true } : { kind: 'timestamp' };
}
