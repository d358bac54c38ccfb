import { TransferError } from '../errors.js';
import { literal, quoted } from '../identifier.js';
import { checkCondition, typeCondition } from './checks.js';
import { defaultSql } from './default-value.js';
import { FreeNames, MAX_NAME_BYTES } from './free-names.js';
import { generationOf } from './generation.js';
import { indexParts } from './index-definition.js';
import type { MysqlColumn, MysqlTable } from './mysql-table.js';
import { referenceClause, whyNoReference } from './reference-definition.js';
import type { NewTable, Problem, Unique } from '../new-table.js';
import type { ForeignKey } from '../table.js';

interface Context {
  tables: ReadonlyMap<string, MysqlTable>;
  names: FreeNames;
  timeZone: string | undefined;
}

const SYSTEM_COLUMNS = new Set(['ctid', 'xmin', 'cmin', 'xmax', 'cmax', 'tableoid']);
const IDENTITY_TYPES = new Set(['smallint', 'integer', 'bigint']);

/**
 * What PostgreSQL needs for tables of MySQL or MariaDB. Names of indexes, which are unique in a table there and in a
 * schema here, get the table's name in front where they would meet.
 * @param tables all that are moved, for what refers to what
 * @param options.taken names of tables, indexes, sequences and types that the schema has already
 * @param options.timeZone the zone of times without one, as given to `readTables`
 * @throws TransferError where a table or column cannot have its name here
 */
export async function definitionsOf(
  tables: readonly MysqlTable[],
  { taken = [], timeZone }: { taken?: Iterable<string>; timeZone?: string | undefined } = {},
): Promise<NewTable[]> {
  const there = new Set(taken);
  refuseNames(tables, there);
  const own = tables.flatMap(({ name, columns }) => [
    name,
    ...columns.filter(({ autoIncrement }) => autoIncrement).map((column) => `${name}_${column.name}_seq`),
    ...columns.flatMap(({ enumType }) => enumType ?? []),
  ]);
  const context: Context = {
    tables: new Map(tables.map((table) => [table.name, table])),
    names: new FreeNames([...there, ...own]),
    timeZone,
  };
  const result: NewTable[] = [];
  for (const table of tables) {
    result.push(await definitionOf(table, context));
  }
  return result;
}

async function definitionOf(table: MysqlTable, context: Context): Promise<NewTable> {
  const problems = tableProblems(table);
  const problem = (column: string | null, what: string): void => {
    problems.push({ table: table.name, column, what });
  };
  const columns: string[] = [];
  for (const column of table.columns) {
    columns.push(await columnSql(column, table, context.timeZone, (what) => problem(column.name, what)));
  }
  const { constraints, indexes, uniques } = await keysOf(table, context, problem);
  // Unlike indexes, checks and foreign keys share their names with what is of the same table alone.
  const constraintNames = new FreeNames(constraints.map(({ name }) => name));
  const checks = await checksOf(table, constraintNames, context.timeZone, problem);
  const references = referencesOf(table, context.tables, constraintNames, problem);
  return {
    name: table.name,
    create: [
      ...table.columns.flatMap((column) => enumTypeSql(column)),
      `create table ${quoted(table.name)} (\n  ${columns.join(',\n  ')}\n)`,
      ...commentsOf(table),
    ],
    keys: [
      ...alter(table, [
        ...constraints.map(({ name, key }) => `add constraint ${quoted(name)} ${key}`),
        ...checks.map(({ name, condition }) => `add constraint ${quoted(name)} check (${condition})`),
      ]),
      ...indexes,
    ],
    references: alter(
      table,
      references.map(({ clause }) => clause),
    ),
    rules: { uniques, foreignKeys: references.map(({ key }) => key), checks },
    sequences: table.columns
      .filter(isIdentity)
      .map((identity) => ({ column: identity.name, next: nextNumber(table, identity) })),
    problems,
  };
}

