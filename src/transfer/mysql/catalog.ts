import type { Connection } from 'mysql2/promise';
import { UsageError } from '../../migrate/errors.js';
import { quoted } from '../identifier.js';
import { inReferenceOrder } from '../reference-order.js';
import { mariaDbDefault, mysqlDefault } from './catalog-default.js';
import { readForeignKeys, readIndexes, readChecks } from './catalog-keys.js';
import { catalogRows, isMariaDb, numberOf } from './catalog-query.js';
import { columnType, isUnsigned } from './column-type.js';
import { FreeNames, MAX_NAME_BYTES } from './free-names.js';
import { generationOf } from './generation.js';
import { withKeysThatFit } from './key-types.js';
import { withoutEscapes } from './mysql-literal.js';
import type { MysqlCheck, MysqlColumn, MysqlTable } from './mysql-table.js';

/** Something in the database that is not a table, and is not moved. */
export interface LeftOut {
  what: 'view' | 'sequence' | 'trigger' | 'procedure' | 'function' | 'event';
  name: string;
}

/**
 * Reads what the tables of the chosen database are, ordered so that none refers to a later one where that is possible.
 * @param connection with a database chosen, `set names utf8mb4`, `time_zone` at +00:00 and no `sql_mode`
 * @param options.tables only these; all by default
 * @param options.timeZone the IANA zone of times without one: they become `timestamptz`
 * @throws UsageError where a name is none of the tables
 */
export async function readTables(
  connection: Connection,
  options: { tables?: string[]; timeZone?: string } = {},
): Promise<MysqlTable[]> {
  const [version] = await catalogRows<'version'>(connection, 'select version() as version');
  const mariaDb = isMariaDb(version!.version!);
  if (!mariaDb) {
    // Otherwise the next number of a table may be a day old.
    await connection.query('set session information_schema_stats_expiry = 0');
  }
  const all = await catalogRows<'name' | 'type' | 'engine' | 'guess' | 'next' | 'options' | 'comment'>(
    connection,
    `select table_name as name, table_type as type, engine as engine, table_rows as guess, auto_increment as next,
       create_options as options, table_comment as comment from information_schema.tables
     where table_schema = database() and table_type in ('BASE TABLE', 'SYSTEM VERSIONED')`,
  );
  const names = namesOf(
    all.map(({ name }) => name!),
    options.tables,
  );
  const checks = await readChecks(connection, mariaDb);
  const columns = await readColumns(connection, mariaDb, checks, options.timeZone);
  const indexes = await readIndexes(connection, mariaDb);
  const foreignKeys = await readForeignKeys(connection);
  const tables = all
    .filter(({ name }) => names.has(name!))
    .map((row): MysqlTable => {
      const name = row.name!;
      const own = columns.get(name) ?? [];
      const { primaryKey = [], others = [] } = indexes.get(name) ?? {};
      const keys = foreignKeys.get(name) ?? [];
      const jsonColumns = new Set(own.filter(({ column }) => column.kind === 'json').map(({ column }) => column.name));
      return {
        name,
        columns: own.map(({ column }) => column),
        select: own.map(({ select }) => select),
        engine: row.engine,
        estimatedRows: numberOf(row.guess) ?? 0,
        comment: row.comment ?? '',
        autoIncrement: row.next === null ? null : BigInt(row.next),
        partitioned: /\bpartitioned\b/iu.test(row.options ?? ''),
        versioned: row.type === 'SYSTEM VERSIONED',
        primaryKey,
        uniques: others
          .filter(
            ({ unique, parts }) => unique && parts.every(({ column, prefix }) => column !== null && prefix === null),
          )
          .map((index) => ({ name: index.name, columns: index.parts.map(({ column }) => column!) })),
        foreignKeys: keys.filter(({ outside, references }) => outside === null && names.has(references.table)),
        outsideKeys: keys
          .filter(({ outside, references }) => outside !== null || !names.has(references.table))
          .map((key) => ({
            name: key.name,
            table: key.outside === null ? key.references.table : `${key.outside}.${key.references.table}`,
          })),
        indexes: others,
        // The type says the same.
        checks: (checks.get(name) ?? []).filter((check) => !jsonColumns.has(jsonColumnOf(check) ?? '')),
      };
    });
  return await withGenerated(withEnumTypes(withKeysThatFit(inReferenceOrder(tables))), options.timeZone);
}

/** What the chosen database has beside tables, by kind and name. */
export async function readLeftOut(connection: Connection): Promise<LeftOut[]> {
  const result: LeftOut[] = [];
  // One by one: the names are of several collations, which a union may refuse to mix.
  for (const sql of [
    `select if(table_type = 'SEQUENCE', 'sequence', 'view') as what, table_name as name from information_schema.tables
       where table_schema = database() and table_type in ('VIEW', 'SEQUENCE') order by 1, 2`,
    `select 'trigger' as what, trigger_name as name from information_schema.triggers
       where trigger_schema = database() order by 2`,
    `select lower(routine_type) as what, routine_name as name from information_schema.routines
       where routine_schema = database() and routine_type in ('PROCEDURE', 'FUNCTION') order by 1, 2`,
    `select 'event' as what, event_name as name from information_schema.events
       where event_schema = database() order by 2`,
  ]) {
    const rows = await catalogRows<'what' | 'name'>(connection, sql);
    result.push(...rows.map(({ what, name }) => ({ what: what as LeftOut['what'], name: name! })));
  }
  return result;
}

