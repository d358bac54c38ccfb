import { LRUCache } from 'lru-cache';

/** PostgreSQL plans a statement anew each time it comes without a name; a name costs memory on every connection. */
const MAX_NAMES = 250;
/** Texts with lists of varying length come once or twice; as many are remembered as is needed to see which stay. */
const NAMED_FROM_USE = 3;
const MAX_COUNTED = 1000;
/** Characters: a name for a longer one, of many lists in one request, would cost megabytes on every connection. */
const MAX_LENGTH = 10_000;

/** A name without its statement, a statement under its name already, a result that has changed its type. */
const UNUSABLE = new Set(['26000', '42P05', '0A000']);

const uses = new LRUCache<string, number>({ max: MAX_COUNTED });
const names = new Map<string, string>();
let given = 0;

/** Counts a use of a statement that comes from the sources, and so will come again. */
export function countUse(text: string): void {
  if (names.has(text) || given >= MAX_NAMES || text.length > MAX_LENGTH) {
    return;
  }
  const count = (uses.get(text) ?? 0) + 1;
  uses.set(text, count);
  if (count >= NAMED_FROM_USE) {
    uses.delete(text);
    giveName(text);
  }
}

/** The name under which that statement is prepared, on every connection; undefined for one that has none. */
export function nameOf(text: string): string | undefined {
  return names.get(text);
}

/**
 * Whether the named statement failed only because of its name, e.g. after a migration changed a column's type. It
 * then has another name, or none.
 */
export function renameIfUnusable(text: string, error: { code?: unknown }): boolean {
  if (!UNUSABLE.has(String(error.code))) {
    return false;
  }
  names.delete(text);
  giveName(text);
  return true;
}

function giveName(text: string): void {
  if (given < MAX_NAMES) {
    given += 1;
    names.set(text, `laurel_${given}`);
  }
}
