import { type Config, loadConfig } from '../config.js';
import { ConfigError } from '../config/config-error.js';
import type { Database } from '../database/database.js';
import { DataFolderInUseError } from '../database/embedded-lock.js';
import { AppError } from '../errors.js';
import { MigrationError, UsageError } from '../migrate/errors.js';
import { TransferError } from '../transfer/errors.js';

/** What a command ends with, besides 0. */
export const ExitCode = { FAILED: 1, WRONG_USAGE: 2 };

/** A command cannot do what it was asked; the message says what to do next. Ends with exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Errors whose message is meant for the operator; of any other the stack is shown too. */
const EXPLAINED = [
  CommandError,
  ConfigError,
  DataFolderInUseError,
  AppError,
  MigrationError,
  UsageError,
  TransferError,
];

/** Likewise, of modules that take the whole server with them. */
const EXPLAINED_BY_NAME = 'SeasonZoneError';

/** Runs a command's work on the database of the settings and closes it, whatever happens. */
export async function withDatabase(work: (database: Database, config: Config) => Promise<void>): Promise<void> {
  const config = loadConfig();
  // Loaded where it is needed: entities take time and memory.
  const { openDatabase } = await import('../database/database.js');
  const database = await openDatabase(config);
  try {
    await work(database, config);
  } finally {
    await database.close();
  }
}

/** Ours, and those of the system and of the database, which have a code: their message says it all. */
function isExplained(error: Error): boolean {
  return (
    EXPLAINED.some((type) => error instanceof type) ||
    error.name === EXPLAINED_BY_NAME ||
    ('code' in error && typeof error.code === 'string')
  );
}

/** Prints what went wrong and sets exit code 1, or 2 where the operator asked for something that is not there. */
export function reportFailure(error: unknown): void {
  console.error(error instanceof Error && isExplained(error) ? error.message : error);
  process.exitCode = error instanceof UsageError ? ExitCode.WRONG_USAGE : ExitCode.FAILED;
}
