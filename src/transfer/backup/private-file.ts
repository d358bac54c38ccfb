import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeBackupFolder, OWNER_ONLY } from '../../migrate/backup-file.js';
import { TransferError } from '../errors.js';

/**
 * Writes a file that nobody else may read. It has its name only once it is whole, so that one that was cut off is
 * never taken for it; whatever fails, nothing is left.
 * @param write writes the file at the path that it is given, which is there already, and checks it
 * @throws TransferError where there is a file of that name
 */
export async function writeWhole<T>(path: string, write: (part: string) => Promise<T>): Promise<T> {
  refuseExisting(path);
  makeBackupFolder(dirname(path));
  const part = `${path}.${process.pid}.part`;
  // Made before the program that writes it, which would have it readable by all.
  writeFileSync(part, '', { mode: OWNER_ONLY.file, flag: 'wx' });
  try {
    const result = await write(part);
    flush(part);
    giveName(part, path);
    return result;
  } finally {
    rmSync(part, { force: true });
  }
}

/** @throws TransferError where there is a file of that name */
export function refuseExisting(path: string): void {
  if (existsSync(path)) {
    throw new TransferError(
      `${path} is there already, and is not written over. Nothing was changed. Name another: --out`,
    );
  }
}

function flush(path: string): void {
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}

function giveName(part: string, path: string): void {
  try {
    // Fails where somebody else has made a file of that name meanwhile.
    linkSync(part, path);
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') {
      refuseExisting(path);
    }
    // Not every file system has links.
    renameSync(part, path);
  }
}
