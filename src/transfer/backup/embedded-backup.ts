import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { lockDataFolder } from '../../database/embedded-lock.js';
import { TransferError } from '../errors.js';
import { ledgerOf, openDump } from './embedded-dump.js';
import { originOf } from './origin.js';
import type { WrittenBackup } from './postgres-backup.js';
import { refuseExisting, writeWhole } from './private-file.js';

/**
 * Writes the embedded database's own dump, a compressed archive of its folder, and opens it again to see that it can
 * be. To be called while nothing has the database open.
 * @throws DataFolderInUseError, TransferError; then there is no file
 */
export async function backUpEmbeddedDatabase(
  dataDir: string,
  path: string,
  signal?: AbortSignal,
): Promise<WrittenBackup> {
  const target = resolve(path);
  refuseExisting(target);
  const folder = join(dataDir, 'database');
  if (!existsSync(folder)) {
    throw new TransferError(
      `There is no database in ${dataDir}. No file was written. Set DATA_DIR to its folder, or DATABASE_URL.`,
    );
  }
  const unlock = lockDataFolder(dataDir);
  try {
    return await writeWhole(target, async (part) => {
      await dump(folder, part);
      signal?.throwIfAborted();
      const origin = await look(part);
      signal?.throwIfAborted();
      return { path: target, bytes: statSync(part).size, origin };
    });
  } finally {
    unlock();
  }
}

async function dump(folder: string, part: string): Promise<void> {
  const database = await PGlite.create({ dataDir: folder });
  try {
    const archive = await database.dumpDataDir('gzip');
    await writeFile(part, archive.stream());
  } finally {
    await database.close();
  }
}

async function look(part: string): Promise<WrittenBackup['origin']> {
  const copy = await openDump(part);
  try {
    const ledger = await ledgerOf(copy);
    if (ledger === undefined) {
      throw new TransferError(
        'The database has no migrations yet. No file was left. Run `laurel migrate upgrade` first.',
      );
    }
    return await originOf(ledger);
  } finally {
    await copy.close();
  }
}
