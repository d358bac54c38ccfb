import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config.js';
import { type Backup, backUpEmbedded, type PreparedBackup, preparePostgresBackup } from '../../migrate/backup.js';

/** Whether a backup is asked for, and where. */
export interface BackupOptions {
  backup?: true;
  backupFolder?: string;
}

/**
 * The backup that an upgrade is to take, checked; undefined where none is asked for. The embedded database's is taken
 * at once, before it is opened.
 * @param isPending whether the upgrade has anything to do; opens the embedded database, and closes it
 */
export async function prepareBackup(
  { databaseUrl, dataDir, backupDir }: Config,
  { backup, backupFolder }: BackupOptions,
  isPending: () => Promise<boolean>,
): Promise<PreparedBackup | undefined> {
  const folder = backupFolder ?? backupDir ?? (backup && join(dataDir, 'backups'));
  if (folder === undefined) {
    return undefined;
  }
  if (databaseUrl !== undefined) {
    return preparePostgresBackup(databaseUrl, folder);
  }
  // To look into a database that is not there would make one.
  if (!existsSync(join(dataDir, 'database')) || !(await isPending())) {
    return undefined;
  }
  const taken = backUpEmbedded(dataDir, folder);
  return async () => taken;
}

/** What to tell of a backup. */
export function describeBackup({ path, restore }: Backup): string {
  return `Backup: ${path}\nTo put the database back to it, with every server stopped:\n  ${restore}`;
}
