import { join } from 'node:path';
import type { Config } from '../../config.js';
import { type Backup, backUpEmbedded, type PreparedBackup, preparePostgresBackup } from '../../migrate/backup.js';

/**
 * The backup that an upgrade is to take, checked; undefined where none is asked for. The embedded database's is taken
 * at once, before it is opened.
 * @param asked the folder, or true for the usual one
 */
export async function prepareBackup(
  { databaseUrl, dataDir, backupDir }: Config,
  asked: string | true | undefined,
): Promise<PreparedBackup | undefined> {
  const folder = asked === true ? (backupDir ?? join(dataDir, 'backups')) : (asked ?? backupDir);
  if (folder === undefined) {
    return undefined;
  }
  if (databaseUrl !== undefined) {
    return preparePostgresBackup(databaseUrl, folder);
  }
  const taken = backUpEmbedded(dataDir, folder);
  return taken === undefined ? undefined : async () => taken;
}

/** What to tell of a backup. */
export function describeBackup({ path, restore }: Backup): string {
  return `Backup: ${path}\nTo put the database back to it, with every server stopped:\n  ${restore}`;
}
