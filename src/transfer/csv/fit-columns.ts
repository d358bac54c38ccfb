import { UsageError } from '../../migrate/errors.js';
import type { Column, Table } from '../table.js';
import type { CsvTable } from './csv-table.js';

/**
 * A table of plain CSV as it comes into a table that is there: its columns have the types of those. Without names of
 * their own they are all columns of that table, in its order.
 * @param target the columns of the table that is there, in its order
 * @param timeZone the zone of times without an offset; undefined: each has its own
 * @throws UsageError for columns that it does not have
 */
export function fitColumns<T extends Table & Partial<Pick<CsvTable, 'unnamed' | 'places' | 'reasons'>>>(
  file: T,
  target: readonly Column[],
  timeZone?: string,
): T {
  const source = withReasons(file, target);
  const columns = source.unnamed
    ? byPlace(source, target)
    : source.columns.map(({ name }) => byName(source, target, name));
  return {
    ...source,
    unnamed: false,
    columns: columns.map((column) => ({ ...column, sourceType: 'text', ...spellingOf(column, timeZone) })),
  };
}

/** A table can have a column that is called as the one for what is wrong with rejected rows. */
function withReasons<T extends Table & Partial<Pick<CsvTable, 'places' | 'reasons'>>>(
  file: T,
  target: readonly Column[],
): T {
  const own = (file.reasons ?? []).filter(({ name }) => target.some((column) => column.name === name));
  return own.length === 0
    ? file
    : {
        ...file,
        columns: [
          ...file.columns,
          ...own.map(({ name }): Column => ({ name, sourceType: 'text', kind: 'other', type: 'text', nullable: true })),
        ],
        places: [...(file.places ?? []), ...own.map(({ place }) => place)],
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

function spellingOf({ kind }: Column, timeZone: string | undefined): Partial<Column> {
  if (kind !== 'instant') {
    return { anySpelling: true };
  }
  return { anySpelling: true, ...(timeZone === undefined ? { needsOffset: true } : { kind: 'timestamp' }) };
}
