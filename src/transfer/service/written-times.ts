import { literal, quoted } from '../identifier.js';
import type { Table } from '../table.js';
import type { Target } from '../target.js';

/**
 * Has PostgreSQL make instants of times that arrived as text; that they are times has been seen to on their way.
 * @param arriving the staging table as rows arrived in it
 * @param timeZone of those without an offset
 */
export async function readWrittenTimes(
  target: Target,
  { name, columns }: Table,
  timeZone: string | undefined,
): Promise<void> {
  const written = columns.filter(({ spelled }) => spelled);
  if (written.length === 0) {
    return;
  }
  const types = written.map(
    (column) => `alter ${quoted(column.name)} type ${column.type} using ${quoted(column.name)}::${column.type}`,
  );
  await target.query(`set local time zone ${literal(timeZone ?? 'UTC')}`);
  await target.query(`alter table ${quoted(name)} ${types.join(', ')}`);
  await target.query("set local time zone 'UTC'");
}
