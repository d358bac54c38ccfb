import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.js';
import { query, sql } from '../database/query.js';
import { sqlState } from '../database/sql-state.js';
import { heldLocks, newLocks } from './held-locks.js';
import type { MigrationFile } from './history.js';
import { prepareLedger } from './ledger.js';
import { isWorthAnotherAttempt, patiently } from './patience.js';
import type { Direction } from './plan.js';
import type { Target } from './revision.js';
import { type Run, type RunOptions, settle } from './run-options.js';
import { note, outstanding, send, setTimeouts, statementsOf } from './run-step.js';
import { inLockedTransaction } from './runner-lock.js';

class DryRunOver extends Error {}

/**
 * Runs a plan on the real database in one transaction, tells the listener each statement with its time and the
 * locks it took, and rolls back. The locks are held until then. What cannot run in a transaction is only told, and so
 * is what fails after that.
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
        const onlyTold: string[] = [];
        for (const migration of migrations) {
          if (!(await tryOne(run, transaction, migration, onlyTold))) {
            onlyTold.push(migration.name);
          }
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

/**
 * @param onlyTold the names of those before that were not run
 * @returns whether it could be tried
 */
async function tryOne(
  run: Run,
  em: SqlEntityManager,
  migration: MigrationFile,
  onlyTold: readonly string[],
): Promise<boolean> {
  const { listener } = run.options;
  listener?.onMigration?.(migration, run.direction);
  if (!migration.transactional) {
    (migration[run.direction] ?? []).forEach((statement) => tell(run, statement));
    return false;
  }
  if (onlyTold.length === 0) {
    await sendAll(run, em, migration);
    return true;
  }
  await query(em, sql`savepoint before_migration`);
  try {
    await sendAll(run, em, migration);
    return true;
  } catch (error) {
    if (sqlState(error) === undefined || isWorthAnotherAttempt(error)) {
      throw error;
    }
    await query(em, sql`rollback to savepoint before_migration`);
    const reason = error instanceof Error ? error.message : String(error);
    tell(
      run,
      `-- ${migration.name} could not be tried, because ${onlyTold.join(', ')} was not run: ${reason.replaceAll(/\s+/g, ' ')}`,
    );
    return false;
  }
}

/** Tells a statement that was not run. */
function tell({ options }: Run, statement: string): void {
  options.listener?.onStatement?.({ sql: statement, milliseconds: 0, locks: [], ran: false });
}

async function sendAll(run: Run, em: SqlEntityManager, migration: MigrationFile): Promise<void> {
  const { listener } = run.options;
  const before = performance.now();
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
