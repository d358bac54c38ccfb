import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../database/database.js';
import { query, sql } from '../database/query.js';
import { prepareConcurrently, waitsForTransactions } from './concurrent-index.js';
import type { MigrationFile } from './history.js';
import { prepareLedger, readLedger } from './ledger.js';
import { patiently } from './patience.js';
import type { Direction } from './plan.js';
import type { Target } from './revision.js';
import { type Run, type RunOptions, settle } from './run-options.js';
import { note, outstanding, send, setTimeouts, statementsOf } from './run-step.js';
import { andAfterwards, inLockedTransaction, onLockedConnection } from './runner-lock.js';

/**
 * Applies or reverts migrations. One runner at a time, on all servers of a database; what is applied is looked at
 * again once it is this one's turn. Consecutive migrations share a transaction, so all of them take effect or none;
 * one that cannot run in a transaction runs alone. Killed at any point, the next run goes on from there.
 * @returns the names of what this call has applied or reverted, in order
 * @throws UsageError, MigrationError
 */
export async function runMigrations(
  database: Database,
  direction: Direction,
  target: Target,
  options: RunOptions = {},
): Promise<string[]> {
  const run = await settle(database, direction, target, options);
  const done: string[] = [];
  let wanted: string[] | undefined;
  for (;;) {
    const step = await patiently(run, done, () => nextTransaction(run, wanted));
    wanted = step.wanted;
    done.push(...step.done);
    if (step.alone !== undefined) {
      const { alone } = step;
      done.push(...(await patiently(run, done, () => runAlone(run, alone))));
    } else if (step.done.length === 0) {
      return done;
    }
  }
}

interface Step {
  /** All that the run is for, as planned in its first step. */
  wanted: string[];
  done: string[];
  /** What comes next, and cannot run in a transaction. */
  alone?: MigrationFile;
}

/** As many migrations as can run in one transaction. */
function nextTransaction(run: Run, wanted: string[] | undefined): Promise<Step> {
  const { em, options } = run;
  return inLockedTransaction(em, options.patience, async (transaction) => {
    await prepareLedger(transaction);
    const { migrations, all } = await outstanding(run, transaction, wanted);
    const [first] = migrations;
    if (first !== undefined && !first.transactional) {
      return { wanted: all, done: [], alone: first };
    }
    await setTimeouts(transaction, 'local', options.lockTimeout, options.statementTimeout);
    const done: string[] = [];
    for (const migration of migrations) {
      if (!migration.transactional) {
        break;
      }
      await runOne(run, transaction, migration);
      done.push(migration.name);
    }
    return { wanted: all, done };
  });
}

async function runOne(run: Run, em: SqlEntityManager, migration: MigrationFile): Promise<void> {
  const { listener } = run.options;
  listener?.onMigration?.(migration, run.direction);
  const before = performance.now();
  for (const statement of await statementsOf(run, em, migration)) {
    const milliseconds = await send(em, migration, statement);
    listener?.onStatement?.({ sql: statement, milliseconds, locks: [], ran: true });
  }
  await note(run, em, migration);
  listener?.onMigrated?.(migration, performance.now() - before);
}

/**
 * A migration outside transactions: a kill can leave some of its statements done and it not noted, so each must bear
 * being repeated; of concurrent index builds, this sees to it.
 */
function runAlone(run: Run, migration: MigrationFile): Promise<string[]> {
  const { em, options } = run;
  return onLockedConnection(em, options.patience, async (connection) => {
    const applied = (await readLedger(connection)).some(({ name }) => name === migration.name);
    if (applied === (run.direction === 'up')) {
      return [];
    }
    await andAfterwards(
      async () => {
        await sendAlone(run, connection, migration);
        await note(run, connection, migration);
      },
      async () => {
        await query(connection, sql`reset lock_timeout`);
        await query(connection, sql`reset statement_timeout`);
      },
    );
    return [migration.name];
  });
}

async function sendAlone(run: Run, connection: SqlEntityManager, migration: MigrationFile): Promise<void> {
  const { options } = run;
  const { listener } = options;
  listener?.onMigration?.(migration, run.direction);
  const before = performance.now();
  await setTimeouts(connection, 'session', options.lockTimeout, options.concurrentTimeout);
  for (const statement of await statementsOf(run, connection, migration)) {
    const lockTimeout = (await waitsForTransactions(statement)) ? 0 : options.lockTimeout;
    await setTimeouts(connection, 'session', lockTimeout, options.concurrentTimeout);
    const needed = await prepareConcurrently(connection, statement);
    const milliseconds = needed ? await send(connection, migration, statement) : 0;
    listener?.onStatement?.({ sql: statement, milliseconds, locks: [], ran: needed });
  }
  listener?.onMigrated?.(migration, performance.now() - before);
}
