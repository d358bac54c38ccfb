import type { Target } from '../target.js';

/** Something that a schema has by name. */
export interface Named {
  schema: string;
  name: string;
}

export interface Part extends Named {
  /** As in pg_class. */
  kind: string;
  /** Tables that it has columns and checks of, and that are not among those moved. */
  parents: string[];
}

export interface UsedSequence extends Named {
  /** By a column, with which it comes and goes. */
  owned: boolean;
}

/** What has to be made so that tables can be, and that is not a part of PostgreSQL or of an extension. */
export interface Requirements {
  /** The tables and all partitions of theirs. */
  parts: Part[];
  sequences: UsedSequence[];
  /** Enums, domains, ranges and composite types. */
  types: Named[];
  /** By the table that uses them. */
  functions: { table: string; name: string }[];
}

export function isOneOf(named: Named | undefined, others: readonly Named[]): boolean {
  return others.some(({ schema, name }) => schema === named?.schema && name === named.name);
}

/** Only reads. */
export async function requirementsOf(target: Target, tables: readonly Named[]): Promise<Requirements> {
  const named = [tables.map(({ schema }) => schema), tables.map(({ name }) => name)];
  return {
    parts: await target.query<Part>(PARTS, named),
    sequences: await target.query<UsedSequence>(SEQUENCES, named),
    types: await target.query<Named>(TYPES, named),
    functions: await target.query<{ table: string; name: string }>(FUNCTIONS, named),
  };
}

const RELATIONS = `
  moved (oid) as (
    select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join unnest($1::text[], $2::text[]) t (schema, name) on t.schema = n.nspname and t.name = c.relname
  ), parts (oid) as (
    select oid from moved union select p.relid from moved m cross join lateral pg_partition_tree(m.oid) p
  ), definitions (classid, objid, relation) as (
    select 'pg_class'::regclass, oid, oid from parts
    union all
    select 'pg_class'::regclass, i.indexrelid, i.indrelid from pg_index i join parts p on p.oid = i.indrelid
    union all
    select 'pg_attrdef'::regclass, a.oid, a.adrelid from pg_attrdef a join parts p on p.oid = a.adrelid
    union all
    select 'pg_constraint'::regclass, k.oid, k.conrelid from pg_constraint k join parts p on p.oid = k.conrelid
  )`;

const PARTS = `
  with ${RELATIONS}
  select n.nspname as schema, c.relname as name, c.relkind::text as kind,
    array(select f.relname::text from pg_inherits i join pg_class f on f.oid = i.inhparent
      where i.inhrelid = c.oid and i.inhparent not in (select oid from parts) order by 1) as parents
  from parts p join pg_class c on c.oid = p.oid join pg_namespace n on n.oid = c.relnamespace
  order by 1, 2`;

const SEQUENCES = `
  with ${RELATIONS}, used (oid, owned) as (
    select d.objid, true from pg_depend d join parts p on p.oid = d.refobjid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
    union all
    select d.refobjid, false from definitions join pg_depend d using (classid, objid)
    where classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass
  )
  select n.nspname as schema, c.relname as name, bool_or(u.owned) as owned
  from used u join pg_class c on c.oid = u.oid join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'S'
  group by 1, 2 order by 1, 2`;

/** @param column of an object's number, of the given catalog */
function isOwn(catalog: string, column: string): string {
  return `n.nspname not in ('pg_catalog', 'information_schema') and not exists (select from pg_depend e
    where e.classid = '${catalog}'::regclass and e.objid = ${column} and e.deptype = 'e')`;
}

const TYPES = `
  with recursive ${RELATIONS}, needed (oid) as (
    select u.type from (
      select a.atttypid from pg_attribute a join parts p on p.oid = a.attrelid
        where a.attnum > 0 and not a.attisdropped
      union all
      select d.refobjid from definitions join pg_depend d using (classid, objid)
        where d.refclassid = 'pg_type'::regclass
    ) u (type)
    union
    select o.type from needed join pg_type t on t.oid = needed.oid cross join lateral (
      values (t.typelem), (t.typbasetype)
      union all
      select unnest(array[r.rngtypid, r.rngsubtype]) from pg_range r where t.oid in (r.rngtypid, r.rngmultitypid)
      union all
      select a.atttypid from pg_attribute a
        where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
      union all
      select d.refobjid from pg_constraint k
        join pg_depend d on d.classid = 'pg_constraint'::regclass and d.objid = k.oid
        where k.contypid = t.oid and d.refclassid = 'pg_type'::regclass
    ) o (type)
    where o.type <> 0
  )
  select n.nspname as schema, t.typname as name
  from needed join pg_type t on t.oid = needed.oid join pg_namespace n on n.oid = t.typnamespace
  where (t.typtype in ('e', 'd', 'r') or exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
    and ${isOwn('pg_type', 't.oid')}
  order by 1, 2`;

const FUNCTIONS = `
  with ${RELATIONS}
  select distinct c.relname as table, n.nspname || '.' || f.proname as name
  from definitions join pg_depend d using (classid, objid)
  join pg_proc f on f.oid = d.refobjid join pg_namespace n on n.oid = f.pronamespace
  join pg_class c on c.oid = definitions.relation
  where d.refclassid = 'pg_proc'::regclass and ${isOwn('pg_proc', 'f.oid')}
  order by 1, 2`;