function namesOf(all: string[], chosen: string[] | undefined): Set<string> {
  const unknown = chosen?.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    const there = all.length === 0 ? 'It has none.' : `It has ${all.toSorted().join(', ')}.`;
    throw new UsageError(`The source has no table ${unknown}. ${there}`);
  }
  return new Set(chosen ?? all);
}

interface ReadColumn {
  column: MysqlColumn;
  select: string;
}

async function readColumns(
  connection: Connection,
  mariaDb: boolean,
  checks: ReadonlyMap<string, readonly MysqlCheck[]>,
  timeZone: string | undefined,
): Promise<Map<string, ReadColumn[]>> {
  const rows = await catalogRows<
    | 'table'
    | 'name'
    | 'default'
    | 'nullable'
    | 'type'
    | 'length'
    | 'digits'
    | 'scale'
    | 'fraction'
    | 'charset'
    | 'spelled'
    | 'extra'
    | 'comment'
    | 'generation'
  >(
    connection,
    `select table_name as \`table\`, column_name as name, column_default as \`default\`, is_nullable as nullable,
       data_type as type, character_maximum_length as length, numeric_precision as digits, numeric_scale as scale,
       datetime_precision as fraction, character_set_name as charset, column_type as spelled, extra as extra,
       column_comment as comment, generation_expression as generation
     from information_schema.columns where table_schema = database() order by table_name, ordinal_position`,
  );
  const result = new Map<string, ReadColumn[]>();
  for (const row of rows) {
    const [table, name, dataType, sourceType] = [row.table!, row.name!, row.type!.toLowerCase(), row.spelled!];
    const extra = row.extra ?? '';
    const autoIncrement = /\bauto_increment\b/iu.test(extra);
    const { select, ...type } = columnType(
      {
        name,
        dataType,
        columnType: sourceType,
        length: numberOf(row.length),
        digits: numberOf(row.digits),
        scale: numberOf(row.scale),
        fraction: numberOf(row.fraction),
        charset: row.charset,
        autoIncrement,
        json: checks.get(table)?.some((check) => jsonColumnOf(check) === name) === true,
      },
      timeZone,
    );
    const generation = row.generation === '' ? null : row.generation;
    const column: MysqlColumn = {
      name,
      sourceType,
      ...type,
      enumType: null,
      unsigned: isUnsigned(sourceType) && ['integer', 'decimal', 'real', 'double'].includes(type.kind),
      nullable: row.nullable === 'YES',
      default:
        generation === null
          ? mariaDb
            ? mariaDbDefault(row.default)
            : mysqlDefault(row.default, dataType, extra)
          : null,
      autoIncrement,
      updatesItself: /\bon update\b/iu.test(extra),
      generation: generation !== null && !mariaDb ? withoutEscapes(generation) : generation,
      comment: row.comment ?? '',
    };
    result.set(table, [...(result.get(table) ?? []), { column, select }]);
  }
  return result;
}

/** The column that a check holds to be JSON, where that is all it says. */
function jsonColumnOf({ clause }: MysqlCheck): string | null {
  const [, name] = /^\(?json_valid\(`((?:[^`]|``)+)`\)\)?$/iu.exec(clause ?? '') ?? [];
  return name?.replaceAll('``', '`') ?? null;
}

/** Gives enums the names of their types, which they share with tables. */
function withEnumTypes(tables: MysqlTable[]): MysqlTable[] {
  const names = new FreeNames(tables.map(({ name }) => name));
  return tables.map((table) => ({
    ...table,
    columns: table.columns.map((column) => {
      // A longer member is no label of a type: it stays text, with a check.
      if (column.kind !== 'enum' || column.members!.some((member) => Buffer.byteLength(member) > MAX_NAME_BYTES)) {
        return column;
      }
      const enumType = names.take(`${table.name}_${column.name}`);
      return { ...column, enumType, type: quoted(enumType) };
    }),
  }));
}

/** Marks the columns that are computed here too. */
async function withGenerated(tables: MysqlTable[], timeZone: string | undefined): Promise<MysqlTable[]> {
  const result: MysqlTable[] = [];
  for (const table of tables) {
    const columns: MysqlColumn[] = [];
    for (const column of table.columns) {
      const sql = await generationOf(column, table, timeZone);
      columns.push(sql === null ? column : { ...column, generated: true });
    }
    result.push({ ...table, columns });
  }
  return result;
}
