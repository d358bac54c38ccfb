import { UsageError } from '../../migrate/errors.js';
import { TransferError } from '../errors.js';
import { literal, quoted } from '../identifier.js';
import type { Rules } from '../new-table.js';
import type { PostgresTable } from '../postgres-tables.js';
import { isInstantHere } from '../row-hash.js';
import type { Column, Table, ValueKind } from '../table.js';
import type { Target } from '../target.js';

/** What a staging table's name begins with. */
const STAGING = 'laurel_arrived_';

/** A table that is there, and the temporary one beside it that rows arrive in. */
export interface ExistingTable {
  /** What is there. */
  there: PostgresTable;
  /** The temporary one: the columns of the source, as the table that is there has them. */
  staging: Table;
  /** The same as rows arrive in it: some values are texts until PostgreSQL has read them. */
  arriving: Table;
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
  // A column that others are computed from cannot change its type.
  const isComputing = there.columns.some(({ generated }) => generated === true);
  const arriving = {
    ...staging,
    columns: columns.map((column, index) =>
      !isComputing && isSpelledOtherwise(source.columns[index]!, column) ? { ...column, spelled: true } : column,
    ),
  };
  return { there, staging, arriving, rules: await rulesOf(target, there, columns) };
}

/** Whether PostgreSQL writes values in another way than they come: then nobody but itself can say what they are. */
function isSpelledOtherwise(source: Column, { kind, type }: Column): boolean {
  if (kind === 'timestamp') {
    // Some may have their own offset.
    return source.anySpelling === true && isInstantHere({ type });
  }
  const isRewritten = kind === 'other' || (kind === 'json' && type !== 'json') || /^(?:bpchar|character\()/.test(type);
  return isRewritten && (source.anySpelling === true || source.type !== type);
}

function fitColumn({ name: table }: Table, column: Column, there: PostgresTable): Column {
  const fitting = there.columns.find(({ name }) => name === column.name);
  if (fitting === undefined) {
    throw new UsageError(
      `The source has a column ${table}.${column.name}, and the table here has not. Nothing was changed. The table has: ${there.columns.map(({ name }) => name).join(', ')}`,
    );
  }
  refuseOtherTimes(table, column, fitting);
  const { type, nullable, range, maxLength, precision, generated } = fitting;
  const isSet = column.kind === 'set' && type === 'text[]';
  const members = isSet ? column.members : fitting.members;
  return {
    name: column.name,
    sourceType: column.sourceType,
    kind: isSet || isReadAlike(column, fitting) ? column.kind : fitting.kind,
    type,
    nullable,
    ...(range && { range }),
    ...(maxLength !== undefined && { maxLength }),
    ...(precision && { precision }),
    ...(members && { members }),
    ...(generated && { generated }),
    ...(column.needsOffset && { needsOffset: true }),
    ...(column.kind === 'instant' && fitting.kind === 'timestamp' && { utcClock: true }),
    ...limitsOf(column, fitting),
    ...(column.narrowCharset !== undefined && { narrowCharset: column.narrowCharset }),
  };
}

/**
 * Refuses tables in which the rows of an earlier run could not be told from others: the second run would double them,
 * or take a row of another table for theirs.
 * @throws UsageError for tables that have rows and no key, and for those that others inherit from
 */
export async function refuseUnrecognisable(target: Target, { there, rules }: ExistingTable): Promise<void> {
  const relation = `${quoted(there.schema)}.${quoted(there.name)}`;
  const [state] = await target.query<{ filled: boolean; heirs: boolean }>(
    `select exists (select from ${relation}) as filled,
      exists (select from pg_inherits where inhparent = $1::regclass) and not $2::boolean as heirs`,
    [relation, there.partitioned],
  );
  if (state!.filled && rules.uniques.length === 0) {
    throw new UsageError(
      `The table ${there.name} has rows and no key to recognise them by: a second run would double them. Nothing was changed. Give it a primary key or a unique index, or import into a table without rows.`,
    );
  }
  if (state!.heirs) {
    throw new UsageError(
      `Other tables inherit from ${there.name}: their rows would be taken for its own. Nothing was changed. Import into a table from which none inherits.`,
    );
  }
}

/** What values have to be where they come from another type. */
function limitsOf(column: Column, { kind, type }: Column): Pick<Column, 'fraction' | 'exact'> {
  if (column.type === type && column.anySpelling !== true) {
    return {};
  }
  const fraction = /\((\d)\)/.exec(type)?.[1];
  const isFloat = kind === 'double' || kind === 'real';
  const isWidened = column.kind === kind || (column.kind === 'real' && kind === 'double');
  return {
    ...(fraction !== undefined && TIMES.has(kind) && { fraction: Number(fraction) }),
    ...(isFloat && (!isWidened || column.anySpelling === true) && { exact: true }),
  };
}

const TIMES = new Set<ValueKind>(['date', 'timestamp', 'instant', 'time']);

/** A day is no time of day, and has none: such values are sound, and could not be kept as they are. */
function refuseOtherTimes(table: string, column: Column, there: Column): void {
  if (TIMES.has(column.kind) && TIMES.has(there.kind) && !isReadAlike(column, there)) {
    throw new UsageError(
      `${table}.${column.name} is ${column.sourceType} in the source, and ${there.type} in the table here. Nothing was changed. Give the column here the type of the source, or import into another table.`,
    );
  }
}

/** Whether values are spelled in the source's way: its times then have its own clock. */
function isReadAlike(column: Pick<Column, 'kind'>, there: Pick<Column, 'kind'>): boolean {
  const kinds = new Set([column.kind, there.kind]);
  return column.kind === there.kind || (kinds.has('timestamp') && kinds.has('instant'));
}

/** Kinds whose canonical text is their own with its length. */
const TEXTS = new Set<ValueKind>(['text', 'enum', 'json', 'other']);

/** Whether what the source says of its own values can be compared with what arrived. */
export function isSummedAlike(column: Column, arriving: Column): boolean {
  if (arriving.spelled) {
    return TEXTS.has(column.kind);
  }
  return column.kind === arriving.kind && column.precision?.scale === arriving.precision?.scale;
}

/** Makes the temporary table, which computes generated columns as the one that is there does. */
export async function createStaging(target: Target, { there, staging, arriving }: ExistingTable): Promise<void> {
  await target.query(
    `create temporary table ${quoted(staging.name)} (like ${quoted(there.name)} including generated) on commit drop`,
  );
  // Rows that lack a value are to be found, and reported, by the checks. Generated ones have theirs.
  const drops = there.columns
    .filter(({ nullable }) => !nullable)
    .map(({ name }) => `alter ${quoted(name)} drop not null`);
  const texts = spelledIn(arriving).map(({ name }) => `alter ${quoted(name)} type text`);
  if (drops.length + texts.length > 0) {
    await target.query(`alter table ${quoted(staging.name)} ${[...drops, ...texts].join(', ')}`);
  }
}

/**
 * Has PostgreSQL make values of those that arrived as texts.
 * @param timeZone of times without an offset
 * @throws TransferError where a text is none
 */
export async function readSpelled(
  target: Target,
  { there, arriving }: ExistingTable,
  timeZone: string | undefined,
): Promise<void> {
  const spelled = spelledIn(arriving);
  if (spelled.length === 0) {
    return;
  }
  const types = spelled.map(({ name, type }) => `alter ${quoted(name)} type ${type} using ${quoted(name)}::${type}`);
  await target.query(`set local time zone ${literal(timeZone ?? 'UTC')}`);
  try {
    await target.query(`alter table ${quoted(arriving.name)} ${types.join(', ')}`);
  } catch (error) {
    const columns = spelled.map(({ name, type }) => `${name} (${type})`).join(', ');
    throw new TransferError(
      `Values of ${there.name} cannot be read: ${(error as Error).message}. Nothing was changed. It is one of the columns ${columns}: correct the source.`,
      { cause: error },
    );
  }
  await target.query("set local time zone 'UTC'");
}

function spelledIn({ columns }: Table): Column[] {
  return columns.filter(({ spelled }) => spelled);
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
