import { newId } from '../../shared/ids.js';
import { literal, quoted } from '../identifier.js';
import type { StagedTable } from './staged-table.js';

/** The largest of the 32 bits that legacy_id and counts have. */
export const MAX_INTEGER = '2147483647';

/**
 * SQL: a time of a row aliased `t` as an instant.
 * @param like the column of the source whose type it has; left out: the column itself
 */
export function instantOf({ table }: StagedTable, column: string, timeZone: string, like = column): string {
  const name = `t.${quoted(column)}`;
  const isInstant = table.columns.find((known) => known.name === like)?.kind === 'instant';
  return isInstant ? name : `(${name} at time zone ${literal(timeZone)})`;
}

/**
 * SQL: new ids for the rows of one statement, UUIDv7 as the server makes them, but in the order of the rows: time and
 * most random bits are the statement's, the last 32 count. A random one for each row costs five times as much.
 * @param counter SQL of a number that no two rows share in its last 32 bits
 */
export function newIdSql(counter: string): string {
  const prefix = newId().slice(0, -8);
  return `(${literal(prefix)} || lpad(to_hex(${counter}::bigint & 4294967295), 8, '0'))::uuid`;
}
