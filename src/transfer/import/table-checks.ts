import { TransferError } from '../errors.js';
import { quoted } from '../identifier.js';
import { runStagedCheck, type StagedCheck } from '../staged-check.js';
import type { ForeignKey, Table } from '../table.js';
import type { Arrived } from './arrived.js';
import { tryStatements } from './new-tables.js';
import { conditionCheck, duplicateCheck, orphanCheck } from './row-checks.js';
import type { Run } from './run.js';
import { noteArrival } from './table-copy.js';
import type { TablePlan } from './table-plan.js';

/** Keys as a rule just fit: what is in their way is looked for only where they do not. */
export async function makeKeys<T extends Table>(
  run: Run,
  arrived: Arrived,
  { definitions }: TablePlan<T>,
): Promise<void> {
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

/** Looks at what arrived for a table that is there, by its rules and by further checks. */
export async function checkRows(run: Run, arrived: Arrived, more: readonly StagedCheck[]): Promise<void> {
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
export async function settleReferences<T extends Table>(
  run: Run,
  tables: readonly Arrived[],
  plan: TablePlan<T>,
): Promise<void> {
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
function parentsOf<T extends Table>(
  { references }: ForeignKey,
  tables: readonly Arrived[],
  plan: TablePlan<T>,
): string[] {
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
