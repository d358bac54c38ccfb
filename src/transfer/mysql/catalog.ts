import type { Connection } from 'mysql2/promise';
import type { MysqlTable } from './mysql-table.js';

/** Something in the database that is not a table, and is not moved. */
export interface LeftOut {
  what: 'view' | 'sequence' | 'trigger' | 'procedure' | 'function' | 'event';
  name: string;
}

/**
 * Reads what the tables of the chosen database are, ordered so that none refers to a later one where that is possible.
 * @param connection with a database chosen, and `time_zone` at +00:00
 * @param options.tables only these; all by default
 * @param options.timeZone the IANA zone of times without one: they become `timestamptz`
 * @throws UsageError where a name is none of the tables
 */
export async function readTables(
  _connection: Connection,
  _options: { tables?: string[]; timeZone?: string } = {},
): Promise<MysqlTable[]> {
  throw new Error('not built yet');
}

/** What the chosen database has beside tables, by kind and name. */
export async function readLeftOut(_connection: Connection): Promise<LeftOut[]> {
  throw new Error('not built yet');
}
