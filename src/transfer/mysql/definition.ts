import type { MysqlTable } from './mysql-table.js';

/** Something in a definition that has no counterpart: the plain definition leaves it out. */
export interface Problem {
  table: string;
  /** Null where it is the table as a whole. */
  column: string | null;
  what: string;
}

/** What PostgreSQL runs for one table; all of it in the first schema of the search path. */
export interface NewTable {
  name: string;
  /** Enum types, the table without keys, its comments: before the load. */
  create: string[];
  /** Primary key, uniques, checks and indexes: after the load. */
  keys: string[];
  /** Foreign keys: after the keys of all tables. */
  references: string[];
  /** Conditions that `keys` adds as checks, so that rows can be counted that do not fulfil them. */
  checks: { name: string; condition: string }[];
  /** The identity column, and what the source would give the next row. */
  sequence?: { column: string; next: bigint };
  problems: Problem[];
}

/**
 * What PostgreSQL needs for tables of MySQL or MariaDB. Names of indexes, which are unique in a table there and in a
 * schema here, get the table's name in front where they would meet.
 * @param taken names of tables, indexes, sequences and types that the schema has already
 * @param timeZone the zone of times without one, as given to `readTables`
 * @throws TransferError where a table or column cannot have its name here
 */
export async function definitionsOf(
  _tables: readonly MysqlTable[],
  _options: { taken?: Iterable<string>; timeZone?: string } = {},
): Promise<NewTable[]> {
  throw new Error('not built yet');
}
