import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../../database/query.js';

/** A column that rows can be given a value in. */
export interface Column {
  name: string;
  /** As SQL has it, e.g. `character varying(20)`. */
  type: string;
  /** The type's own name, of a domain the one below it, e.g. `varchar`; of an array it begins with `_`. */
  base: string;
  notNull: boolean;
  hasDefault: boolean;
  /** SQL that draws its next number, where it has or had them from a sequence. */
  next: string | null;
  /** Of an enum. */
  labels: string[] | null;
}

export interface ForeignKey {
  columns: string[];
  table: string;
  referenced: string[];
}

export interface Check {
  name: string;
  columns: string[];
  definition: string;
}

export interface Table {
  /** For SQL: quoted, and with its schema where that is needed. */
  name: string;
  columns: Column[];
  foreignKeys: ForeignKey[];
  checks: Check[];
}

/** The tables that are not PostgreSQL's own and not partitions, with what their rows must fulfil. */
export function readTables(em: SqlEntityManager): Promise<Table[]> {
  return query(
    em,
    sql<Table>`
      with column_names as (
        select con.oid, jsonb_agg(a.attname order by k.place) as names
        from pg_constraint con
        cross join unnest(con.conkey) with ordinality k (attnum, place)
        join pg_attribute a on a.attrelid = con.conrelid and a.attnum = k.attnum
        group by con.oid
      ),
      referenced_names as (
        select con.oid, jsonb_agg(a.attname order by k.place) as names
        from pg_constraint con
        cross join unnest(con.confkey) with ordinality k (attnum, place)
        join pg_attribute a on a.attrelid = con.confrelid and a.attnum = k.attnum
        group by con.oid
      )
      select c.oid::regclass::text as name,
        coalesce((
          select jsonb_agg(jsonb_build_object(
            'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', coalesce(b.typname, t.typname),
            'notNull', a.attnotnull or t.typnotnull, 'hasDefault', a.atthasdef or a.attidentity <> '',
            'next', case
              when pg_get_expr(d.adbin, d.adrelid) like 'nextval(%' then pg_get_expr(d.adbin, d.adrelid)
              else 'nextval(' || quote_literal(pg_get_serial_sequence(c.oid::regclass::text, a.attname)) || ')' end,
            'labels', (select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e
              where e.enumtypid = coalesce(b.oid, t.oid))
          ) order by a.attnum)
          from pg_attribute a
          join pg_type t on t.oid = a.atttypid
          left join pg_type b on b.oid = t.typbasetype
          left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity <> 'a'
        ), '[]') as columns,
        coalesce((
          select jsonb_agg(jsonb_build_object(
            'columns', own.names, 'table', con.confrelid::regclass::text, 'referenced', theirs.names) order by con.conname)
          from pg_constraint con
          join column_names own on own.oid = con.oid
          join referenced_names theirs on theirs.oid = con.oid
          where con.conrelid = c.oid and con.contype = 'f'
        ), '[]') as "foreignKeys",
        coalesce((
          select jsonb_agg(jsonb_build_object(
            'name', con.conname, 'columns', own.names, 'definition', pg_get_constraintdef(con.oid)) order by con.conname)
          from pg_constraint con join column_names own on own.oid = con.oid
          where con.conrelid = c.oid and con.contype = 'c'
        ), '[]') as checks
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and not exists (
          select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      order by 1`,
  );
}

/**
 * The columns that refer to another table: by a foreign key, or by their name alone, as `user_id` does to the key of
 * `users` where both are of one type.
 */
export function referencesOf(table: Table, tables: readonly Table[]): ForeignKey[] {
  const keyed = new Set(table.foreignKeys.flatMap(({ columns }) => columns));
  const implied = table.columns
    .filter(({ name }) => !keyed.has(name))
    .flatMap((column) => impliedReference(column, table, tables) ?? []);
  return [...table.foreignKeys, ...implied];
}

function impliedReference(column: Column, table: Table, tables: readonly Table[]): ForeignKey | undefined {
  const [, singular] = /^(.+)_id$/.exec(column.name) ?? [];
  const other = tables.find(({ name }) => name === `${singular}s` && name !== table.name);
  const key = ['id', 'legacy_id'].find((name) =>
    other?.columns.some((each) => each.name === name && each.base === column.base),
  );
  return other === undefined || key === undefined
    ? undefined
    : { columns: [column.name], table: other.name, referenced: [key] };
}

/** Tables that others refer to come first, as far as they do not go in circles. */
export function parentsFirst(tables: readonly Table[]): Table[] {
  const ordered = new Set<Table>();
  const visit = (table: Table, path: readonly Table[]): void => {
    if (ordered.has(table) || path.includes(table)) {
      return;
    }
    for (const { table: parent } of referencesOf(table, tables)) {
      const found = tables.find(({ name }) => name === parent);
      if (found !== undefined) {
        visit(found, [...path, table]);
      }
    }
    ordered.add(table);
  };
  tables.forEach((table) => visit(table, []));
  return [...ordered];
}
