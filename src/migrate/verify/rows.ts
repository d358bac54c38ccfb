import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../../database/query.js';

export interface RowColumn {
  name: string;
  type: string;
  /** In SQL; null where there is none. */
  default: string | null;
}

/** A table's rows: the text of each column, in the order of the columns. */
export interface TableRows {
  columns: RowColumn[];
  rows: (string | null)[][];
}

/** By table. */
export type Rows = Map<string, TableRows>;

/** All rows of all tables that are not PostgreSQL's own. */
export async function readRows(em: SqlEntityManager): Promise<Rows> {
  const tables = await query(
    em,
    sql<{ name: string; columns: RowColumn[] }>`
      select c.oid::regclass::text as name, jsonb_agg(jsonb_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, null), 'default', pg_get_expr(d.adbin, d.adrelid)
      ) order by a.attname) as columns
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relkind in ('r', 'p') and not c.relispartition
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and not exists (
          select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      group by c.oid order by 1`,
  );
  const result: Rows = new Map();
  for (const { name, columns } of tables) {
    const texts = columns.map((column) => sql`${sql.ref(column.name)}::text`);
    const rows = await query(
      em,
      sql<{ row: (string | null)[] }>`select to_jsonb(array[${sql.join(texts)}]) as row from ${sql.raw(name)}`,
    );
    result.set(name, { columns, rows: rows.map(({ row }) => row) });
  }
  return result;
}

/** In how many tables there are rows, and how many. */
export function countRows(rows: Rows): { tables: number; rows: number } {
  const counts = [...rows.values()].map((table) => table.rows.length).filter((count) => count > 0);
  return { tables: counts.length, rows: counts.reduce((sum, count) => sum + count, 0) };
}

const SHOWN = 5;

/**
 * In words, how rows differ: for each table that both sides have, in the columns that both sides have; whatever the
 * order of rows. At most five rows of each table are shown.
 * @param ignored columns that are not looked at, as `table.column`
 */
export function compareRows(before: Rows, after: Rows, ignored: ReadonlySet<string> = new Set()): string[] {
  return commonTables(before, after).flatMap(([table, was, is]) => {
    const names = commonColumns(was, is).filter((name) => !ignored.has(`${table}.${name}`));
    const [lost, added] = onlyInOne(project(was, names), project(is, names));
    if (lost.length + added.length === 0) {
      return [];
    }
    const columns = names.filter((name) => differs(project(was, [name]), project(is, [name])));
    const where = columns.length === 0 ? '' : `, in ${columns.join(', ')}`;
    return [
      `${table}: ${lost.length} rows are not as they were, ${added.length} were not there before${where}`,
      ...[...lost.map((row) => `- ${describe(names, row)}`), ...added.map((row) => `+ ${describe(names, row)}`)].slice(
        0,
        SHOWN,
      ),
    ];
  });
}

/** The columns whose values differ, as `table.column`, of which `mayDiffer` says that they may. */
export function differingColumns(before: Rows, after: Rows, mayDiffer: (column: RowColumn) => boolean): string[] {
  return commonTables(before, after).flatMap(([table, was, is]) =>
    commonColumns(was, is)
      .filter((name) => differs(project(was, [name]), project(is, [name])))
      .filter((name) => mayDiffer(is.columns.find((column) => column.name === name)!))
      .map((name) => `${table}.${name}`),
  );
}

function commonTables(before: Rows, after: Rows): [string, TableRows, TableRows][] {
  return [...before].flatMap(([table, was]) => {
    const is = after.get(table);
    return is === undefined ? [] : [[table, was, is] as [string, TableRows, TableRows]];
  });
}

function commonColumns(was: TableRows, is: TableRows): string[] {
  return was.columns.map(({ name }) => name).filter((name) => is.columns.some((column) => column.name === name));
}

/** Rows as text, of some columns only. */
function project({ columns, rows }: TableRows, names: readonly string[]): string[] {
  const places = names.map((name) => columns.findIndex((column) => column.name === name));
  return rows.map((row) => JSON.stringify(places.map((place) => row[place])));
}

function differs(before: readonly string[], after: readonly string[]): boolean {
  return onlyInOne(before, after).some((rows) => rows.length > 0);
}

/** What only the first has, and what only the second has; what one has several times, the other must have as often. */
function onlyInOne(before: readonly string[], after: readonly string[]): [string[], string[]] {
  const counts = new Map<string, number>();
  before.forEach((row) => counts.set(row, (counts.get(row) ?? 0) + 1));
  const added = after.filter((row) => {
    const count = counts.get(row) ?? 0;
    counts.set(row, count - 1);
    return count <= 0;
  });
  const lost = [...counts].flatMap(([row, count]) => Array.from({ length: Math.max(count, 0) }, () => row));
  return [lost, added];
}

function describe(names: readonly string[], row: string): string {
  const values = JSON.parse(row) as (string | null)[];
  return names.map((name, index) => `${name} ${values[index] ?? 'NULL'}`).join(', ');
}
