import type { CatalogObject } from './catalog.js';

/** One thing in which a database is not as the history makes it. */
export interface Difference {
  object: Pick<CatalogObject, 'table' | 'kind' | 'name'>;
  /** In which it differs; `missing` and `extra` for the whole object. */
  property: string;
  /** The whole in words. */
  text: string;
}

export interface Comparison {
  differences: Difference[];
  /** What no migration knows, in words, e.g. `table alembic_version`. */
  unknown: string[];
}

/**
 * @param actual of the database
 * @param expected as migrations make it
 * @param knownTables those of other points of the history: here they are too much, others are unknown
 */
export function compareCatalogs(
  actual: readonly CatalogObject[],
  expected: readonly CatalogObject[],
  knownTables: ReadonlySet<string>,
): Comparison {
  const there = new Map(actual.map((object) => [keyOf(object), object]));
  const wanted = new Map(expected.map((object) => [keyOf(object), object]));
  const missingTables = new Set([...tablesOf(expected)].filter((table) => !tablesOf(actual).has(table)));
  const missing = expected
    .filter((object) => !there.has(keyOf(object)) && !isPartOf(object, missingTables))
    .map((object) => whole(object, 'missing'));
  const changed = actual.flatMap((object) => {
    const other = wanted.get(keyOf(object));
    return other === undefined ? [] : propertyDifferences(object, other);
  });
  const extra: Difference[] = [];
  const unknown: string[] = [];
  const expectedTables = tablesOf(expected);
  for (const object of actual.filter((each) => !wanted.has(keyOf(each)))) {
    if (isOfHistory(object, expectedTables, knownTables)) {
      extra.push(whole(object, 'extra'));
    } else if (UNKNOWN_KINDS.has(object.kind)) {
      unknown.push(labelOf(object));
    }
  }
  return { differences: [...missing, ...changed, ...extra], unknown };
}

/** The names of the tables. */
export function tablesOf(catalog: readonly CatalogObject[]): Set<string> {
  return new Set(catalog.filter(({ kind }) => kind === 'table').map(({ name }) => name));
}

/** Laurel's functions are called so; of others nobody says whose they are. */
const OWN_FUNCTION = /^laurel_/;

const UNKNOWN_KINDS = new Set(['table', 'view', 'materialized view', 'extension']);

function isOfHistory(
  object: CatalogObject,
  expectedTables: ReadonlySet<string>,
  knownTables: ReadonlySet<string>,
): boolean {
  if (object.kind === 'table') {
    return knownTables.has(object.name);
  }
  if (object.kind === 'function') {
    return OWN_FUNCTION.test(object.name);
  }
  return isPartOf(object, expectedTables);
}

function isPartOf({ table, kind }: CatalogObject, tables: ReadonlySet<string>): boolean {
  return kind !== 'table' && table !== null && tables.has(table);
}

/** Sequences keep their name when they change owner. */
function keyOf({ table, kind, name }: CatalogObject): string {
  return JSON.stringify([kind === 'sequence' ? null : table, kind, name]);
}

function labelOf({ table, kind, name }: Difference['object']): string {
  return table === null || table === name ? `${kind} ${name}` : `${table}: ${kind} ${name}`;
}

function whole(object: CatalogObject, property: 'missing' | 'extra'): Difference {
  const { definition = object.properties['type'] } = object.properties;
  const detail = definition === undefined ? '' : ` (${oneLine(definition)})`;
  return { object: identity(object), property, text: `${labelOf(object)} is ${property}${detail}` };
}

function identity({ table, kind, name }: CatalogObject): Difference['object'] {
  return { table, kind, name };
}

function propertyDifferences(actual: CatalogObject, expected: CatalogObject): Difference[] {
  const names = new Set([...Object.keys(expected.properties), ...Object.keys(actual.properties)]);
  return [...names].flatMap((property) => {
    const [is, wanted] = [actual.properties[property] ?? 'none', expected.properties[property] ?? 'none'];
    if (is === wanted) {
      return [];
    }
    const subject = actual.kind === 'column' ? `${actual.table}.${actual.name}` : labelOf(actual);
    const aspect = property === 'definition' ? '' : `: ${property}`;
    return [{ object: identity(actual), property, text: `${subject}${aspect} is ${sides(is, wanted)}` }];
  });
}

/** Of long texts, the first line in which they differ. */
function sides(is: string, wanted: string): string {
  const [lines, wantedLines] = [is.split('\n'), wanted.split('\n')];
  const at = wantedLines.findIndex((line, index) => line !== lines[index]);
  const index = at === -1 ? wantedLines.length : at;
  return lines.length === 1 && wantedLines.length === 1
    ? `${is}, by the history ${wanted}`
    : `different from line ${index + 1} on: ${quoted(lines[index])}, by the history ${quoted(wantedLines[index])}`;
}

function quoted(line: string | undefined): string {
  return line === undefined ? 'it ends there' : `"${line.trim()}"`;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}
