import type { Source } from '../source.js';
import type { Table } from '../table.js';
import type { Arrived } from './arrived.js';
import { holdsNicknames, keepLookAlikes, lookAlikeNotes } from './look-alikes.js';
import { collisionChecks } from './merge-tables.js';
import { createTables } from './new-tables.js';
import type { Moved, Mover, Run } from './run.js';
import { checkRows, makeKeys, settleReferences } from './table-checks.js';
import { copyRows, noteArrival, ownChecksums } from './table-copy.js';
import { planTables, type TableImportOptions } from './table-plan.js';
import { auditRows, reportOf } from './table-report.js';
import { writeTables } from './table-write.js';
import { findZonelessTimes } from './time-zone-check.js';

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

async function moveTables<T extends Table>(
  run: Run,
  source: Source<T>,
  options: TableImportOptions<T>,
): Promise<Moved> {
  const { problems } = run;
  const plan = await planTables(run, source, options);
  await createTables(run, [...plan.definitions.values()]);
  const tables: Arrived[] = [];
  for (const table of plan.tables) {
    tables.push(await copyRows(run, source, table, plan));
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
  const written = isStopped ? undefined : await writeTables(run, tables, plan);
  // The source can still be at it: the target does not wait for that.
  for (const arrived of tables) {
    await noteArrival(run, arrived);
  }
  const checksums = await own;
  const reports = tables.map((arrived, index) => reportOf(run, arrived, checksums[index]!, written?.tables[index]));
  const audits = written === undefined ? [] : [...reports.map(auditRows), ...written.audits];
  return { tables: reports, audits, sequences: written?.sequences ?? [] };
}
