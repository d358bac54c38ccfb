import { quoted } from '../identifier.js';
import type { MysqlColumn, MysqlForeignKey, MysqlTable } from './mysql-table.js';

/**
 * Why a foreign key has no counterpart; null where it has one.
 * @param to the table that it refers to; undefined where that is not made, as it is there already
 */
export function whyNoReference(key: MysqlForeignKey, table: MysqlTable, to: MysqlTable | undefined): string | null {
  if (to === undefined) {
    return `the foreign key ${key.name} to ${key.references.table} refers to a table that is there already, and is not made`;
  }
  const own = key.columns.map((name) => columnOf(table, name));
  const others = key.references.columns.map((name) => columnOf(to, name));
  const what = `the foreign key ${key.name} to ${to.name}`;
  // Enums of two columns are two types, and the source compares their places, not their words.
  if (own.some(({ kind }, index) => kind === 'enum' || familyOf(own[index]!) !== familyOf(others[index]!))) {
    return `${what} is between types that are not compared here`;
  }
  if (!isUniqueIn(to, key.references.columns)) {
    return `${what} refers to columns that no key holds unique`;
  }
  const writes = key.onUpdate === 'cascade' || [key.onUpdate, key.onDelete].some((action) => action.startsWith('set'));
  return writes && own.some(({ generated }) => generated === true) ? `${what} writes to a generated column` : null;
}

/** The clause of an `alter table` that adds a foreign key. */
export function referenceClause(name: string, { columns, references, onDelete, onUpdate }: MysqlForeignKey): string {
  return (
    `add constraint ${quoted(name)} foreign key (${columns.map(quoted).join(', ')})` +
    ` references ${quoted(references.table)} (${references.columns.map(quoted).join(', ')})` +
    ` on delete ${onDelete} on update ${onUpdate}`
  );
}

function columnOf({ columns }: MysqlTable, name: string): MysqlColumn {
  return columns.find((column) => column.name === name)!;
}

/** A type without its length. */
function familyOf({ kind, type }: MysqlColumn): string {
  return kind === 'text' ? 'text' : type.replace(/\(.*/u, '');
}

function isUniqueIn({ primaryKey, uniques, columns }: MysqlTable, names: readonly string[]): boolean {
  const unbounded = new Set(columns.filter(({ type }) => type === 'text').map(({ name }) => name));
  return [primaryKey, ...uniques.map((unique) => unique.columns)].some(
    (key) =>
      key.length === names.length &&
      key.every((name) => names.includes(name)) &&
      !names.some((name) => unbounded.has(name)),
  );
}
