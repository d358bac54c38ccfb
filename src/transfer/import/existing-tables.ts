import { UsageError } from '../../migrate/errors.js';
import { quoted } from '../identifier.js';
import type { Rules } from '../new-table.js';
import type { PostgresTable } from '../postgres-tables.js';
import type { Column, Table } from '../table.js';
import type { Target } from '../target.js';

/** What a staging table's name begins with. */
const STAGING = 'laurel_arrived_';

/** A table that is there, and the temporary one beside it that rows arrive in. */
export interface ExistingTable {
  /** What is there. */
  there: PostgresTable;
  /** The temporary one: the columns of the source, as the table that is there has them. */
  staging: Table;
  rules: Rules;
}

/**
 * Fits a table of the source to the one that is there.
 * @param place tells temporary tables of one run apart
 * @throws UsageError for columns that are not there, and for columns that must have a value and are not in the source
 */
export async function fitTable(
  target: Target,
  source: Table,
  there: PostgresTable,
  place: number,
): Promise<ExistingTable> {
  const columns = source.columns.map((column) => fitColumn(source, column, there));
  const defaults = await columnsWithDefault(target, there);
  const missing = there.columns.filter(
    ({ name, nullable, generated }) =>
      !nullable && generated !== true && !defaults.has(name) && !columns.some((column) => column.name === name),
  );
  if (missing.length > 0) {
    throw new UsageError(
      `The table ${there.name} needs values for ${missing.map(({ name }) => name).join(', ')}, and the source has none. Nothing was changed. Give the columns a default, or the source the values.`,
    );
  }
  const staging = { ...source, name: `${STAGING}${place}`, columns, primaryKey: there.primaryKey };
  return { there, staging, rules: await rulesOf(target, there, columns) };
}

function fitColumn({ name: table }: Table, column: Column, there: PostgresTable): Column {
  const fitting = there.columns.find(({ name }) => name === column.name);
  if (fitting === undefined) {
    throw new UsageError(
      `The source has a column ${table}.${column.name}, and the table here has not. Nothing was changed. The table has: ${there.columns.map(({ name }) => name).join(', ')}`,
    );
  }
  const { type, nullable, range, maxLength, precision, members, generated } = fitting;
  return {
    name: column.name,
    sourceType: column.sourceType,
    kind: isReadAlike(column, fitting) ? column.kind : fitting.kind,
    type,
    nullable,
    ...(range && { range }),
    ...(maxLength !== undefined && { maxLength }),
    ...(precision && { precision }),
    ...(members && { members }),
    ...(generated && { generated }),
    ...(column.needsOffset && { needsOffset: true }),
    ...(column.narrowCharset !== undefined && { narrowCharset: column.narrowCharset }),
  };
}

/** Whether values are spelled in the source's way: then its own checksum is of use, and its times have its own clock. */
export function isReadAlike(column: Pick<Column, 'kind'>, there: Pick<Column, 'kind'>): boolean {
  return column.kind === there.kind || (column.kind === 'timestamp' && there.kind === 'instant');
}

/** Makes the temporary table, which computes generated columns as the one that is there does. */
export async function createStaging(target: Target, { there, staging }: ExistingTable): Promise<void> {
  await target.query(
    `create temporary table ${quoted(staging.name)} (like ${quoted(there.name)} including generated) on commit drop`,
  );
  // Rows that lack a value are to be found, and reported, by the checks. Generated ones have theirs.
  const drops = there.columns
    .filter(({ nullable }) => !nullable)
    .map(({ name }) => `alter ${quoted(name)} drop not null`);
  if (drops.length > 0) {
    await target.query(`alter table ${quoted(staging.name)} ${drops.join(', ')}`);
  }
}

async function columnsWithDefault(target: Target, { schema, name }: PostgresTable): Promise<Set<string>> {
  const rows = await target.query<{ name: string }>(
    `select attname as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and (atthasdef or attidentity <> '')`,
    [`${quoted(schema)}.${quoted(name)}`],
  );
  return new Set(rows.map((row) => row.name));
}

async function rulesOf(
  target: Target,
  { schema, name, foreignKeys }: PostgresTable,
  columns: readonly Column[],
): Promise<Rules> {
  const relation = `${quoted(schema)}.${quoted(name)}`;
  const uniques = await target.query<{ name: string; parts: string[]; where: string | null; nullsEqual: boolean }>(
    UNIQUES,
    [relation],
  );
  const checks = await target.query<{ name: string; condition: string; columns: string[] }>(CHECKS, [relation]);
  const isThere = (column: string): boolean => columns.some((each) => each.name === column);
  return {
    uniques: uniques.map(({ where, ...unique }) => ({ ...unique, ...(where !== null && { where }) })),
    // A column that the source lacks is NULL, or what its default says.
    foreignKeys: foreignKeys.filter((key) => key.columns.every(isThere)),
    checks: checks.filter((check) => check.columns.every(isThere)),
  };
}

const UNIQUES = `
  select c.relname as name, pg_get_expr(i.indpred, i.indrelid) as where,
    coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) as "nullsEqual",
    (select json_agg(pg_get_indexdef(i.indexrelid, part, true) order by part)
      from generate_series(1, i.indnkeyatts) part) as parts
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where i.indrelid = $1::regclass and i.indisunique
  order by not i.indisprimary, c.relname`;

const CHECKS = `
  select conname as name, pg_get_expr(conbin, conrelid) as condition,
    coalesce((select json_agg(a.attname) from unnest(conkey) k
      join pg_attribute a on a.attrelid = conrelid and a.attnum = k), '[]') as columns
  from pg_constraint where conrelid = $1::regclass and contype = 'c'
  order by conname`;
