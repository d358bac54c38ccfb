import type { Checksum } from '../checksum.js';
import type { Arrived } from './arrived.js';
import { comparisonOf } from './compare.js';
import type { Audit, Comparison, TableReport } from './report.js';
import { readOnly, type Run } from './run.js';
import type { WrittenTable } from './table-write.js';

/** What became of the rows of one table. @param written undefined where nothing was written in the end */
export function reportOf(
  run: Run,
  arrived: Arrived,
  own: Checksum | null,
  written: WrittenTable | undefined,
): TableReport {
  const { name, table, copied } = arrived;
  const arrival: Comparison = comparisonOf('source and arrived', copied.expected(own), arrived.arrived!, table.columns);
  const report = { ...readOnly(name, copied, run), comparisons: [arrival] };
  if (written === undefined) {
    return report;
  }
  return {
    ...report,
    ...written,
    removed: removedFrom(run, name),
    comparisons: [arrival, ...written.comparisons],
  };
}

/** Every row that was read has to be somewhere. */
export function auditRows({ table, read, written, merged, rejected, removed }: TableReport): Audit {
  return {
    what: `rows of ${table} that were neither written nor merged, rejected or removed`,
    wrong: Math.abs(read - written - merged - rejected - removed),
  };
}

/** Rows that went because another one of their key stays. */
function removedFrom({ problems }: Run, table: string): number {
  return problems.findings
    .filter((finding) => finding.table === table && finding.kind === 'duplicates' && finding.policy === 'first')
    .reduce((sum, { rows }) => sum + rows, 0);
}
