import { isRaw } from '@mikro-orm/core';
import type { Orm } from '../../database/database.js';
import type { MigrationFile } from '../history.js';

/** What a migration that looks at data in code does, as far as can be seen without a database. */
export interface RecordedRun {
  usesDatabase: boolean;
  /** What it executes itself. */
  executed: string[];
  /** What it leaves to be sent after it. */
  queued: string[];
}

/**
 * Runs the way up of a migration on a stand-in for the database, that answers each statement with one row whose every
 * column is '1'. Where the code cannot go on with that, what it did until then counts.
 */
export async function recordRun(file: MigrationFile): Promise<RecordedRun> {
  const executed: string[] = [];
  let usesDatabase = false;
  const execute = (statement: unknown): Promise<unknown[]> => {
    usesDatabase = true;
    executed.push(isRaw(statement) ? statement.sql : String(statement));
    return Promise.resolve([ANY_ROW]);
  };
  const driver = {
    execute,
    createEntityManager: () => {
      usesDatabase = true;
      return { execute, setTransactionContext: () => undefined };
    },
  };
  const migration = file.create({ em: { getDriver: () => driver }, config: {} } as unknown as Orm);
  try {
    await migration.up();
  } catch {
    // Nobody can know what it would have done next.
  }
  return { usesDatabase, executed, queued: migration.getQueries().map(String) };
}

const ANY_ROW = new Proxy({}, { get: () => '1' });
