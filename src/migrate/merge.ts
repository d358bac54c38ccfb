import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MigrationError, UsageError } from './errors.js';
import type { MigrationFile } from './history.js';
import { branchOf, headsOf } from './order.js';
import { newMigrationName } from './migration-name.js';

export interface Merge {
  /** Of the file that was written. */
  path: string;
  /** The heads that it joins, in the order in which their branches are applied. */
  heads: string[];
}

/**
 * Joins branches: writes a migration without statements that comes after all their heads, and says in which order the
 * branches are applied.
 * @param folder of the sources
 * @param chosen the heads in that order; where left out, by name, so by time
 * @param reason for the order, for those who read the file
 * @throws MigrationError where there is one branch only; UsageError where `chosen` is not the heads
 */
export function mergeBranches(
  history: readonly MigrationFile[],
  folder: string,
  chosen: readonly string[],
  reason: string,
): Merge {
  const heads = headsOf(history).map(({ name }) => name);
  if (heads.length < 2) {
    throw new MigrationError('There is one branch only: nothing to merge.');
  }
  const ordered = chosen.length === 0 ? heads : [...chosen];
  if (heads.toSorted().join() !== ordered.toSorted().join()) {
    throw new UsageError(`Name each head once, in the order to be applied: ${heads.join(', ')}. Nothing was written.`);
  }
  const name = newMigrationName(history, `merge ${ordered.map(titleOf).join(' and ')}`);
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, source(name, ordered, orderOf(history, ordered), reason), { flag: 'wx' });
  return { path, heads: ordered };
}

/** The last migration of each branch and the first of the next one's own, in pairs. */
function orderOf(history: readonly MigrationFile[], heads: readonly string[]): string[] {
  return heads.slice(1).flatMap((head, index) => {
    const earlier = new Set(heads.slice(0, index + 1).flatMap((name) => [...branchOf(history, name)]));
    const own = branchOf(history, head);
    const first = history.find(({ name }) => own.has(name) && !earlier.has(name));
    return [heads[index]!, first!.name];
  });
}

function titleOf(name: string): string {
  return name.replace(/^Migration\d+_?/, '');
}

function source(name: string, after: readonly string[], order: readonly string[], reason: string): string {
  const list = (names: readonly string[]): string => `[${names.map((each) => `\n    '${each}',`).join('')}\n  ]`;
  return `import { Migration } from '@mikro-orm/migrations';

/** Joins two branches. ${reason.replaceAll('*/', '* /')} */
export class ${name} extends Migration {
  static readonly after = ${list(after)};
  /** The branches are applied in this order. */
  static readonly order = ${list(order)};

  override up(): void {
    // Nothing to do: it settles the order.
  }

  override down(): void {
    // Nothing to undo.
  }
}
`;
}