function tableProblems({ name, columns, outsideKeys, partitioned, versioned }: MysqlTable): Problem[] {
  const whats = [
    ...(partitioned ? ['the table is partitioned: its rows go into one plain table'] : []),
    ...(versioned ? ['the table is versioned: only the rows as they are now are moved, and it is a plain table'] : []),
    ...(isTooLong(name) ? [`the name is longer than ${MAX_NAME_BYTES} bytes: it is cut off`] : []),
    ...outsideKeys.map((key) => `the foreign key ${key.name} refers to ${key.table}, which is not moved`),
  ];
  return [
    ...whats.map((what) => ({ table: name, column: null, what })),
    ...columns
      .filter((column) => isTooLong(column.name))
      .map((column) => ({
        table: name,
        column: column.name,
        what: `the name is longer than ${MAX_NAME_BYTES} bytes: it is cut off`,
      })),
  ];
}

function isIdentity({ autoIncrement, type }: MysqlColumn): boolean {
  return autoIncrement && IDENTITY_TYPES.has(type);
}

function nextNumber({ autoIncrement }: MysqlTable, { range }: MysqlColumn): bigint {
  const next = autoIncrement ?? 1n;
  return next > range!.max ? range!.max : next;
}

function enumTypeSql({ enumType, members = [] }: MysqlColumn): string[] {
  return enumType === null ? [] : [`create type ${quoted(enumType)} as enum (${members.map(literal).join(', ')})`];
}

async function columnSql(
  column: MysqlColumn,
  table: MysqlTable,
  timeZone: string | undefined,
  problem: (what: string) => void,
): Promise<string> {
  const nullable = column.nullable ? '' : ' not null';
  if (column.unsupported !== null) {
    problem(column.unsupported);
  }
  if (column.updatesItself) {
    problem('on update current_timestamp: whoever updates a row has to set it');
  }
  if (column.autoIncrement && !isIdentity(column)) {
    problem(`auto_increment of the type ${column.sourceType} has no counterpart`);
  }
  return `${quoted(column.name)} ${column.type}${nullable}${await valueClause(column, table, timeZone, problem)}`;
}

async function valueClause(
  column: MysqlColumn,
  table: MysqlTable,
  timeZone: string | undefined,
  problem: (what: string) => void,
): Promise<string> {
  if (isIdentity(column)) {
    return ' generated by default as identity';
  }
  if (column.generation !== null) {
    const sql = await generationOf(column, table, timeZone);
    if (sql === null) {
      problem(`generated as ${column.generation}, which has no counterpart: its values are kept`);
    }
    return sql === null ? '' : ` generated always as (${sql}) stored`;
  }
  if (column.default === null) {
    return '';
  }
  const sql = await defaultSql(column, timeZone);
  if (sql === null) {
    const shown = 'value' in column.default ? column.default.value : column.default.expression;
    problem(`the default ${shown} has no counterpart`);
  }
  return sql === null ? '' : ` default ${sql}`;
}

function commentsOf({ name, comment, columns }: MysqlTable): string[] {
  return [
    ...(comment === '' ? [] : [`comment on table ${quoted(name)} is ${literal(comment)}`]),
    ...columns
      .filter((column) => column.comment !== '')
      .map((column) => `comment on column ${quoted(name)}.${quoted(column.name)} is ${literal(column.comment)}`),
  ];
}

async function checksOf(
  table: MysqlTable,
  names: FreeNames,
  timeZone: string | undefined,
  problem: (column: string | null, what: string) => void,
): Promise<NewTable['rules']['checks']> {
  const checks = table.columns.flatMap((column) => {
    const condition = typeCondition(column);
    const name = `${table.name}_${column.name}_check`;
    return condition === null ? [] : [{ name: names.take(name), condition, columns: [column.name] }];
  });
  for (const check of table.checks) {
    const condition = await checkCondition(check, table, timeZone);
    if (condition === null || !check.enforced) {
      const why = check.enforced ? 'has no counterpart' : 'is not enforced there';
      problem(check.column, `the check ${check.name} (${check.clause ?? 'cut off by the server'}) ${why}`);
      continue;
    }
    const own = `${table.name}_${check.name}_check`;
    const name = names.take(check.column === null ? check.name : own);
    checks.push({ name, condition, columns: check.column === null ? [] : [check.column] });
  }
  return checks;
}

