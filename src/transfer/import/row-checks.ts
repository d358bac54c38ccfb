import { quoted } from '../identifier.js';
import type { StagedCheck } from '../staged-check.js';
import type { ForeignKey } from '../table.js';
import type { Unique } from '../new-table.js';
import type { Arrived } from './arrived.js';

/** Rows that come after the first of those that have a unique key in common. */
export function duplicateCheck({ name, table }: Arrived, unique: Unique): StagedCheck {
  const { parts, where, nullsEqual } = unique;
  const present = nullsEqual === true ? [] : parts.map((part) => `${part} is not null`);
  const conditions = [...present, ...(where === undefined ? [] : [`(${where})`])];
  return {
    kind: 'duplicates',
    table,
    sourceName: name,
    column: columnOf(unique),
    rows: `select ctid from (
        select ctid, row_number() over (partition by ${parts.join(', ')} order by ctid) as place
        from ${quoted(table.name)} ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
      ) repeated where place > 1`,
    repairs: { first: [deleteFound(table.name)] },
  };
}

/** Rows that break a condition. */
export function conditionCheck(
  { name, table }: Arrived,
  { condition, columns }: Arrived['rules']['checks'][number],
): StagedCheck {
  const [column] = columns;
  return {
    kind: 'values',
    table,
    sourceName: name,
    column: columns.length === 1 ? column! : null,
    rows: `select ctid from ${quoted(table.name)} where (${condition}) is false`,
    repairs: columns.length === 1 ? nullRepair(table, columns) : {},
  };
}

/**
 * Rows that refer to rows which are not there.
 * @param parents the relations that rows of the other table are in, here or about to be, as SQL
 */
export function orphanCheck(
  { name, table }: Arrived,
  { columns, references }: ForeignKey,
  parents: readonly string[],
): StagedCheck {
  const present = columns.map((column) => `t.${quoted(column)} is not null`);
  const absent = parents.map((parent) => {
    const equal = columns.map((column, index) => `p.${quoted(references.columns[index]!)} = t.${quoted(column)}`);
    return `not exists (select from ${parent} p where ${equal.join(' and ')})`;
  });
  return {
    kind: 'orphans',
    table,
    sourceName: name,
    column: columns.join(', '),
    rows: `select t.ctid from ${quoted(table.name)} t where ${[...present, ...absent].join(' and ')}`,
    repairs: nullRepair(table, columns),
  };
}

/** NULL in place of columns of the rows that were found, where they may be that. */
function nullRepair({ name, columns }: Arrived['table'], repaired: readonly string[]): StagedCheck['repairs'] {
  const nullable = columns.filter((column) => column.nullable && repaired.includes(column.name));
  if (nullable.length === 0) {
    return {};
  }
  const assignments = nullable.map((column) => `${quoted(column.name)} = null`);
  return { null: [`update ${quoted(name)} t set ${assignments.join(', ')} from laurel_found f where t.ctid = f.row`] };
}

/** SQL of a repair: takes the rows away that were found. */
export function deleteFound(relation: string): string {
  return `delete from ${quoted(relation)} t using laurel_found f where t.ctid = f.row`;
}

function columnOf({ parts, name }: Unique): string {
  return parts.length === 1 ? parts[0]!.replaceAll(/^"|"$/g, '').replaceAll('""', '"') : name;
}
