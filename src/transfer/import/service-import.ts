import { UsageError } from '../../migrate/errors.js';
import type { Checksum } from '../checksum.js';
import { copyTable } from '../copy-table.js';
import { quoted } from '../identifier.js';
import type { Audit, ReconciledTable } from '../service/reconciled.js';
import { arrivingTable, type ServiceShape, type StagedTable, stagedRow } from '../service/staged-table.js';
import { readWrittenTimes } from '../service/written-times.js';
import { isHashedAlike } from '../row-hash.js';
import type { Source } from '../source.js';
import { runStagedCheck, type StagedCheck } from '../staged-check.js';
import type { Table } from '../table.js';
import type { Target } from '../target.js';
import { comparisonOf, storedChecksum } from './compare.js';
import { refuseUnlessCurrent } from './current-laurel.js';
import type { Comparison, ImportReport, NotCarried, TableReport } from './report.js';
import { type Moved, type Mover, readOnly, type Run, timed, type TimedCopy } from './run.js';
import { findZonelessTimes } from './time-zone-check.js';

/** Times without a zone are found, and the run ends for them; until then the checks need one to go on with. */
const ANY_ZONE = 'UTC';

/** How the rows of an old service become Laurel's, once they are in their staging tables. */
export interface ServiceMove {
  mode: Exclude<ImportReport['mode'], 'tables'>;
  /** For people, such as `game service`. */
  called: string;
  /** Laurel's tables that rows go to. */
  filled: readonly string[];
  /** Refuses what cannot work, before anything is read. */
  prepare(target: Target): Promise<void>;
  /**
   * Makes the checks.
   * @param timeZone IANA zone of the source's times without one
   * @param run what is to be done with a check; answers how many rows it found
   */
  check(target: Target, timeZone: string, run: (check: StagedCheck) => Promise<number>): Promise<void>;
  /** Carries the rows over that are left, and compares what is there now. The tables are those of the shape, in its order. */
  write(target: Target, timeZone: string): Promise<Written>;
}

export interface Written {
  tables: ReconciledTable[];
  audits: Audit[];
  sequences: ImportReport['sequences'];
  /** What people are to know and is no fault. */
  notes: string[];
}

interface Staged {
  staged: StagedTable;
  copied: TimedCopy;
  /** Of the rows as they arrived, before the checks. */
  arrived: Checksum;
}

/**
 * Moves an old service's database into Laurel's tables.
 * @param leftOut what the source has beside tables
 */
export function serviceImport<T extends Table>(
  source: Source<T>,
  shape: ServiceShape,
  service: ServiceMove,
  leftOut: readonly NotCarried[],
): Mover {
  return {
    mode: service.mode,
    tables: shape.tables.map(({ source: { name } }) => name),
    filled: service.filled,
    notCarried: [
      ...shape.misfits.map(({ table, column, what, leavesOutTable }) => ({
        name: leavesOutTable ? table : `${table}.${column}`,
        why: what,
      })),
      ...shape.notCarried.map(({ table, column, what }) => ({
        name: column === null ? table : `${table}.${column}`,
        why: what,
      })),
      ...leftOut,
    ],
    prepare: async (run) => {
      refuseKeptTimes(run, shape, service);
      noteMisfits(run, shape);
      await refuseUnlessCurrent(run.target);
      await service.prepare(run.target);
    },
    move: (run) => moveService(run, source, shape, service),
  };
}

/** @throws UsageError where times without a zone are to be kept: those of Laurel are instants */
function refuseKeptTimes({ problems, timeZone }: Run, { tables }: ServiceShape, { called }: ServiceMove): void {
  const isZoneless = tables.some(({ table }) => table.columns.some(({ kind }) => kind === 'timestamp'));
  if (isZoneless && timeZone === undefined && problems.policyOf('time-zones') === 'keep') {
    throw new UsageError(
      `Times without a zone cannot be kept as they are: those of the ${called} become instants in Laurel's tables. Nothing was changed. Leave out --time-zones keep, and say what zone they are in: --source-time-zone`,
    );
  }
}

/** Tables and columns of the service that are there in another form are left out only where that was said. */
function noteMisfits({ problems }: Run, { misfits }: ServiceShape): void {
  for (const { table, column, what } of misfits) {
    problems.found({ kind: 'definitions', table, column, rows: 0, samples: [what] });
  }
}

