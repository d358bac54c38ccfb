import { inReferenceOrder } from './reference-order.js';
import type { Column, Table, ValueKind } from './table.js';
import type { Target } from './target.js';

/** A table of PostgreSQL, as its catalog has it. */
export interface PostgresTable extends Table {
  schema: string;
  /** Its rows are in its partitions, and read through it. */
  partitioned: boolean;
  /** The server's own guess; -1 where it never looked. */
  estimatedRows: number;
}

/** What holds rows and is not among the tables. */
export interface UnreadTable {
  /** With its schema. */
  name: string;
  why: string;
}

export interface PostgresTables {
  /** Ordered so that none refers to a later one where that is possible. */
  tables: PostgresTable[];
  unread: UnreadTable[];
}

interface CatalogColumn {
  name: string;
  type: string;
  /** Without modifiers; of a domain, the type that it is made of. */
  base: string;
  category: string;
  modifier: number;
  nullable: boolean;
  generated: boolean;
  members: string[] | null;
}

interface CatalogTable extends Omit<PostgresTable, 'columns'> {
  columns: CatalogColumn[];
}

/**
 * Reads what the tables of the current schema are: ordinary ones, known to Laurel or not, and partitioned ones.
 * Only reads, and sees what the transaction under way sees.
 */
export async function readPostgresTables(target: Target): Promise<PostgresTables> {
  const tables = await target.query<CatalogTable>(TABLES);
  const unread = await target.query<UnreadTable>(UNREAD);
  return { tables: inReferenceOrder(tables.map(tableOf)), unread };
}

/** What an integer type holds; undefined for other types. */
export function integerRange(type: string): { min: bigint; max: bigint } | undefined {
  const bits = INTEGER_BITS[type];
  return bits === undefined ? undefined : { min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n };
}

const INTEGER_BITS: Record<string, bigint> = { smallint: 16n, integer: 32n, bigint: 64n };

/** Types that are held in their own text, however they are spelled. */
const KINDS: Record<string, ValueKind> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  numeric: 'decimal',
  float4: 'real',
  float8: 'double',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
  bit: 'bits',
  varbit: 'bits',
  bool: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'instant',
  time: 'time',
  uuid: 'uuid',
};

/** Of a type modifier with a length of characters. */
const LENGTH_HEADER = 4;

function tableOf({ columns, ...table }: CatalogTable): PostgresTable {
  return { ...table, columns: columns.map(columnOf) };
}

function columnOf({ name, type, base, category, modifier, nullable, generated, members }: CatalogColumn): Column {
  const range = integerRange(INTEGER_NAMES[base] ?? '');
  return {
    name,
    sourceType: type,
    type,
    kind: kindOf(base, category),
    nullable,
    ...(generated && { generated }),
    ...(members !== null && { members }),
    ...(range && { range }),
    ...sizeOf(base, modifier),
  };
}

const INTEGER_NAMES: Record<string, string> = { int2: 'smallint', int4: 'integer', int8: 'bigint' };

/** By the category, types that extensions bring are texts and enums too. */
function kindOf(base: string, category: string): ValueKind {
  if (category === 'S') {
    return 'text';
  }
  return category === 'E' ? 'enum' : (KINDS[base] ?? 'other');
}

function sizeOf(base: string, modifier: number): Pick<Column, 'maxLength' | 'precision'> {
  if (modifier < 0) {
    return {};
  }
  switch (base) {
    case 'varchar':
    case 'bpchar':
      return { maxLength: modifier - LENGTH_HEADER };
    // Of `bit varying` it is only the most that there may be, and PostgreSQL itself sees to that.
    case 'bit':
      return { maxLength: modifier };
    case 'numeric': {
      const packed = modifier - LENGTH_HEADER;
      // The scale is a signed number of 11 bits.
      return { precision: { digits: packed >> 16, scale: ((packed & 0x7ff) ^ 1024) - 1024 } };
    }
    default:
      return {};
  }
}

const OF_EXTENSION = `exists (select from pg_depend d
  where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`;

/** Names of the columns of a key, in its order. */
function keyColumns(table: string, numbers: string): string {
  return `(select json_agg(a.attname order by k.place)
    from unnest(${numbers}) with ordinality k (number, place)
    join pg_attribute a on a.attrelid = ${table} and a.attnum = k.number)`;
}

const TABLES = `
  with recursive bases (type, base, modifier) as (
    select oid, oid, -1 from pg_type where typtype <> 'd'
    union all
    select t.oid, b.base, case when t.typtypmod <> -1 then t.typtypmod else b.modifier end
    from pg_type t join bases b on b.type = t.typbasetype where t.typtype = 'd'
  )
  select n.nspname as schema, c.relname as name, c.relkind = 'p' as partitioned,
    c.reltuples::float8 as "estimatedRows",
    (select coalesce(json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', t.typname,
        'category', t.typcategory, 'modifier', case when a.atttypmod <> -1 then a.atttypmod else b.modifier end,
        'nullable', not a.attnotnull, 'generated', a.attgenerated <> '',
        'members', (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)
      ) order by a.attnum), '[]')
      from pg_attribute a
      join bases b on b.type = a.atttypid
      join pg_type t on t.oid = b.base
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    coalesce((select ${keyColumns('c.oid', 'k.conkey')} from pg_constraint k
      where k.conrelid = c.oid and k.contype = 'p'), '[]') as "primaryKey",
    (select coalesce(json_agg(json_build_object('name', k.conname, 'columns', ${keyColumns('c.oid', 'k.conkey')})
        order by k.conname), '[]')
      from pg_constraint k where k.conrelid = c.oid and k.contype = 'u') as uniques,
    (select coalesce(json_agg(json_build_object('name', k.conname, 'columns', ${keyColumns('c.oid', 'k.conkey')},
        'references', jsonb_build_object('table', f.relname, 'columns', ${keyColumns('f.oid', 'k.confkey')})
          || case when f.relnamespace = c.relnamespace then '{}' else jsonb_build_object('schema', fn.nspname) end)
        order by k.conname), '[]')
      from pg_constraint k join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
      where k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0) as "foreignKeys"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = current_schema() and c.relkind in ('r', 'p') and not c.relispartition
    and c.relpersistence <> 't' and not ${OF_EXTENSION}
  order by c.relname`;

const UNREAD = `
  select n.nspname || '.' || c.relname as name,
    case when c.relkind = 'f' then 'a foreign table: its rows are on another server'
      when ${OF_EXTENSION} then 'made by an extension'
      else 'in another schema than ' || coalesce(current_schema(), '(none)') end as why
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname <> 'information_schema' and n.nspname !~ '^pg_' and c.relpersistence <> 't'
    and c.relkind in ('r', 'p', 'f') and not c.relispartition
    and (n.nspname <> current_schema() or current_schema() is null or c.relkind = 'f' or ${OF_EXTENSION})
  order by 1`;
