import { MigrationError } from './errors.js';
import type { Decision } from './decisions.js';

interface Ordered {
  name: string;
  after: string[] | undefined;
}

/**
 * Puts migrations into the order in which they are applied: each after those its author had, and as decisions say;
 * apart from that, by name, so by time.
 * @param migrations by name
 * @throws MigrationError where no order fulfils all
 */
export function inOrder<T extends Ordered>(migrations: readonly T[], decisions: readonly Decision[]): T[] {
  const before = new Map(migrations.map(({ name, after }) => [name, new Set(after ?? [])]));
  for (const { order } of decisions) {
    order.slice(1).forEach((name, index) => before.get(name)?.add(order[index]!));
  }
  const left = [...migrations];
  const placed = new Set<string>();
  const known = new Set(migrations.map(({ name }) => name));
  const result: T[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ name }) =>
      [...before.get(name)!].every((earlier) => placed.has(earlier) || !known.has(earlier)),
    );
    if (next === -1) {
      throw new MigrationError(
        `These migrations each come after another of them: ${left.map(({ name }) => name).join(', ')}.\nCorrect \`after\` in the files, or merges.json.`,
      );
    }
    const [migration] = left.splice(next, 1);
    placed.add(migration!.name);
    result.push(migration!);
  }
  return result;
}

/**
 * The newest migration of each branch: those that no other comes after. Where a file does not say what it comes
 * after, it is the one before it; decisions join branches.
 * @param history in order
 */
export function headsOf<T extends Ordered>(history: readonly T[], decisions: readonly Decision[]): T[] {
  const followed = new Set(
    history.flatMap(({ after }, index) => after ?? (index === 0 ? [] : [history[index - 1]!.name])),
  );
  for (const { order } of decisions) {
    order.slice(0, -1).forEach((name) => followed.add(name));
  }
  return history.filter(({ name }) => !followed.has(name));
}
