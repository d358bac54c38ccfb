import { loadModule, normalizeSync } from 'libpg-query';
import { LRUCache } from 'lru-cache';

const MAX_TEXTS = 1000;
/** Characters; the ORM writes values into its statements, so that a longer one is hardly the same twice. */
const MAX_LENGTH = 20_000;

const texts = new LRUCache<string, string>({ max: MAX_TEXTS });

/** To be awaited before the first text. */
export const textsReady = loadModule;

/** A statement without the values in it: parameters stand in their place, as PostgreSQL's own statistics show it. */
export function withoutValues(statement: string): string {
  const known = texts.get(statement);
  if (known !== undefined) {
    return known;
  }
  const text = statement.length > MAX_LENGTH ? verbOf(statement) : normalized(statement);
  texts.set(statement, text);
  return text;
}

/** What a statement does, in capitals. */
export function verbOf(statement: string): string {
  return /^\s*([a-z]+)/i.exec(statement)?.[1]?.toUpperCase() ?? 'SQL';
}

function normalized(statement: string): string {
  try {
    return normalizeSync(statement);
  } catch {
    // PostgreSQL will not understand it either.
    return verbOf(statement);
  }
}
