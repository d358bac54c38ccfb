import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of so many megabytes, in memory. */
export interface SmallDisk {
  folder: string;
  /** Leaves no space on it. */
  fill(): void;
  /** Gives the space back that `fill` took. */
  free(): void;
  unmount(): void;
}

/** Why there can be none here; undefined where there can. */
export function whyNoSmallDisk(): string | undefined {
  try {
    mountSmallDisk(1).unmount();
    return undefined;
  } catch (error) {
    return `no file system can be mounted here: ${(error as Error).message.split('\n').join(' ')}`;
  }
}

/** @throws Error where mounting is not allowed: it takes root, and of a container CAP_SYS_ADMIN */
export function mountSmallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=777`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => {
      mkdirSync(ballast, { recursive: true });
      // Down to the last byte, so that no page finds a place.
      for (const size of [1 << 20, 1 << 12, 1]) {
        fillWith(join(ballast, String(size)), Buffer.alloc(size));
      }
    },
    free: () => rmSync(ballast, { recursive: true, force: true }),
    unmount: () => {
      execFileSync('umount', [folder], { stdio: 'pipe' });
      rmdirSync(folder);
    },
  };
}

function fillWith(path: string, piece: Buffer): void {
  const file = openSync(path, 'a');
  try {
    for (;;) {
      if (writeSync(file, piece) < piece.length) {
        return;
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') {
      throw error;
    }
  } finally {
    closeSync(file);
  }
}
