import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database, Orm } from '../database/database.js';
import type { HeldLock } from './held-locks.js';
import { loadHistory, type MigrationFile } from './history.js';
import type { Direction } from './plan.js';
import type { Target } from './revision.js';

/** How a run is to be done. Times are milliseconds. */
export interface RunOptions {
  /** The folder of the migrations; this build's where left out. */
  folder?: string | undefined;
  /** How long to wait for another run. */
  patience?: number;
  /** How long a statement may wait for a lock on a table, while everybody else waits behind it. */
  lockTimeout?: number;
  /** How often a run is begun again that had to wait for longer. */
  attempts?: number;
  /** How long a statement may take; 0: as long as it does. */
  statementTimeout?: number;
  /** How long a statement outside transactions may take, such as a concurrent index build. */
  concurrentTimeout?: number;
  /** What the operator has agreed to: anything else is not run. */
  agreed?: readonly string[] | undefined;
  listener?: RunListener;
}

/** Is told what is going on. */
export interface RunListener {
  onMigration?(migration: MigrationFile, direction: Direction): void;
  onStatement?(statement: RanStatement): void;
  onMigrated?(migration: MigrationFile, milliseconds: number): void;
  onRetry?(reason: string, milliseconds: number): void;
}

/** A statement that was sent, or in a dry run, one that would be. */
export interface RanStatement {
  sql: string;
  milliseconds: number;
  /** In a dry run, the locks on tables that it took. */
  locks: HeldLock[];
  /** What cannot be tried in a transaction is only shown. */
  ran: boolean;
}

export const DEFAULTS = {
  patience: 60_000,
  lockTimeout: 5000,
  attempts: 6,
  statementTimeout: 0,
  concurrentTimeout: 6 * 60 * 60 * 1000,
};

/** A run with everything settled. */
export interface Run {
  orm: Orm;
  em: SqlEntityManager;
  direction: Direction;
  history: MigrationFile[];
  options: typeof DEFAULTS & RunOptions;
  target: Target;
}

/** Settles a run: with the migrations of its folder, and the defaults. */
export async function settle(
  { orm }: Database,
  direction: Direction,
  target: Target,
  options: RunOptions,
): Promise<Run> {
  return {
    orm,
    em: orm.em.fork(),
    direction,
    history: await loadHistory(options.folder),
    options: { ...DEFAULTS, ...options },
    target,
  };
}
