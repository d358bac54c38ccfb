import { UsageError } from '../../migrate/errors.js';
import { MAX_SAMPLES } from '../finding.js';
import { quoted } from '../identifier.js';
import type { Table } from '../table.js';
import type { Run } from './run.js';

/**
 * Looks for times that no zone belongs to, where none was given for the source.
 * @param from the relation that the table's rows are in
 * @throws UsageError where such rows are to be rejected: it would be all of them
 */
export async function findZonelessTimes(run: Run, table: Table, from: string): Promise<void> {
  if (run.timeZone !== undefined) {
    return;
  }
  const [key] = table.primaryKey.length > 0 ? table.primaryKey : table.columns.map(({ name }) => name);
  for (const { name, kind } of table.columns) {
    if (kind !== 'timestamp') {
      continue;
    }
    const [found] = await run.target.query<{ rows: number }>(
      `select count(${quoted(name)})::integer as rows from ${quoted(from)}`,
    );
    const rows = found!.rows;
    if (rows === 0) {
      continue;
    }
    const samples = await run.target.query<{ key: string }>(
      `select ${quoted(key!)}::text as key from ${quoted(from)} where ${quoted(name)} is not null order by ${quoted(key!)} limit ${MAX_SAMPLES}`,
    );
    const policy = run.problems.found({
      kind: 'time-zones',
      table: table.name,
      column: name,
      rows,
      samples: samples.map((sample) => `${key} ${sample.key}`),
    });
    if (policy === 'reject') {
      throw new UsageError(
        'Rows with times without a zone cannot be rejected: it would be all of them. Nothing was changed. Say what zone they are in: --source-time-zone',
      );
    }
  }
}
