import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { lockDataFolder } from '../../database/embedded-lock.js';
import { OWNER_ONLY } from '../../migrate/backup-file.js';
import { TransferError } from '../errors.js';
import { ledgerOf, openDump } from './embedded-dump.js';
import { originOf, refuseUnknown } from './origin.js';
import type { InspectedBackup, OnInspected } from './restored.js';

/**
 * Restores a dump of the embedded database, where there is none or an empty one. It is unpacked beside it and takes its
 * place at the end, at once.
 * @throws DataFolderInUseError, TransferError
 */
export async function restoreEmbedded(
  dataDir: string,
  path: string,
  onInspected: OnInspected,
  signal?: AbortSignal,
): Promise<InspectedBackup> {
  const target = join(dataDir, 'database');
  const aside = join(dataDir, 'database.restoring');
  const unlock = lockDataFolder(dataDir);
  try {
    // Of a restore that was killed.
    rmSync(aside, { recursive: true, force: true });
    await refuseFilled(dataDir, target);
    mkdirSync(aside, { mode: OWNER_ONLY.folder });
    const backup = await unpack(path, aside);
    onInspected(backup);
    signal?.throwIfAborted();
    rmSync(target, { recursive: true, force: true });
    renameSync(aside, target);
    return backup;
  } catch (error) {
    if (signal?.aborted) {
      throw new TransferError('Interrupted. Nothing was changed.', { cause: error });
    }
    throw error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
    unlock();
  }
}

async function refuseFilled(dataDir: string, folder: string): Promise<void> {
  if (!existsSync(folder)) {
    return;
  }
  const database = await PGlite.create({ dataDir: folder });
  const { rows } = await database.query<{ name: string }>(
    `select relname::text as name from pg_class
     where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace not in (
       select oid from pg_namespace where nspname = 'information_schema' or nspname ~ '^pg_'
     ) order by 1`,
  );
  await database.close();
  if (rows.length > 0) {
    throw new TransferError(
      `The embedded database in ${dataDir} is not empty. Nothing was changed. It has the tables ${rows.map(({ name }) => name).join(', ')}.\nA restore goes into an empty one: set DATA_DIR to a new folder, or move ${folder} away first.`,
    );
  }
}

async function unpack(path: string, folder: string): Promise<InspectedBackup> {
  const database = await openDump(path, folder);
  try {
    const ledger = await ledgerOf(database);
    if (ledger === undefined) {
      throw new TransferError(`${path} is not of Laurel: it has no migrations. Nothing was changed.`);
    }
    const origin = await originOf(ledger);
    refuseUnknown(path, origin);
    return { path, format: 'embedded', origin };
  } finally {
    await database.close();
  }
}
