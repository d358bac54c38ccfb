import type { MigrationFile } from './history.js';
import { branchOf, headsOf } from './order.js';
import { touchedTables } from './touched-tables.js';

/** Branches that nobody has joined yet. */
export interface OpenBranches {
  /** The newest migration of each; one where there is one branch only. */
  heads: string[];
  /** Tables that more than one of them touches, as their SQL says it. */
  contested: string[];
}

/** What is to be settled before the branches of a history are applied. */
export async function openBranches(history: readonly MigrationFile[]): Promise<OpenBranches> {
  const heads = headsOf(history).map(({ name }) => name);
  const branches = heads.map((head) => branchOf(history, head));
  const touched = await Promise.all(
    branches.map((branch) => {
      const others = branches.filter((other) => other !== branch);
      const own = history.filter(({ name }) => branch.has(name) && !others.some((other) => other.has(name)));
      return tablesOfAll(own);
    }),
  );
  const contested = new Set(
    touched.flatMap((tables, index) =>
      [...tables].filter((table) => touched.some((other, place) => place !== index && other.has(table))),
    ),
  );
  return { heads, contested: [...contested].toSorted() };
}

async function tablesOfAll(migrations: readonly MigrationFile[]): Promise<Set<string>> {
  const statements = migrations.flatMap(({ up }) => up ?? []);
  return new Set((await Promise.all(statements.map(touchedTables))).flat());
}
