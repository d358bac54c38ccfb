import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.js';
import { queryExactlyOne, queryOne, sql } from '../database/query.js';
import { partAccepted } from './accepted-differences.js';
import { type CatalogObject, describeCatalog } from './catalog.js';
import { compareCatalogs, tablesOf } from './catalog-difference.js';
import { loadHistory, type MigrationFile } from './history.js';
import { readLedger } from './ledger.js';
import { withReplay } from './replay.js';
import { DEFAULTS } from './run-options.js';
import { inLockedTransaction } from './runner-lock.js';
import { noteExactly, type Stamped, type StampOptions } from './stamp.js';

/** Where a database is, by its schema. */
export interface Detection {
  /** The migration whose schema it has; `base` where it has nothing that any migration makes; null where neither. */
  revision: string | null;
  /** Later ones that leave the schema as it is: nobody can see whether what they do to rows was done. */
  sameSchema: string[];
  /** In which it differs, and the migrations to come allow for it. */
  accepted: string[];
  /** Where no revision was found, the one that differs least, and in what. */
  nearest: { revision: string; differences: string[] } | null;
  /** What no migration knows, and is left alone. */
  unknown: string[];
  /** The revision that Alembic noted; null where it did not manage the database. */
  alembic: string | null;
}

/**
 * Finds the revision whose schema the database has, and notes it, the oldest of several with the same schema. Runs
 * nothing, and notes nothing where there is none, or for an empty database that nothing is noted of.
 * @throws MigrationError as `stamp` does
 */
export async function stampDetected(
  { orm }: Database,
  options: StampOptions = {},
): Promise<{ detection: Detection; stamped: Stamped | null }> {
  const history = await loadHistory(options.folder);
  const revisions = await describeRevisions(history);
  return inLockedTransaction(orm.em.fork(), DEFAULTS.patience, async (em) => {
    const detection = { ...detect(await describeCatalog(em), revisions), alembic: await alembicRevision(em) };
    const { revision } = detection;
    if (revision === null || (revision === 'base' && (await readLedger(em)).length === 0)) {
      return { detection, stamped: null };
    }
    const wanted = history.slice(0, history.findIndex(({ name }) => name === revision) + 1);
    return { detection, stamped: await noteExactly(em, history, wanted, options.purge === true) };
  });
}

interface Revision {
  name: string;
  catalog: CatalogObject[];
}

/** The same history makes the same schemas; it takes seconds to see which. */
const described = new WeakMap<readonly MigrationFile[], Promise<Revision[]>>();

/** The schema after each migration. */
function describeRevisions(history: readonly MigrationFile[]): Promise<Revision[]> {
  const revisions = described.get(history) ?? replayRevisions(history);
  described.set(history, revisions);
  return revisions;
}

function replayRevisions(history: readonly MigrationFile[]): Promise<Revision[]> {
  return withReplay(async ({ orm, apply }) => {
    const revisions: Revision[] = [];
    for (const migration of history) {
      await apply([migration]);
      revisions.push({ name: migration.name, catalog: await describeCatalog(orm.em.fork()) });
    }
    return revisions;
  });
}

function detect(actual: readonly CatalogObject[], revisions: readonly Revision[]): Omit<Detection, 'alembic'> {
  const known = new Set(revisions.flatMap(({ catalog }) => [...tablesOf(catalog)]));
  const atBase = compareCatalogs(actual, [], known);
  if (atBase.differences.length === 0) {
    return { revision: 'base', sameSchema: [], accepted: [], nearest: null, unknown: atBase.unknown };
  }
  const compared = revisions.map(({ name, catalog }) => {
    const { differences, unknown } = compareCatalogs(actual, catalog, known);
    return { name, unknown, ...partAccepted(differences, name) };
  });
  const [found, ...others] = compared.filter(({ counted }) => counted.length === 0);
  if (found !== undefined) {
    return {
      revision: found.name,
      sameSchema: others.map(({ name }) => name),
      accepted: found.accepted.map(({ text }) => text),
      nearest: null,
      unknown: found.unknown,
    };
  }
  const [nearest] = compared.toSorted((a, b) => a.counted.length - b.counted.length);
  return {
    revision: null,
    sameSchema: [],
    accepted: [],
    nearest:
      nearest === undefined ? null : { revision: nearest.name, differences: nearest.counted.map(({ text }) => text) },
    unknown: nearest?.unknown ?? [],
  };
}

async function alembicRevision(em: SqlEntityManager): Promise<string | null> {
  const { exists } = await queryExactlyOne(
    em,
    sql<{ exists: boolean }>`select to_regclass('alembic_version') is not null as exists`,
  );
  if (!exists) {
    return null;
  }
  const row = await queryOne(em, sql<{ revision: string }>`select version_num as revision from alembic_version`);
  return row?.revision ?? null;
}
