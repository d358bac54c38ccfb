import { countedAtOnce, cutTies } from '../game/rank-counts.js';
import { quoted } from '../identifier.js';
import type { Table } from '../table.js';
import type { Arrived } from './arrived.js';
import { writeArrived } from './merge-tables.js';
import { setIdentity } from './new-tables.js';
import type { Audit, ImportReport, TableReport } from './report.js';
import type { Run } from './run.js';
import { auditTable, settleSequences } from './table-audit.js';
import type { TablePlan } from './table-plan.js';
import { Watch } from './watch.js';

/** What became of the rows of one table in the target. */
export type WrittenTable = Pick<TableReport, 'written' | 'merged' | 'updated' | 'comparisons'>;

interface Written {
  tables: WrittenTable[];
  audits: Audit[];
  sequences: ImportReport['sequences'];
}

/** Brings what arrived into the tables that are there, and settles sequences and audits of them and of the new ones. */
export async function writeTables<T extends Table>(
  run: Run,
  tables: readonly Arrived[],
  plan: TablePlan<T>,
): Promise<Written> {
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

async function countNew({ target }: Run, { table }: Arrived): Promise<WrittenTable> {
  const from = `${table.partitioned === true ? '' : 'only '}${quoted(table.name)}`;
  const [row] = await target.query<{ rows: number }>(`select count(*)::integer as rows from ${from}`);
  return { written: row!.rows, merged: 0, updated: 0, comparisons: [] };
}
