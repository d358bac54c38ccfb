import type { Database } from '../database/database.js';
import { runMigrations } from './run.js';

/**
 * Brings the database to the newest migration. Safe to call from several processes at once; whoever comes second finds
 * nothing left to do.
 * @returns the names of the migrations that this call applied
 */
export function upgrade(database: Database): Promise<string[]> {
  return runMigrations(database, 'up', 'head');
}
