import type { Checksum } from '../checksum.js';
import { copyTable } from '../copy-table.js';
import { quoted } from '../identifier.js';
import type { Source } from '../source.js';
import type { Table } from '../table.js';
import type { Arrived } from './arrived.js';
import { storedChecksum } from './compare.js';
import { createStaging, isSummedAlike, readSpelled } from './existing-tables.js';
import { expectLookAlikes, holdsNicknames } from './look-alikes.js';
import { type Run, timed } from './run.js';
import { definitionOf, type TablePlan } from './table-plan.js';

/** Streams the rows of one table: into the new one, or into a staging table beside the one that is there. */
export async function copyRows<T extends Table>(
  run: Run,
  source: Source<T>,
  table: T,
  plan: TablePlan<T>,
): Promise<Arrived> {
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

/** What the source says of its own rows is of use where they are spelled here as there. */
function hasOwnChecksum<T extends Table>(source: Source<T>, table: T, { there }: TablePlan<T>): boolean {
  const columns = there.get(table.name)?.arriving.columns ?? table.columns;
  return source.hasChecksum(table) && table.columns.every((column, index) => isSummedAlike(column, columns[index]!));
}

/** What the source says of its own rows, table by table; null where that is of no use. */
export async function ownChecksums<T extends Table>(
  source: Source<T>,
  plan: TablePlan<T>,
): Promise<(Checksum | null)[]> {
  const sums: (Checksum | null)[] = [];
  for (const table of plan.tables) {
    sums.push(hasOwnChecksum(source, table, plan) ? await source.checksum(table) : null);
  }
  return sums;
}

/** What arrived is added up before the first change to it; later on it could not be told any more. */
export async function noteArrival({ target, timeZone }: Run, arrived: Arrived): Promise<void> {
  const { name, columns, partitioned } = arrived.table;
  // Rows of tables that inherit from it are their own.
  const from = `${arrived.isNew && partitioned !== true ? 'only ' : ''}${quoted(name)}`;
  arrived.arrived ??= await storedChecksum(target, from, columns, timeZone);
}
