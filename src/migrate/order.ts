import { MigrationError } from './errors.js';

/** What a migration says of its place among the others. */
export interface Placed {
  name: string;
  /** The migrations that the author had as the newest; undefined: the one before it by time. */
  after: string[] | undefined;
  /** In a merge, the migrations of two branches in the order that was settled: the last of one, the first of the other. */
  order: string[] | undefined;
}

/**
 * Puts migrations into the order in which they are applied: each after those its author had, and as merges say; apart
 * from that by name, so by time.
 * @throws MigrationError where no order fulfils all
 */
export function inOrder<T extends Placed>(migrations: readonly T[]): T[] {
  const left = byName(migrations);
  refuseUnknown(left);
  const before = new Map([...parentsOf(left)].map(([name, parents]) => [name, new Set(parents)]));
  for (const { order = [] } of migrations) {
    order.slice(1).forEach((name, index) => before.get(name)?.add(order[index]!));
  }
  const unplaced = new Set(before.keys());
  const result: T[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ name }) => [...before.get(name)!].every((earlier) => !unplaced.has(earlier)));
    if (next === -1) {
      throw new MigrationError(
        `Each of these migrations comes after another of them: ${left.map(({ name }) => name).join(', ')}.\nCorrect \`after\` and \`order\` in their files.`,
      );
    }
    const [migration] = left.splice(next, 1);
    unplaced.delete(migration!.name);
    result.push(migration!);
  }
  return result;
}

function refuseUnknown(migrations: readonly Placed[]): void {
  const known = new Set(migrations.map(({ name }) => name));
  for (const { name, after = [], order = [] } of migrations) {
    const unknown = [...after, ...order].find((each) => !known.has(each));
    if (unknown !== undefined) {
      throw new MigrationError(`${name} names ${unknown} in \`after\` or \`order\`, and there is no such migration.`);
    }
  }
}

/** The newest migration of each branch, by name: those that no other comes after. */
export function headsOf<T extends Placed>(migrations: readonly T[]): T[] {
  const sorted = byName(migrations);
  const followed = new Set([...parentsOf(sorted).values()].flat());
  return sorted.filter(({ name }) => !followed.has(name));
}

/** A migration's own name and those of all that come before it in its branch. */
export function branchOf(migrations: readonly Placed[], head: string): Set<string> {
  const parents = parentsOf(byName(migrations));
  const found = new Set<string>();
  const left = [head];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (!found.has(name)) {
      found.add(name);
      left.push(...(parents.get(name) ?? []));
    }
  }
  return found;
}

/** @param sorted by name */
function parentsOf(sorted: readonly Placed[]): Map<string, string[]> {
  return new Map(
    sorted.map(({ name, after }, index) => [name, after ?? (index === 0 ? [] : [sorted[index - 1]!.name])]),
  );
}

function byName<T extends Placed>(migrations: readonly T[]): T[] {
  return migrations.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
