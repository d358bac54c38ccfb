import type { Column } from '../table.js';
import { integerType } from './column-type.js';
import type { MysqlColumn, MysqlTable } from './mysql-table.js';

/**
 * Gives columns that refer to each other one type. Numbers of their own making are `bigint` here at most, so that
 * `bigint unsigned` keys and what refers to them are; and `tinyint(1)`, which is a boolean by itself, is a number where
 * it refers to one.
 */
export function withKeysThatFit(tables: MysqlTable[]): MysqlTable[] {
  const groups = groupsOf(tables);
  return tables.map((table) => ({
    ...table,
    columns: table.columns.map((column) => {
      const group = groups.get(column) ?? [column];
      if (column.kind === 'boolean' && group.some(({ kind }) => kind === 'integer')) {
        return { ...column, kind: 'integer' as const, ...integerType('smallint', false) };
      }
      return column.type === 'numeric(20)' && group.some(({ autoIncrement }) => autoIncrement)
        ? { ...column, ...integerType('bigint', true) }
        : column;
    }),
  }));
}

/** Columns with all those that foreign keys tie them to. */
function groupsOf(tables: readonly MysqlTable[]): Map<Column, MysqlColumn[]> {
  const groups = new Map<Column, MysqlColumn[]>();
  const column = (table: string, name: string): MysqlColumn =>
    tables.find((each) => each.name === table)!.columns.find((each) => each.name === name)!;
  for (const { name, foreignKeys } of tables) {
    for (const { columns, references } of foreignKeys) {
      for (const [index, own] of columns.entries()) {
        const [from, to] = [column(name, own), column(references.table, references.columns[index]!)];
        const joined = [...new Set([...(groups.get(from) ?? [from]), ...(groups.get(to) ?? [to])])];
        for (const member of joined) {
          groups.set(member, joined);
        }
      }
    }
  }
  return groups;
}