async function moveService<T extends Table>(
  run: Run,
  source: Source<T>,
  shape: ServiceShape,
  service: ServiceMove,
): Promise<Moved> {
  const { target, problems, rejects } = run;
  const timeZone = run.timeZone ?? ANY_ZONE;
  const readers = shape.tables.map((staged) => readerOf(source, staged, run.timeZone));
  const copies: TimedCopy[] = [];
  for (const [index, staged] of shape.tables.entries()) {
    copies.push(await copyStaged(run, staged, readers[index]!));
  }
  // The source adds up its own rows while the target checks what arrived.
  const own = ownChecksums(readers);
  own.catch(() => undefined);
  const tables: Staged[] = [];
  for (const [index, staged] of shape.tables.entries()) {
    run.onProgress({ phase: 'comparing', table: staged.source.name });
    const arriving = arrivingTable(staged, run.timeZone);
    const arrived = await storedChecksum(target, quoted(staged.table.name), arriving.columns);
    await readWrittenTimes(target, arriving, run.timeZone);
    await findZonelessTimes(run, { ...staged.table, name: staged.source.name }, staged.table.name);
    tables.push({ staged, copied: copies[index]!, arrived });
  }
  await service.check(target, timeZone, async (check) => {
    run.signal?.throwIfAborted();
    run.onProgress({ phase: 'checking', table: check.sourceName });
    return await runStagedCheck(target, problems, rejects, check);
  });
  const isStopped = problems.fatal.length > 0 || run.dryRun;
  const written = isStopped ? undefined : await write(run, shape, service, timeZone);
  const checksums = await own;
  const reports = tables.map((table, index) => {
    const arrival = comparisonOf(
      'source and arrived',
      table.copied.expected(checksums[index]!),
      table.arrived,
      table.staged.table.columns,
    );
    return reportOf(run, table, arrival, written?.tables[index]);
  });
  return { tables: reports, audits: written?.audits ?? [], sequences: written?.sequences ?? [] };
}

async function write(run: Run, shape: ServiceShape, service: ServiceMove, timeZone: string): Promise<Written> {
  run.onProgress({ phase: 'writing', table: shape.tables[0]!.source.name });
  const written = await service.write(run.target, timeZone);
  run.notes.push(...written.notes);
  return written;
}

/**
 * What is read of the source for a staged table, under the staging table's column names and the source's own name. It
 * has the source's own checksum where values arrive as what they are there: flags that are integers, or days that are
 * text, make another one.
 */
function readerOf<T extends Table>(source: Source<T>, staged: StagedTable, timeZone: string | undefined): Source {
  const whole = source.tables.find(({ name }) => name === staged.source.name)!;
  const table: Table = { ...arrivingTable(staged, timeZone), name: staged.source.name };
  const part = source.only(whole, staged.places);
  const isAlike = part?.columns.every((column, index) => isHashedAlike(column, table.columns[index]!)) === true;
  const own = part !== undefined && isAlike && source.hasChecksum(part) ? part : undefined;
  return {
    name: source.name,
    tables: [table],
    rows: () => (part === undefined ? staging(source.rows(whole), staged) : source.rows(part)),
    only: () => undefined,
    hasChecksum: () => own !== undefined,
    checksum: () => (own === undefined ? Promise.resolve(null) : source.checksum(own)),
    close: () => Promise.resolve(),
  };
}

async function* staging(batches: ReturnType<Source['rows']>, staged: StagedTable): ReturnType<Source['rows']> {
  for await (const rows of batches) {
    yield rows.map((row) => stagedRow(staged, row));
  }
}

async function copyStaged(run: Run, staged: StagedTable, reader: Source): Promise<TimedCopy> {
  const { target, problems, rejects, signal, onProgress } = run;
  const { name, estimatedRows } = staged.source;
  await target.query(staged.create);
  const copying = copyTable(reader, reader.tables[0]!, target, problems, rejects, {
    into: staged.table.name,
    timeZone: run.timeZone,
    hasChecksum: reader.hasChecksum(reader.tables[0]!),
    signal,
    onRows: (rows) => onProgress({ phase: 'copying', table: name, rows: Number(rows), estimatedRows }),
  });
  const copied = await timed(copying);
  onProgress({ phase: 'copying', table: name, rows: Number(copied.read), estimatedRows, copied: true });
  return copied;
}

async function ownChecksums(readers: readonly Source[]): Promise<(Checksum | null)[]> {
  const sums: (Checksum | null)[] = [];
  for (const reader of readers) {
    sums.push(await reader.checksum(reader.tables[0]!));
  }
  return sums;
}

function reportOf(run: Run, { staged, copied }: Staged, arrival: Comparison, written?: ReconciledTable): TableReport {
  const report = { ...readOnly(staged.source.name, copied, run), comparisons: [arrival] };
  if (written === undefined) {
    return report;
  }
  const stored: Comparison = {
    between: 'checked and stored',
    expected: { rows: written.rows.staged, hash: written.hash.staged },
    found: { rows: written.rows.stored, hash: written.hash.stored },
    sums: [...written.sums, ...written.differences.filter(({ column }) => column !== null)].map(
      ({ column, staged: expected, stored: found }) => ({ column: column!, expected, found }),
    ),
    equal: written.differences.length === 0,
  };
  return {
    ...report,
    written: written.written,
    merged: written.merged,
    updated: written.updated,
    removed: report.read - report.rejected - written.read,
    comparisons: [arrival, stored],
  };
}
