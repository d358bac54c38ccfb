import type { Checksum } from '../checksum.js';
import { copyTable } from '../copy-table.js';
import { TransferError } from '../errors.js';
import { refuseUnlessEmpty, lockLaurel } from '../game/locks.js';
import { countedAtOnce, cutTies } from '../game/rank-counts.js';
import { UsageError } from '../../migrate/errors.js';
import { LEDGER } from '../../migrate/ledger-name.js';
import { quoted } from '../identifier.js';
import type { NewTable } from '../new-table.js';
import { type PostgresTable, readPostgresTables } from '../postgres-tables.js';
import type { Source } from '../source.js';
import { runStagedCheck, type StagedCheck } from '../staged-check.js';
import type { ForeignKey, Table } from '../table.js';
import type { Target } from '../target.js';
import type { Arrived } from './arrived.js';
import { comparisonOf, storedChecksum } from './compare.js';
import { refuseUnlessCurrent } from './current-laurel.js';
import {
  createStaging,
  type ExistingTable,
  fitTable,
  isSummedAlike,
  readSpelled,
  refuseUnrecognisable,
} from './existing-tables.js';
import { expectLookAlikes, holdsNicknames, keepLookAlikes, lookAlikeNotes } from './look-alikes.js';
import { collisionChecks, type MergeRule, writeArrived } from './merge-tables.js';
import { createTables, setIdentity, tryStatements } from './new-tables.js';
import type { Audit, Comparison, ImportReport, NotCarried, TableReport } from './report.js';
import { auditTable, settleSequences } from './table-audit.js';
import { conditionCheck, duplicateCheck, orphanCheck } from './row-checks.js';
import { type Moved, type Mover, readOnly, type Run, timed } from './run.js';
import { findZonelessTimes } from './time-zone-check.js';
import { Watch } from './watch.js';

/** Tables that hold what players do; where none of them has a row, a Laurel is not in use. */
const IN_USE = ['users', 'friendships', 'scores', 'standings', 'visits'];

export interface TableImportOptions<T extends Table> {
  /** Where tables go; undefined: the first schema of the connection. */
  schema?: string | undefined;
  merge?: 'newer' | 'fail' | undefined;
  /**
   * How tables are made that are not there; undefined where a source cannot tell.
   * @param taken names that the schema has already
   */
  define?: ((tables: readonly T[], taken: readonly string[]) => Promise<NewTable[]>) | undefined;
  /** The source's table as it goes into one that is there; left out: as it is. */
  fit?: ((table: T, there: PostgresTable) => T) | undefined;
  notCarried?: readonly NotCarried[] | undefined;
}

/** Moves tables as they are: into tables of the same names, which are made where they are not there. */
export function tableImport<T extends Table>(source: Source<T>, options: TableImportOptions<T>): Mover {
  const tables = source.tables.map(({ name }) => name);
  return {
    mode: 'tables',
    tables,
    filled: tables,
    notCarried: options.notCarried ?? [],
    move: (run) => moveTables(run, source, options),
  };
}

interface Plan<T extends Table> {
  /** Of the source, in its order. */
  tables: readonly T[];
  there: ReadonlyMap<string, ExistingTable>;
  definitions: ReadonlyMap<string, NewTable>;
  rule: MergeRule;
  /** Whether the ranks of a Laurel without players are to be counted in the end. */
  countsRanks: boolean;
}

