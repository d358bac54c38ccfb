import type { Database } from '../database/database.js';
import { loadHistory } from './history.js';
import { readLedger } from './ledger.js';

/** The names of the migrations that the database does not have yet, oldest first. Only reads. */
export async function pendingMigrations({ orm }: Database, folder?: string): Promise<string[]> {
  const applied = new Set((await readLedger(orm.em.fork())).map(({ name }) => name));
  const history = await loadHistory(folder);
  return history.map(({ name }) => name).filter((name) => !applied.has(name));
}
