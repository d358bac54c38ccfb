import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.js';
import { heldLocks, newLocks } from './held-locks.js';
import type { MigrationFile } from './history.js';
import { prepareLedger } from './ledger.js';
import { patiently } from './patience.js';
import type { Direction } from './plan.js';
import type { Target } from './revision.js';
import { type Run, type RunOptions, settle } from './run-options.js';
import { note, outstanding, send, setTimeouts, statementsOf } from './run-step.js';
import { inLockedTransaction } from './runner-lock.js';

class DryRunOver extends Error {}

/**
 * Runs a plan on the real database in one transaction, tells the listener each statement with its time and the
 * locks it took, and rolls back. The locks are held until then. What cannot run in a transaction is only told.
 * @returns the names of the migrations
 */
export async function dryRun(
  database: Database,
  direction: Direction,
  target: Target,
  options: RunOptions = {},
): Promise<string[]> {
  const run = await settle(database, direction, target, options);
  let names: string[] = [];
  try {
    await patiently(run, [], () =>
      inLockedTransaction(run.em, run.options.patience, async (transaction) => {
        await prepareLedger(transaction);
        const { migrations, all } = await outstanding(run, transaction, undefined);
        await setTimeouts(transaction, 'local', run.options.lockTimeout, run.options.statementTimeout);
        for (const migration of migrations) {
          await tryOne(run, transaction, migration);
        }
        names = all;
        throw new DryRunOver();
      }),
    );
  } catch (error) {
    if (!(error instanceof DryRunOver)) {
      throw error;
    }
  }
  return names;
}

async function tryOne(run: Run, em: SqlEntityManager, migration: MigrationFile): Promise<void> {
  const { listener } = run.options;
  listener?.onMigration?.(migration, run.direction);
  const before = performance.now();
  if (!migration.transactional) {
    for (const statement of migration[run.direction] ?? []) {
      listener?.onStatement?.({ sql: statement, milliseconds: 0, locks: [], ran: false });
    }
    return;
  }
  let held = await heldLocks(em);
  for (const statement of await statementsOf(run, em, migration)) {
    const milliseconds = await send(em, migration, statement);
    const now = await heldLocks(em);
    listener?.onStatement?.({ sql: statement, milliseconds, locks: newLocks(held, now), ran: true });
    held = now;
  }
  await note(run, em, migration);
  listener?.onMigrated?.(migration, performance.now() - before);
}
