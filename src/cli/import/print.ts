import type { Finding } from '../../transfer/finding.js';
import type { Comparison, ImportReport, TableReport } from '../../transfer/import/report.js';
import { INSTANTS } from '../../transfer/import/time-zone-check.js';
import { aligned, type Cell } from '../terminal.js';

/** The report as people read it. */
export function reportLines(report: ImportReport): string[] {
  return [
    `From ${report.source} to ${report.target}`,
    ...report.notCarried.map(({ name, why }) => `Not carried over: ${name}, ${why}`),
    ...report.notes.map((note) => `Note: ${note}`),
    '',
    ...aligned([
      ['table', 'read', 'written', 'merged', 'rejected', 'removed', 'compared'],
      ...report.tables.map((table) => rowOf(table)),
    ]),
    ...report.tables.flatMap(differencesOf),
    ...findingLines(report.findings),
    ...report.audits.filter(({ wrong }) => wrong > 0).map(({ what, wrong }) => `Wrong: ${wrong} ${what}`),
    ...sequenceLines(report),
    '',
    conclusionOf(report),
    ...report.rejects.map((path) => `Rows in question: ${path}`),
  ];
}

function rowOf({ table, read, written, merged, rejected, removed, comparisons }: TableReport): Cell[] {
  const isEqual = comparisons.every(({ equal }) => equal);
  const compared: Cell = isEqual ? { text: 'equal', style: 'green' } : { text: 'DIFFERENT', style: 'red' };
  return [table, ...[read, written, merged, rejected, removed].map(String), compared];
}

function differencesOf({ table, comparisons }: TableReport): string[] {
  return comparisons.filter(({ equal }) => !equal).flatMap((comparison) => differenceLines(table, comparison));
}

function differenceLines(table: string, { between, expected, found, sums }: Comparison): string[] {
  return [
    `Different: ${table}, ${between}: ${expected.rows} rows with hash ${expected.hash}, and ${found.rows} rows with hash ${found.hash}`,
    ...sums
      .filter((sum) => sum.expected !== sum.found)
      .map((sum) => `  ${sum.column}: ${sum.expected}, and ${sum.found}`),
  ];
}

function findingLines(findings: readonly Finding[]): string[] {
  if (findings.length === 0) {
    return [];
  }
  return [
    '',
    ...aligned([
      ['found', 'where', 'rows', 'policy', 'such as'],
      ...findings.map(({ kind, table, column, rows, policy, samples }): Cell[] => [
        kind,
        column === null ? table : `${table}.${column}`,
        String(rows),
        policy === 'fail' ? { text: policy, style: 'red' } : policy,
        samples.join('; '),
      ]),
    ]),
  ];
}

function sequenceLines({ sequences }: ImportReport): string[] {
  return sequences.length === 0
    ? []
    : [`Sequences: ${sequences.map(({ name, last }) => `${name} ${last}`).join(', ')}`];
}

function conclusionOf({ outcome, dryRun, tables, findings, audits, seconds }: ImportReport): string {
  const sum = (count: (table: TableReport) => number): number => tables.reduce((all, table) => all + count(table), 0);
  const read = sum((table) => table.read);
  const time = `${seconds.toFixed(1)} s`;
  switch (outcome) {
    case 'done':
      return `Done: of ${read} rows ${sum((table) => table.written)} written, ${sum((table) => table.merged)} merged, ${sum((table) => table.rejected)} rejected, ${sum((table) => table.removed)} removed by repairs, in ${time}. Both sides are equal.`;
    case 'checked':
      return findings.length === 0
        ? `Nothing is wrong with ${read} rows. This was a dry run: nothing was changed.`
        : `All that was found in ${read} rows has a policy. This was a dry run: nothing was changed.`;
    case 'findings': {
      const fatal = findings.filter(({ policy }) => policy === 'fail');
      const kinds = [...new Set(fatal.map(({ kind }) => kind))];
      const flags = [...new Set(fatal.map(flagFor))];
      return `${dryRun ? 'A run would end' : 'Ended'} for ${kinds.join(', ')}. Nothing was changed. Correct the source, or say what to do: ${flags.join(' ')} (see --help)`;
    }
    case 'differs':
      if (audits.some(({ wrong }) => wrong > 0)) {
        return 'Ended, as not all was as it must be afterwards (see Wrong). Nothing was changed. Triggers and rules of the tables can be the cause: switch them off for the run, or import into tables without them.';
      }
      return 'Ended, as the two sides differ. Nothing was changed. If nobody wrote to the files of the source meanwhile, this is a fault of Laurel: please report it with the report.';
  }
}

/** Times without a zone need to be told theirs; of other kinds it is said what to do about them. */
function flagFor({ kind, samples }: Finding): string {
  return kind === 'time-zones' && !samples.includes(INSTANTS) ? '--source-time-zone …' : `--${kind} …`;
}
