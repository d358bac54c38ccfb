import { UsageError } from '../../migrate/errors.js';
import type { Checksum } from '../checksum.js';
import { copyTable } from '../copy-table.js';
import { checkGame } from '../game/check-game.js';
import { convertGame } from '../game/convert.js';
import { refuseUnlessEmpty } from '../game/locks.js';
import type { GameOptions } from '../game/options.js';
import { type ReconciledTable, reconcileGame } from '../game/reconcile.js';
import { SEQUENCES } from '../game/sequences.js';
import { type GameShape, type StagedTable, arrivingTable, stagedRow } from '../game/shape.js';
import { readWrittenTimes } from '../game/written-times.js';
import { quoted } from '../identifier.js';
import type { Source } from '../source.js';
import { runStagedCheck } from '../staged-check.js';
import type { Table } from '../table.js';
import type { Target } from '../target.js';
import { comparisonOf, storedChecksum } from './compare.js';
import { refuseUnlessCurrent } from './current-laurel.js';
import type { Comparison, ImportReport, NotCarried, TableReport } from './report.js';
import { lookAlikeNotes } from './look-alikes.js';
import { type Moved, type Mover, readOnly, type Run, timed, type TimedCopy } from './run.js';
import { findZonelessTimes } from './time-zone-check.js';

/** Times without a zone are found, and the run ends for them; until then the checks need one to go on with. */
const ANY_ZONE = 'UTC';

interface Staged {
  staged: StagedTable;
  copied: TimedCopy;
  /** Of the rows as they arrived, before the checks. */
  arrived: Checksum;
}

/**
 * Moves a game service's database into Laurel's tables.
 * @param leftOut what the source has beside tables
 */
export function gameImport<T extends Table>(
  source: Source<T>,
  shape: GameShape,
  { seasonTimeZone, merge }: Pick<GameOptions, 'seasonTimeZone' | 'merge'>,
  leftOut: readonly NotCarried[],
): Mover {
  return {
    mode: 'game',
    tables: shape.tables.map(({ source: { name } }) => name),
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
      refuseKeptTimes(run, shape);
      noteMisfits(run, shape);
      const { target } = run;
      await refuseUnlessCurrent(target);
      if (merge === undefined) {
        await refuseUnlessEmpty(target);
      }
    },
    move: (run) => moveGame(run, source, shape, { seasonTimeZone, merge, timeZone: run.timeZone ?? ANY_ZONE }),
  };
}

/** @throws UsageError where times without a zone are to be kept: those of Laurel are instants */
function refuseKeptTimes({ problems, timeZone }: Run, { tables }: GameShape): void {
  const isZoneless = tables.some(({ table }) => table.columns.some(({ kind }) => kind === 'timestamp'));
  if (isZoneless && timeZone === undefined && problems.policyOf('time-zones') === 'keep') {
    throw new UsageError(
      "Times without a zone cannot be kept as they are: those of the game service become instants in Laurel's tables. Nothing was changed. Leave out --time-zones keep, and say what zone they are in: --source-time-zone",
    );
  }
}

/** Tables and columns of the service that are there in another form are left out only where that was said. */
function noteMisfits({ problems }: Run, { misfits }: GameShape): void {
  for (const { table, column, what } of misfits) {
    problems.found({ kind: 'definitions', table, column, rows: 0, samples: [what] });
  }
}

async function moveGame<T extends Table>(
  run: Run,
  source: Source<T>,
  shape: GameShape,
  options: GameOptions,
): Promise<Moved> {
  const { target, problems, rejects } = run;
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
  await checkGame(target, shape, options, async (check) => {
    run.signal?.throwIfAborted();
    run.onProgress({ phase: 'checking', table: check.sourceName });
    return await runStagedCheck(target, problems, rejects, check);
  });
  const isStopped = problems.fatal.length > 0 || run.dryRun;
  const written = isStopped ? undefined : await write(run, shape, options);
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

async function write(
  run: Run,
  shape: GameShape,
  options: GameOptions,
): Promise<Pick<Moved, 'audits' | 'sequences'> & { tables: ReconciledTable[] }> {
  const { target } = run;
  run.onProgress({ phase: 'writing', table: 'users' });
  const counts = await convertGame(target, shape, options);
  run.notes.push(...lookAlikeNotes(await keptLookAlikes(target)));
  run.onProgress({ phase: 'comparing', table: 'users' });
  return { ...(await reconcileGame(target, shape, options, counts)), sequences: await sequencesOf(target) };
}

/** How many of the players who came with this run look like others by their nicknames. */
async function keptLookAlikes(target: Target): Promise<number> {
  const [counted] = await target.query<{ rows: number }>(
    `select count(*)::integer as rows from laurel_players p join users u on u.id = p.id where p.is_new and u.look_alike_kept`,
  );
  return counted!.rows;
}

/** What is read of the source for a staged table, under the staging table's column names and the source's own name. */
function readerOf<T extends Table>(source: Source<T>, staged: StagedTable, timeZone: string | undefined): Source {
  const whole = source.tables.find(({ name }) => name === staged.source.name)!;
  const table: Table = { ...arrivingTable(staged, timeZone), name: staged.source.name };
  const part = source.only(whole, staged.places);
  const own = part !== undefined && source.hasChecksum(part) ? part : undefined;
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

async function sequencesOf(target: Target): Promise<ImportReport['sequences']> {
  const sequences: ImportReport['sequences'] = [];
  for (const name of Object.keys(SEQUENCES)) {
    const [row] = await target.query<{ last: string }>(
      `select (last_value - case when is_called then 0 else 1 end)::text as last from ${name}`,
    );
    sequences.push({ name, last: row!.last });
  }
  return sequences;
}
