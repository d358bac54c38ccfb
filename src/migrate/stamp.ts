import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.js';
import { MigrationError } from './errors.js';
import { loadHistory, type MigrationFile } from './history.js';
import { emptyLedger, eraseApplied, prepareLedger, readLedger, recordAnew, recordApplied } from './ledger.js';
import type { Stop } from './revision.js';
import { DEFAULTS } from './run-options.js';
import { inLockedTransaction } from './runner-lock.js';

export interface StampOptions {
  /** The folder of the migrations; this build's where left out. */
  folder?: string | undefined;
  /** Forget first whatever the database says, that of unknown migrations too. */
  purge?: boolean | undefined;
}

/** What a stamp changed in the ledger, each in its order. */
export interface Stamped {
  /** Noted as applied now. */
  added: string[];
  /** No longer noted as applied. */
  removed: string[];
  /** Noted before, with what another state of the file says. */
  renewed: string[];
}

/**
 * Tells the database where it is, and runs nothing: noted as applied are then exactly the migrations up to `stop`.
 * @throws MigrationError where the database knows migrations that this build does not, unless they are purged
 */
export async function stamp({ orm }: Database, stop: Stop, options: StampOptions = {}): Promise<Stamped> {
  const history = await loadHistory(options.folder);
  return inLockedTransaction(orm.em.fork(), DEFAULTS.patience, (em) =>
    noteExactly(em, history, upTo(history, stop), options.purge === true),
  );
}

function upTo(history: readonly MigrationFile[], stop: Stop): MigrationFile[] {
  if (stop === 'head') {
    return [...history];
  }
  return stop === 'base' ? [] : history.slice(0, history.findIndex(({ name }) => name === stop.name) + 1);
}

/**
 * Makes the ledger say that exactly `wanted` is applied.
 * @param em in a transaction that holds the runners' lock
 */
export async function noteExactly(
  em: SqlEntityManager,
  history: readonly MigrationFile[],
  wanted: readonly MigrationFile[],
  purge: boolean,
): Promise<Stamped> {
  const before = await readLedger(em);
  if (purge) {
    await emptyLedger(em);
  }
  await prepareLedger(em);
  const left = purge ? [] : before;
  refuseUnknown(
    history,
    left.map(({ name }) => name),
  );
  const [known, names] = [new Map(left.map((row) => [row.name, row])), new Set(wanted.map(({ name }) => name))];
  const renewed = wanted.filter(({ name, checksum }) => known.has(name) && known.get(name)!.checksum !== checksum);
  for (const { name } of left.filter((row) => !names.has(row.name))) {
    await eraseApplied(em, name);
  }
  for (const migration of renewed) {
    await recordAnew(em, migration);
  }
  for (const migration of wanted.filter(({ name }) => !known.has(name))) {
    await recordApplied(em, migration);
  }
  const noted = new Set(before.map(({ name }) => name));
  return {
    added: wanted.map(({ name }) => name).filter((name) => !noted.has(name)),
    removed: [...noted].filter((name) => !names.has(name)),
    renewed: renewed.map(({ name }) => name),
  };
}

function refuseUnknown(history: readonly MigrationFile[], names: readonly string[]): void {
  const unknown = names.filter((name) => !history.some((migration) => migration.name === name));
  if (unknown.length > 0) {
    throw new MigrationError(
      `The database has ${unknown.join(', ')}, and this build has no such file. Nothing was changed.\nTo forget all that it says is applied, and note only what you name: --purge`,
    );
  }
}
