import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { migratedDump } from '../support/dump.js';
import { createEmptyDatabase } from '../support/empty-database.js';

/** Where commands run. */
export interface CommandPlace {
  dataDir: string;
  /** That it is there, and the database. */
  settings: Record<string, string>;
  close(): Promise<void>;
}

/** A folder with a migrated, empty database of its own: on PostgreSQL where TEST_POSTGRES_URL is set, else embedded. */
export async function migratedPlace(): Promise<CommandPlace> {
  const dataDir = mkdtempSync(join(tmpdir(), 'laurel-cli-'));
  const removeFolder = (): void => rmSync(dataDir, { recursive: true, force: true });
  const { TEST_POSTGRES_URL: server, LAUREL_TEST_TEMPLATE: template } = process.env;
  if (server === undefined) {
    await (await PGlite.create({ dataDir: join(dataDir, 'database'), loadDataDir: migratedDump() })).close();
    return { dataDir, settings: { DATA_DIR: dataDir }, close: async () => removeFolder() };
  }
  const { url, drop } = await createEmptyDatabase(server, template);
  return {
    dataDir,
    settings: { DATA_DIR: dataDir, DATABASE_URL: url },
    close: async () => {
      await drop();
      removeFolder();
    },
  };
}