async function keysOf(
  table: MysqlTable,
  { names, timeZone }: Context,
  problem: (column: string | null, what: string) => void,
): Promise<{ constraints: { name: string; key: string }[]; indexes: string[]; uniques: Unique[] }> {
  const constraints: { name: string; key: string }[] = [];
  const indexes: string[] = [];
  const uniques: Unique[] = [];
  if (table.primaryKey.length > 0) {
    const name = names.take(`${table.name}_pkey`);
    constraints.push({ name, key: `primary key (${table.primaryKey.map(quoted).join(', ')})` });
    uniques.push({ name, parts: table.primaryKey.map(quoted) });
  }
  for (const index of table.indexes) {
    const written = await indexParts(index, table, timeZone);
    if ('why' in written) {
      const [column, ...more] = index.parts.map((part) => part.column);
      problem(more.length === 0 ? column! : null, written.why);
      continue;
    }
    const name = names.take(index.name, `${table.name}_${index.name}`);
    const parts = written.parts.join(', ');
    if (index.unique) {
      uniques.push({ name, parts: written.parts.map((part) => part.replace(/ desc$/, '')) });
    }
    if (index.unique && written.ofColumns) {
      constraints.push({ name, key: `unique (${parts})` });
    } else {
      indexes.push(`create ${index.unique ? 'unique ' : ''}index ${quoted(name)} on ${quoted(table.name)} (${parts})`);
    }
  }
  return { constraints, indexes, uniques };
}

function referencesOf(
  table: MysqlTable,
  tables: Context['tables'],
  names: FreeNames,
  problem: (column: string | null, what: string) => void,
): { key: ForeignKey; clause: string }[] {
  return table.foreignKeys.flatMap((key) => {
    const why = whyNoReference(key, table, tables.get(key.references.table));
    if (why !== null) {
      problem(key.columns.length === 1 ? key.columns[0]! : null, why);
      return [];
    }
    return [{ key, clause: referenceClause(names.take(key.name), key) }];
  });
}

/** One statement for all of it: the table is read once for the checks, and locked once. */
function alter({ name }: MysqlTable, clauses: readonly string[]): string[] {
  return clauses.length === 0 ? [] : [`alter table ${quoted(name)}\n  ${clauses.join(',\n  ')}`];
}

function isTooLong(name: string): boolean {
  return Buffer.byteLength(name) > MAX_NAME_BYTES;
}

function refuseNames(tables: readonly MysqlTable[], there: ReadonlySet<string>): void {
  refuseEqual(
    tables.map(({ name }) => name),
    'tables',
  );
  for (const { name, columns } of tables) {
    const type = columns.find(({ enumType }) => enumType !== null && there.has(enumType))?.enumType;
    if (type !== undefined) {
      throw new TransferError(
        `There is a type or table ${type} already, which an enum of the table ${name} would have. Nothing was changed. Drop it, or leave the table out with --tables.`,
      );
    }
    refuseEqual(
      columns.map((column) => column.name),
      `columns of ${name}`,
    );
    const system = columns.find((column) => SYSTEM_COLUMNS.has(column.name))?.name;
    if (system !== undefined) {
      throw new TransferError(
        `The column ${system} of the table ${name} has a name that PostgreSQL keeps for itself. Nothing was changed. Rename the column in the source, or leave the table out with --tables.`,
      );
    }
  }
}

function refuseEqual(names: readonly string[], of: string): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const kept = Buffer.from(name).subarray(0, MAX_NAME_BYTES).toString();
    const other = seen.get(kept);
    if (other !== undefined) {
      throw new TransferError(
        `The ${of} ${other} and ${name} have one name in PostgreSQL, which cuts names off after ${MAX_NAME_BYTES} bytes. Nothing was changed. Rename one of them in the source.`,
      );
    }
    seen.set(kept, name);
  }
}