async function moveTables<T extends Table>(
  run: Run,
  source: Source<T>,
  options: TableImportOptions<T>,
): Promise<Moved> {
  const { problems } = run;
  const plan = await planOf(run, source, options);
  await createTables(run, [...plan.definitions.values()]);
  const tables: Arrived[] = [];
  for (const table of plan.tables) {
    tables.push(await copy(run, source, table, plan));
  }
  // The source adds up its own rows while the target makes keys and checks what arrived.
  const own = ownChecksums(source, plan);
  own.catch(() => undefined);
  for (const arrived of tables) {
    await findZonelessTimes(run, { ...arrived.table, name: arrived.name }, arrived.table.name);
    const existing = plan.there.get(arrived.name);
    if (existing !== undefined && holdsNicknames(existing)) {
      await noteArrival(run, arrived);
      run.notes.push(...lookAlikeNotes(await keepLookAlikes(run.target, arrived, existing)));
    }
    await (arrived.isNew ? makeKeys(run, arrived, plan) : checkRows(run, arrived, collisionChecks(arrived, plan.rule)));
  }
  await settleReferences(run, tables, plan);
  const isStopped = problems.fatal.length > 0 || run.dryRun;
  const written = isStopped ? undefined : await write(run, tables, plan);
  // The source can still be at it: the target does not wait for that.
  for (const arrived of tables) {
    await noteArrival(run, arrived);
  }
  const checksums = await own;
  const reports = tables.map((arrived, index) => reportOf(run, arrived, checksums[index]!, written?.tables[index]));
  const audits = written === undefined ? [] : [...reports.map(auditRows), ...written.audits];
  return { tables: reports, audits, sequences: written?.sequences ?? [] };
}

