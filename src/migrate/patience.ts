import { setTimeout as sleep } from 'node:timers/promises';
import { sqlState } from '../database/sql-state.js';
import { MigrationError } from './errors.js';
import type { Run } from './run-options.js';
import { StatementError } from './run-step.js';

const FIRST_DELAY = 500;

/** lock_not_available, and deadlock_detected: the transaction was rolled back, and can be tried again. */
const WORTH_ANOTHER_ATTEMPT = new Set(['55P03', '40P01']);

/** @returns whether it failed for what others were doing */
export function isWorthAnotherAttempt(error: unknown): boolean {
  return WORTH_ANOTHER_ATTEMPT.has(sqlState(error) ?? '');
}

/** Begins again, a little later each time, where a lock was not to be had. */
export async function patiently<T>({ options }: Run, done: readonly string[], work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= options.attempts || !isWorthAnotherAttempt(error)) {
        throw explain(error, done, attempt);
      }
      const delay = FIRST_DELAY * 2 ** (attempt - 1) * (0.5 + Math.random());
      options.listener?.onRetry?.(reasonOf(error), delay);
      await sleep(delay);
    }
  }
}

/** Of a migration outside transactions, only the statement that failed is taken back. */
function reasonOf(error: unknown): string {
  if (error instanceof StatementError && !error.migration.transactional) {
    return `${error.message}. What ${error.migration.name} sent before stays, its last statement`;
  }
  return error instanceof Error ? error.message : String(error);
}

const SHOWN_STATEMENT = 300;

/** raise_exception: the migration itself says what is wrong. */
const RAISED = 'P0001';

function explain(error: unknown, done: readonly string[], attempts: number): unknown {
  if (!(error instanceof StatementError)) {
    return error;
  }
  const { migration, statement, message, cause } = error;
  const text = statement.trim().replaceAll(/\s+/g, ' ');
  const kept = done.length === 0 ? 'Nothing of this run was kept.' : `Kept of this run: ${done.join(', ')}.`;
  const rolledBack = migration.transactional
    ? kept
    : `${kept} What it sent before stays, as it cannot run in a transaction; run again, it goes on.`;
  return new MigrationError(
    [
      `${migration.name} failed${attempts > 1 ? ` ${attempts} times` : ''}: ${message}`,
      ...(sqlState(cause) === RAISED
        ? []
        : [`In: ${text.length > SHOWN_STATEMENT ? `${text.slice(0, SHOWN_STATEMENT)} …` : text}`]),
      rolledBack,
    ].join('\n'),
    { cause },
  );
}
