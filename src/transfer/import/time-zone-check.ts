import { UsageError } from '../../migrate/errors.js';
import { MAX_SAMPLES } from '../finding.js';
import { quoted } from '../identifier.js';
import { becomesInstant } from '../row-hash.js';
import type { Column, Table } from '../table.js';
import { repeatedTimes } from './repeated-times.js';
import type { Run } from './run.js';

/** The first sample of a finding that no zone of the source would mend. */
export const INSTANTS = "instants for a column without a zone: keep takes UTC's clock";

/**
 * Looks for times that no zone belongs to, where none was given for the source; and where one was, notes those that its
 * clocks showed twice.
 * @param from the relation that the table's rows are in
 * @throws UsageError where such rows are to be rejected: it would be all of them
 */
export async function findZonelessTimes(run: Run, table: Table, from: string): Promise<void> {
  for (const column of table.columns) {
    if (column.utcClock === true) {
      await find(run, table, column, from, [INSTANTS]);
    } else if (column.kind === 'timestamp' && run.timeZone === undefined) {
      await find(run, table, column, from, []);
    } else if (column.kind === 'timestamp' && run.timeZone !== undefined) {
      await noteRepeated(run, table, column, from, run.timeZone);
    }
  }
}

async function noteRepeated(run: Run, table: Table, column: Column, from: string, timeZone: string): Promise<void> {
  // In plain tables what a clock showed can stay just that.
  if (run.mode === 'tables' && !becomesInstant(column)) {
    return;
  }
  const rows = await repeatedTimes(run.target, from, column, timeZone);
  if (rows > 0) {
    run.notes.push(
      `${table.name}.${column.name} has ${rows} ${rows === 1 ? 'time' : 'times'} that the clocks of ${timeZone} showed twice: the later of both is taken`,
    );
  }
}

async function find(run: Run, table: Table, column: Column, from: string, notes: string[]): Promise<void> {
  const [key] = table.primaryKey.length > 0 ? table.primaryKey : table.columns.map(({ name }) => name);
  const name = quoted(column.name);
  const [found] = await run.target.query<{ rows: number }>(
    `select count(${name})::integer as rows from ${quoted(from)}`,
  );
  const rows = found!.rows;
  if (rows === 0) {
    return;
  }
  const samples = await run.target.query<{ key: string }>(
    `select ${quoted(key!)}::text as key from ${quoted(from)} where ${name} is not null order by ${quoted(key!)} limit ${MAX_SAMPLES}`,
  );
  const policy = run.problems.found({
    kind: 'time-zones',
    table: table.name,
    column: column.name,
    rows,
    samples: [...notes, ...samples.map((sample) => `${key} ${sample.key}`)],
  });
  if (policy === 'reject') {
    throw new UsageError(
      'Rows with times without a zone cannot be rejected: it would be all of them. Nothing was changed. Say what zone they are in: --source-time-zone',
    );
  }
  if (policy === 'keep' && becomesInstant(column)) {
    throw new UsageError(
      `Times without a zone cannot be kept in ${table.name}.${column.name}, a column of instants. Nothing was changed. Say what zone they are in: --source-time-zone`,
    );
  }
}