/** Every row that was read has to be somewhere. */
function auditRows({ table, read, written, merged, rejected, removed }: TableReport): Audit {
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

async function planOf<T extends Table>(
  { target }: Run,
  source: Source<T>,
  { schema, merge, define, fit }: TableImportOptions<T>,
): Promise<Plan<T>> {
  if (schema !== undefined) {
    await target.query(`create schema if not exists ${quoted(schema)}`);
    await target.query(`set local search_path to ${quoted(schema)}`);
  }
  const found = new Map((await readPostgresTables(target)).tables.map((table) => [table.name, table]));
  const tables = source.tables.map((table) => {
    const there = found.get(table.name);
    return there === undefined || fit === undefined ? table : fit(table, there);
  });
  const missing = tables.filter(({ name }) => !found.has(name));
  if (missing.length > 0 && define === undefined) {
    throw new UsageError(
      `There is no table ${missing.map(({ name }) => name).join(', ')} to import into. Nothing was changed. Make it first, or leave it out with --tables.\nThere are: ${[...found.keys()].join(', ')}`,
    );
  }
  const existing = new Map<string, ExistingTable>();
  for (const [place, table] of tables.entries()) {
    const there = found.get(table.name);
    if (there !== undefined) {
      const fitted = await fitTable(target, table, there, place);
      await refuseUnrecognisable(target, fitted);
      existing.set(table.name, fitted);
    }
  }
  const isLaurel = found.has(LEDGER) && IN_USE.some((name) => existing.has(name));
  const isEmpty = isLaurel && (await lockTables(target, existing, merge));
  const definitions = missing.length === 0 ? [] : await define!(missing, await takenNames(target));
  return {
    tables,
    there: existing,
    definitions: new Map(definitions.map((definition) => [definition.name, definition])),
    // What the migrations themselves put into an empty Laurel gives way to the source's.
    rule: merge ?? (isEmpty ? 'source' : 'fail'),
    countsRanks: isEmpty && existing.has('standings'),
  };
}

/**
 * Keeps everybody else's writes out of Laurel's tables until the transaction ends.
 * @returns whether nobody has ever played there
 * @throws TransferError where it is in use and nothing is to be merged
 */
async function lockTables(
  target: Target,
  existing: ReadonlyMap<string, ExistingTable>,
  merge: TableImportOptions<Table>['merge'],
): Promise<boolean> {
  await refuseUnlessCurrent(target);
  await lockLaurel(target);
  if (merge !== undefined) {
    return false;
  }
  await refuseUnlessEmpty(target);
  return existing.size > 0;
}

async function takenNames(target: Target): Promise<string[]> {
  const rows = await target.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = current_schema()::regnamespace
      union select typname from pg_type where typnamespace = current_schema()::regnamespace`,
  );
  return rows.map(({ name }) => name);
}

async function copy<T extends Table>(run: Run, source: Source<T>, table: T, plan: Plan<T>): Promise<Arrived> {
  const { target, problems, rejects, timeZone, signal, onProgress } = run;
  const { name, estimatedRows } = table;
  const existing = plan.there.get(name);
  if (existing !== undefined) {
    await createStaging(target, existing);
    if (holdsNicknames(existing)) {
      await expectLookAlikes(target, existing);
    }
    await target.query(`lock table ${quoted(name)} in share row exclusive mode`);
  }
  // Values come as the source has them, and are held to what the columns here take.
  const reader: Source = {
    name: source.name,
    tables: [],
    rows: () => source.rows(table),
    only: () => undefined,
    hasChecksum: () => false,
    checksum: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  };
  const encoded: Table = existing === undefined ? table : { ...existing.arriving, name };
  const into = existing?.staging.name ?? name;
  const copying = copyTable(reader, encoded, target, problems, rejects, {
    into,
    timeZone,
    hasChecksum: hasOwnChecksum(source, table, plan),
    signal,
    onRows: (rows) => onProgress({ phase: 'copying', table: name, rows: Number(rows), estimatedRows }),
  });
  const copied = await timed(copying);
  onProgress({ phase: 'copying', table: name, rows: Number(copied.read), estimatedRows, copied: true });
  const arrived: Arrived = {
    name,
    table: {
      ...encoded,
      name: into,
      partitioned: existing === undefined && definitionOf(plan, name).partitioned === true,
    },
    isNew: existing === undefined,
    rules: existing?.rules ?? definitionOf(plan, name).rules,
    copied,
    arrived: undefined,
  };
  if (existing !== undefined && existing.arriving.columns.some(({ spelled }) => spelled)) {
    await noteArrival(run, arrived);
    await readSpelled(target, existing, timeZone);
    arrived.table = { ...arrived.table, columns: existing.staging.columns };
  }
  await target.query(`analyze ${quoted(into)}`);
  return arrived;
}

function definitionOf<T extends Table>({ definitions }: Plan<T>, name: string): NewTable {
  return definitions.get(name)!;
}

/** What the source says of its own rows is of use where they are spelled here as there. */
function hasOwnChecksum<T extends Table>(source: Source<T>, table: T, { there }: Plan<T>): boolean {
  const columns = there.get(table.name)?.arriving.columns ?? table.columns;
  return source.hasChecksum(table) && table.columns.every((column, index) => isSummedAlike(column, columns[index]!));
}

async function ownChecksums<T extends Table>(source: Source<T>, plan: Plan<T>): Promise<(Checksum | null)[]> {
  const sums: (Checksum | null)[] = [];
  for (const table of plan.tables) {
    sums.push(hasOwnChecksum(source, table, plan) ? await source.checksum(table) : null);
  }
  return sums;
}

/** What arrived is added up before the first change to it; later on it could not be told any more. */
async function noteArrival({ target, timeZone }: Run, arrived: Arrived): Promise<void> {
  const { name, columns, partitioned } = arrived.table;
  // Rows of tables that inherit from it are their own.
  const from = `${arrived.isNew && partitioned !== true ? 'only ' : ''}${quoted(name)}`;
  arrived.arrived ??= await storedChecksum(target, from, columns, timeZone);
}

/** Keys as a rule just fit: what is in their way is looked for only where they do not. */
async function makeKeys<T extends Table>(run: Run, arrived: Arrived, { definitions }: Plan<T>): Promise<void> {
  const { keys } = definitions.get(arrived.name)!;
  run.onProgress({ phase: 'keys', table: arrived.name });
  if (await tryStatements(run.target, keys)) {
    return;
  }
  await checkRows(run, arrived, []);
  if (run.problems.fatal.length === 0) {
    for (const statement of keys) {
      await run.target.query(statement);
    }
  }
}

async function checkRows(run: Run, arrived: Arrived, more: readonly StagedCheck[]): Promise<void> {
  const { uniques, checks } = arrived.rules;
  await noteArrival(run, arrived);
  for (const check of [
    ...checks.map((each) => conditionCheck(arrived, each)),
    ...uniques.map((unique) => duplicateCheck(arrived, unique)),
    ...more,
  ]) {
    await runCheck(run, check);
  }
}

/** @throws TransferError for a table in partitions, where a row has no address of its own */
async function runCheck(run: Run, check: StagedCheck): Promise<number> {
  if (check.table.partitioned === true) {
    throw new TransferError(
      `The rows of ${check.sourceName} do not fit its keys, and cannot be looked at one by one, as it is partitioned. Nothing was changed. Import into a table without partitions first.`,
    );
  }
  run.signal?.throwIfAborted();
  run.onProgress({ phase: 'checking', table: check.sourceName });
  return await runStagedCheck(run.target, run.problems, run.rejects, check);
}

/**
 * Adds the foreign keys of new tables, and looks for rows that refer to nothing: in tables that are there always, in new
 * ones where the keys do not fit. A row that leaves can leave others alone, so that this goes on until none does.
 */
async function settleReferences<T extends Table>(run: Run, tables: readonly Arrived[], plan: Plan<T>): Promise<void> {
  const { target, problems } = run;
  const references = [...plan.definitions.values()].flatMap((definition) => [...definition.references]);
  const fit = problems.fatal.length === 0 && (await tryStatements(target, references));
  const checked = fit ? tables.filter(({ isNew }) => !isNew) : tables;
  let found: number;
  do {
    found = 0;
    for (const arrived of checked) {
      for (const key of arrived.rules.foreignKeys) {
        const parents = parentsOf(key, tables, plan);
        await noteArrival(run, arrived);
        found += await runCheck(run, orphanCheck(arrived, key, parents));
      }
    }
  } while (found > 0 && problems.fatal.length === 0);
  if (!fit && problems.fatal.length === 0) {
    for (const statement of references) {
      await target.query(statement);
    }
  }
}

/** The relations, as SQL, that rows of the table which a key refers to are in once this run is through. */
function parentsOf<T extends Table>({ references }: ForeignKey, tables: readonly Arrived[], plan: Plan<T>): string[] {
  const { table: name, schema } = references;
  if (schema !== undefined) {
    return [`${quoted(schema)}.${quoted(name)}`];
  }
  const arrived = tables.find((table) => table.name === name);
  if (arrived === undefined) {
    return [quoted(name)];
  }
  return (plan.there.has(name) ? [arrived.table.name, name] : [arrived.table.name]).map(quoted);
}

interface Written {
  tables: Pick<TableReport, 'written' | 'merged' | 'updated' | 'comparisons'>[];
  audits: Audit[];
  sequences: ImportReport['sequences'];
}

async function write<T extends Table>(run: Run, tables: readonly Arrived[], plan: Plan<T>): Promise<Written> {
  const { target } = run;
  const written: Written = { tables: [], audits: [], sequences: [] };
  const watch = await Watch.of(
    target,
    tables.filter(({ isNew }) => !isNew),
  );
  const writeAll = async (): Promise<void> => {
    for (const arrived of tables) {
      run.signal?.throwIfAborted();
      run.onProgress({ phase: 'writing', table: arrived.name });
      if (arrived.isNew) {
        written.tables.push(await countNew(run, arrived));
        continue;
      }
      await watch?.beforeWriting(arrived);
      const report = await writeArrived(target, arrived, plan.rule);
      await watch?.afterWriting(arrived, report);
      written.tables.push(report);
    }
  };
  await (plan.countsRanks ? countedAtOnce(target, writeAll) : writeAll());
  if (plan.countsRanks) {
    await cutTies(target);
  }
  for (const arrived of tables) {
    run.onProgress({ phase: 'comparing', table: arrived.name });
    for (const identity of plan.definitions.get(arrived.name)?.sequences ?? []) {
      await setIdentity(target, arrived.table, identity);
    }
    const { sequences, audits } = await settleSequences(target, arrived.name);
    written.sequences.push(...sequences);
    written.audits.push(...audits, ...(await auditTable(target, arrived.name)));
  }
  written.audits.push(...((await watch?.audits()) ?? []));
  return written;
}

async function countNew({ target }: Run, { table }: Arrived): Promise<Written['tables'][number]> {
  const from = `${table.partitioned === true ? '' : 'only '}${quoted(table.name)}`;
  const [row] = await target.query<{ rows: number }>(`select count(*)::integer as rows from ${from}`);
  return { written: row!.rows, merged: 0, updated: 0, comparisons: [] };
}

function reportOf(
  run: Run,
  arrived: Arrived,
  own: Checksum | null,
  written: Written['tables'][number] | undefined,
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
