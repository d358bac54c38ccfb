import type { Connection } from 'mysql2/promise';
import { catalogRows, numberOf } from './catalog-query.js';
import { withoutEscapes } from './mysql-literal.js';
import type { MysqlCheck, MysqlForeignKey, MysqlIndex } from './mysql-table.js';

export interface TableIndexes {
  primaryKey: string[];
  others: MysqlIndex[];
}

/** The indexes of all tables, by table. */
export async function readIndexes(connection: Connection, mariaDb: boolean): Promise<Map<string, TableIndexes>> {
  const rows = await catalogRows<
    'table' | 'name' | 'other' | 'column' | 'expression' | 'direction' | 'prefix' | 'method'
  >(
    connection,
    `select table_name as \`table\`, index_name as name, non_unique as other, column_name as \`column\`,
       ${mariaDb ? 'null' : 'expression'} as expression, collation as direction, sub_part as prefix,
       index_type as method
     from information_schema.statistics where table_schema = database()
     order by table_name, index_name, seq_in_index`,
  );
  const result = new Map<string, TableIndexes>();
  for (const row of rows) {
    const indexes = result.get(row.table!) ?? { primaryKey: [], others: [] };
    result.set(row.table!, indexes);
    let index = indexes.others.find(({ name }) => name === row.name);
    if (index === undefined) {
      index = { name: row.name!, unique: row.other === '0', method: row.method!, parts: [] };
      indexes.others.push(index);
    }
    index.parts.push({
      column: row.column,
      expression: row.expression === null ? null : withoutEscapes(row.expression),
      prefix: numberOf(row.prefix),
      descending: row.direction === 'D',
    });
  }
  return new Map([...result].map(([table, { others }]) => [table, withPrimaryKey(others)]));
}

/** A primary key over the first characters of a column has no counterpart as such: it stays a unique index. */
function withPrimaryKey(indexes: MysqlIndex[]): TableIndexes {
  const primary = indexes.find(({ name, parts }) => name === 'PRIMARY' && parts.every(({ prefix }) => prefix === null));
  return {
    primaryKey: primary?.parts.map(({ column }) => column!) ?? [],
    others: indexes.filter((index) => index !== primary),
  };
}

export interface ReadForeignKey extends MysqlForeignKey {
  /** The database of the table that it refers to; null for the same. */
  outside: string | null;
}

/** The foreign keys of all tables, by table. */
export async function readForeignKeys(connection: Connection): Promise<Map<string, ReadForeignKey[]>> {
  const rows = await catalogRows<'table' | 'name' | 'column' | 'outside' | 'to' | 'toColumn' | 'onUpdate' | 'onDelete'>(
    connection,
    `select k.table_name as \`table\`, k.constraint_name as name, k.column_name as \`column\`,
       nullif(k.referenced_table_schema, database()) as outside, k.referenced_table_name as \`to\`,
       k.referenced_column_name as toColumn, r.update_rule as onUpdate, r.delete_rule as onDelete
     from information_schema.key_column_usage k
     join information_schema.referential_constraints r on r.constraint_schema = k.constraint_schema
       and r.constraint_name = k.constraint_name and r.table_name = k.table_name
     where k.table_schema = database() and k.referenced_table_name is not null
     order by k.table_name, k.constraint_name, k.ordinal_position`,
  );
  const result = new Map<string, ReadForeignKey[]>();
  for (const row of rows) {
    const keys = result.get(row.table!) ?? [];
    result.set(row.table!, keys);
    let key = keys.find(({ name }) => name === row.name);
    if (key === undefined) {
      key = {
        name: row.name!,
        columns: [],
        references: { table: row.to!, columns: [] },
        onUpdate: row.onUpdate!.toLowerCase(),
        onDelete: row.onDelete!.toLowerCase(),
        outside: row.outside,
      };
      keys.push(key);
    }
    key.columns.push(row.column!);
    key.references.columns.push(row.toColumn!);
  }
  return result;
}

/** The checks of all tables, by table. */
export async function readChecks(connection: Connection, mariaDb: boolean): Promise<Map<string, MysqlCheck[]>> {
  const rows = mariaDb ? await mariaDbChecks(connection) : await mysqlChecks(connection);
  const result = new Map<string, MysqlCheck[]>();
  for (const { table, ...check } of rows) {
    result.set(table, [...(result.get(table) ?? []), check]);
  }
  return result;
}

async function mariaDbChecks(connection: Connection): Promise<(MysqlCheck & { table: string })[]> {
  // Older ones cut the text off without a word: then it is not what is checked.
  const [limit] = await catalogRows<'limit'>(
    connection,
    `select character_maximum_length as \`limit\` from information_schema.columns
     where table_schema = 'information_schema' and table_name = 'CHECK_CONSTRAINTS' and column_name = 'CHECK_CLAUSE'`,
  );
  const longest = numberOf(limit?.limit ?? null) ?? Infinity;
  const rows = await catalogRows<'table' | 'name' | 'level' | 'clause'>(
    connection,
    `select table_name as \`table\`, constraint_name as name, level as level, check_clause as clause
     from information_schema.check_constraints where constraint_schema = database()
     order by table_name, constraint_name, level`,
  );
  return rows.map(({ table, name, level, clause }) => ({
    table: table!,
    name: name!,
    column: level === 'Column' ? name : null,
    clause: clause!.length >= longest ? null : clause,
    enforced: true,
  }));
}

async function mysqlChecks(connection: Connection): Promise<(MysqlCheck & { table: string })[]> {
  const rows = await catalogRows<'table' | 'name' | 'clause' | 'enforced'>(
    connection,
    `select t.table_name as \`table\`, t.constraint_name as name, c.check_clause as clause, t.enforced as enforced
     from information_schema.table_constraints t
     join information_schema.check_constraints c
       on c.constraint_schema = t.constraint_schema and c.constraint_name = t.constraint_name
     where t.table_schema = database() and t.constraint_type = 'CHECK' order by t.table_name, t.constraint_name`,
  );
  return rows.map(({ table, name, clause, enforced }) => ({
    table: table!,
    name: name!,
    column: null,
    clause: withoutEscapes(clause!),
    enforced: enforced !== 'NO',
  }));
}
