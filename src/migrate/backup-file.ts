import { mkdirSync } from 'node:fs';

/** A backup has everybody's data in it: nobody but its owner reads it. */
export const OWNER_ONLY = { folder: 0o700, file: 0o600 };

/** Makes the folder that a backup goes to where it is not there. */
export function makeBackupFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY.folder });
}

/** The name of a backup made now, such as `laurel-20261121T120000Z`, whatever is in the database's name. */
export function backupName(database: string): string {
  const timestamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `${database.replaceAll(/[^\p{L}\p{N}_-]/gu, '_')}-${timestamp}`;
}
