import type { CatalogObject } from './catalog.js';

/** Something old is gone and something new is like it: it may have been renamed, or not. */
export interface SuspectedRename {
  /** Which, in words. */
  text: string;
  /** SQL that renames it. */
  renamed: string;
  /** SQL that drops the one with its data, and makes the other. */
  replaced: string;
}

/** Columns of one type that come and go in one table, and tables with the same columns. */
export function suspectedRenames(before: readonly CatalogObject[], after: readonly CatalogObject[]): SuspectedRename[] {
  const [old, young] = [columnsByTable(before), columnsByTable(after)];
  return [...renamedTables(old, young), ...renamedColumns(old, young)];
}

type Columns = Map<string, Map<string, string>>;

/** The types of the columns by their names, by table. */
function columnsByTable(catalog: readonly CatalogObject[]): Columns {
  const result: Columns = new Map();
  for (const { table, kind, name, properties } of catalog) {
    if (table !== null && kind === 'column') {
      // Six digits are what a time has where none are named: MikroORM names them.
      const type = (properties['type'] ?? '').replace(/^time(stamp)?\(6\)/, 'time$1');
      result.set(table, (result.get(table) ?? new Map<string, string>()).set(name, type));
    }
  }
  return result;
}

function renamedColumns(old: Columns, young: Columns): SuspectedRename[] {
  return [...young].flatMap(([table, columns]) => {
    const oldColumns = old.get(table);
    if (oldColumns === undefined) {
      return [];
    }
    const gone = [...oldColumns].filter(([name]) => !columns.has(name));
    return [...columns]
      .filter(([name]) => !oldColumns.has(name))
      .flatMap(([name, type]) =>
        gone
          .filter(([, oldType]) => oldType === type)
          .map(([oldName]) => ({
            text: `${table}: column ${oldName} is gone and column ${name} is new, both ${type}`,
            renamed: `alter table ${table} rename column ${oldName} to ${name}`,
            replaced: `alter table ${table} drop column ${oldName}, add column ${name} ${type}`,
          })),
      );
  });
}

function renamedTables(old: Columns, young: Columns): SuspectedRename[] {
  const gone = [...old].filter(([table]) => !young.has(table));
  return [...young]
    .filter(([table]) => !old.has(table))
    .flatMap(([table, columns]) =>
      gone
        .filter(([, oldColumns]) => shapeOf(oldColumns) === shapeOf(columns))
        .map(([oldTable]) => ({
          text: `table ${oldTable} is gone and table ${table} is new, with the same columns`,
          renamed: `alter table ${oldTable} rename to ${table}`,
          replaced: `drop table ${oldTable}; create table ${table} (…)`,
        })),
    );
}

function shapeOf(columns: ReadonlyMap<string, string>): string {
  return JSON.stringify([...columns].toSorted());
}
