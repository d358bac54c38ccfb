import type { Database } from '../database/database.js';
import type { Entities } from '../database/in-memory.js';
import { partAccepted } from './accepted-differences.js';
import { openBranches } from './branches.js';
import { type CatalogObject, describeCatalog } from './catalog.js';
import { compareCatalogs, type Comparison, tablesOf } from './catalog-difference.js';
import { entityDifferences } from './entity-difference.js';
import { loadHistory, type MigrationFile } from './history.js';
import { readLedger } from './ledger.js';
import { withReplay } from './replay.js';
import { type Entry, entriesOf, type State } from './state.js';

export interface CheckOptions {
  /** The folder of the migrations; this build's where left out. */
  folder?: string | undefined;
  /** What the history is compared with; Laurel's where left out. */
  entities?: Entities;
}

/** One of the things that are checked. */
export interface Checked {
  name: 'files' | 'branches' | 'entities' | 'database';
  /** In a sentence. */
  summary: string;
  /** Null where it could not be checked. */
  right: boolean | null;
  /** A line for each. */
  differences: string[];
}

export interface CheckReport {
  checks: Checked[];
  /** Differences that the migrations to come allow for. */
  accepted: string[];
  /** What no migration knows: it is left alone. */
  unknown: string[];
  pending: string[];
}

/**
 * Compares the files, the database and the entities with one another, by way of the history applied to an empty
 * database in memory. Changes nothing.
 * @throws MigrationError where the files are no history, or one of them fails on an empty database
 */
export async function checkDatabase({ orm }: Database, { folder, entities }: CheckOptions = {}): Promise<CheckReport> {
  const history = await loadHistory(folder);
  const em = orm.em.fork();
  const entries = entriesOf(history, await readLedger(em));
  const schemas = await makeSchemas(history, entries, entities);
  const comparison = compareCatalogs(
    await describeCatalog(em),
    schemas.applied,
    tablesOf([...schemas.applied, ...schemas.head]),
  );
  const parted = partAccepted(comparison.differences, entries.findLast(({ applied }) => applied !== undefined)?.name);
  return {
    checks: [
      checkFiles(entries),
      await checkBranches(history),
      checkEntities(schemas.entityDifferences),
      checkSchema(entries, { ...comparison, differences: parted.counted }),
    ],
    accepted: parted.accepted.map(({ text }) => text),
    unknown: comparison.unknown,
    pending: entries.filter(({ applied }) => applied === undefined).map(({ name }) => name),
  };
}

interface MadeSchemas {
  /** By the migrations that the database has. */
  applied: CatalogObject[];
  /** By all. */
  head: CatalogObject[];
  entityDifferences: string[];
}

/** The same history makes the same schemas, by what of it is applied; it takes seconds to see which. */
const made = new WeakMap<readonly MigrationFile[], Map<string, Promise<MadeSchemas>>>();

function makeSchemas(
  history: readonly MigrationFile[],
  entries: readonly Entry[],
  entities: Entities | undefined,
): Promise<MadeSchemas> {
  const applied = entries.flatMap(({ file, applied: row }) => (file !== undefined && row !== undefined ? [file] : []));
  if (entities !== undefined) {
    return replaySchemas(history, applied, entities);
  }
  const ofHistory = made.get(history) ?? new Map<string, Promise<MadeSchemas>>();
  made.set(history, ofHistory);
  const key = applied.map(({ name }) => name).join();
  const schemas = ofHistory.get(key) ?? replaySchemas(history, applied);
  ofHistory.set(key, schemas);
  return schemas;
}

async function replaySchemas(
  history: readonly MigrationFile[],
  applied: readonly MigrationFile[],
  entities?: Entities,
): Promise<MadeSchemas> {
  const isBeginning = applied.every((file, index) => file === history[index]);
  const atApplied = isBeginning
    ? undefined
    : await withReplay(async (replay) => {
        await replay.apply(applied);
        return describeCatalog(replay.orm.em.fork());
      });
  return withReplay(async (replay) => {
    const count = atApplied === undefined ? applied.length : 0;
    await replay.apply(history.slice(0, count));
    const beginning = await describeCatalog(replay.orm.em.fork());
    await replay.apply(history.slice(count));
    return {
      applied: atApplied ?? beginning,
      head: await describeCatalog(replay.orm.em.fork()),
      entityDifferences: await entityDifferences(replay.orm),
    };
  }, entities);
}

const PROBLEMS: Partial<Record<State, string>> = {
  'edited since': 'was edited since it was applied: put its statements back, and write a new migration',
  'missing file': 'is applied, and its file is not in this build',
  'out of order': 'is not applied, and one that comes after it is',
};

function checkFiles(entries: readonly Entry[]): Checked {
  const differences = entries.flatMap(({ name, state }) =>
    PROBLEMS[state] === undefined ? [] : [`${name} ${PROBLEMS[state]}`],
  );
  return {
    name: 'files',
    summary:
      differences.length === 0
        ? 'what is applied is what the files say'
        : `${counted(differences.length, 'file')} edited, missing or out of order`,
    right: differences.length === 0,
    differences,
  };
}

async function checkBranches(history: readonly MigrationFile[]): Promise<Checked> {
  const { heads, contested } = await openBranches(history);
  if (heads.length < 2) {
    return { name: 'branches', summary: 'one branch', right: true, differences: [] };
  }
  const shared =
    contested.length === 0
      ? 'No table is touched by more than one.'
      : `Touched by more than one: ${contested.join(', ')}.`;
  return {
    name: 'branches',
    summary: `${heads.length} branches, to be joined by laurel migrate merge`,
    right: false,
    differences: [`Their newest: ${heads.join(', ')}.`, shared],
  };
}

function checkEntities(differences: string[]): Checked {
  return {
    name: 'entities',
    summary:
      differences.length === 0
        ? 'the history makes what they describe'
        : `the history lacks ${counted(differences.length, 'statement')}; laurel migrate revision --autogenerate writes them`,
    right: differences.length === 0,
    differences,
  };
}

function checkSchema(entries: readonly Entry[], { differences }: Comparison): Checked {
  const applied = entries.filter((entry) => entry.applied !== undefined).length;
  if (entries.some(({ state }) => state === 'missing file')) {
    return {
      name: 'database',
      summary: 'not compared: what its missing files made is unknown',
      right: null,
      differences: [],
    };
  }
  return {
    name: 'database',
    summary:
      differences.length === 0
        ? `as its ${counted(applied, 'migration')} made it`
        : `${counted(differences.length, 'difference')} from what its ${counted(applied, 'migration')} made`,
    right: differences.length === 0,
    differences: differences.map(({ text }) => text),
  };
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
