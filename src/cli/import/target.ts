import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../config.js';
import { UsageError } from '../../migrate/errors.js';
import { EmbeddedTarget } from '../../transfer/embedded-target.js';
import { TransferError } from '../../transfer/errors.js';
import { PostgresTarget } from '../../transfer/postgres-target.js';
import type { Target } from '../../transfer/target.js';

/**
 * Opens the database of the settings that rows go to. The embedded one is made where it is not there, as the server
 * does at its start; for a dry run in a folder that goes when it is closed.
 * @throws UsageError, TransferError where it cannot be reached
 */
export async function openTarget(config: Config, isDryRun: boolean): Promise<{ target: Target; targetName: string }> {
  const { databaseUrl, dataDir } = config;
  if (databaseUrl !== undefined) {
    return openServer(databaseUrl);
  }
  const targetName = `the embedded database in ${dataDir}`;
  if (existsSync(join(dataDir, 'database'))) {
    return { target: await EmbeddedTarget.open(dataDir), targetName };
  }
  if (!isDryRun) {
    await makeEmbedded(config);
    return { target: await EmbeddedTarget.open(dataDir), targetName };
  }
  const folder = mkdtempSync(join(tmpdir(), 'laurel-dry-run-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    await makeEmbedded({ ...config, dataDir: folder });
    return { target: await EmbeddedTarget.open(folder, remove), targetName };
  } catch (error) {
    remove();
    throw error;
  }
}

async function openServer(databaseUrl: string): Promise<{ target: Target; targetName: string }> {
  const url = URL.parse(databaseUrl);
  if (url === null) {
    throw new UsageError(
      'DATABASE_URL is not a URL. Nothing was changed. In a password # is %23, / is %2F, @ is %40 and ? is %3F.',
    );
  }
  const targetName = `PostgreSQL at ${url.host}${decodeURIComponent(url.pathname)}`;
  try {
    return { target: await PostgresTarget.open(databaseUrl), targetName };
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    throw new TransferError(
      `The database that rows are to go to could not be opened (${targetName}): ${message || code}. Nothing was changed. See that it runs, and that DATABASE_URL has the right host, role, password and name.`,
    );
  }
}

async function makeEmbedded(config: Config): Promise<void> {
  // Loaded where it is needed: entities take memory.
  const [{ openDatabase }, { upgrade }] = await Promise.all([
    import('../../database/database.js'),
    import('../../migrate/upgrade.js'),
  ]);
  const database = await openDatabase(config);
  try {
    await upgrade(database);
  } finally {
    await database.close();
  }
}
