import type { Table } from './table.js';

/**
 * Tables by name, each after those that it refers to. References to itself do not count; where tables refer to each
 * other in a circle, the first by name of those that are left comes next.
 */
export function inReferenceOrder<T extends Pick<Table, 'name' | 'foreignKeys'>>(tables: readonly T[]): T[] {
  const left = new Map(
    tables.toSorted((one, other) => (one.name < other.name ? -1 : 1)).map((table) => [table.name, table]),
  );
  const ordered: T[] = [];
  while (left.size > 0) {
    const free = [...left.values()].find(({ name, foreignKeys }) =>
      foreignKeys.every(
        ({ references }) => references.table === name || references.schema !== undefined || !left.has(references.table),
      ),
    );
    const next = free ?? [...left.values()][0]!;
    left.delete(next.name);
    ordered.push(next);
  }
  return ordered;
}
