import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LOCK_FILE = 'laurel.lock';

interface Owner {
  pid: number;
  /** The process's start time in clock ticks since boot, where the system tells (Linux); guards against reused pids. */
  startedAt: string | null;
}

/** Another live process has the data folder open. PGlite itself would let both write and lose commits. */
export class DataFolderInUseError extends Error {
  constructor(
    readonly dataDir: string,
    readonly pid: number,
  ) {
    super(
      `The data folder ${dataDir} is in use by the Laurel process with pid ${pid}. ` +
        'Stop that process first, set DATA_DIR to another folder, or use a PostgreSQL server by DATABASE_URL.',
    );
    this.name = 'DataFolderInUseError';
  }
}

/**
 * Takes the exclusive lock on an embedded database's folder, creating the folder if need be.
 * A lock left by a process that no longer runs is replaced.
 * @returns releases the lock
 * @throws DataFolderInUseError naming the pid while a live process holds it
 */
export function lockDataFolder(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, LOCK_FILE);
  const claim = `${path}.${process.pid}`;
  writeFileSync(claim, JSON.stringify({ pid: process.pid, startedAt: startTimeOf(process.pid) } satisfies Owner));
  try {
    while (!tryLink(claim, path)) {
      removeIfStale(path, dataDir);
    }
  } finally {
    rmSync(claim, { force: true });
  }
  return () => rmSync(path, { force: true });
}

/** A hard link appears with its content or not at all, so no reader ever sees a half-written lock. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      return false;
    }
    throw error;
  }
}

function removeIfStale(path: string, dataDir: string): void {
  const content = readIfPresent(path);
  if (content === undefined) {
    return;
  }
  const owner = parseOwner(content);
  if (owner !== undefined && isAlive(owner)) {
    throw new DataFolderInUseError(dataDir, owner.pid);
  }
  // Renaming first makes one of several contenders the remover; what it took is checked, because the
  // lock may have been replaced by a live one between reading and renaming.
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return;
    }
    throw error;
  }
  if (readIfPresent(aside) !== content) {
    tryLink(aside, path);
  }
  rmSync(aside, { force: true });
}

function isAlive(owner: Owner): boolean {
  const startedAt = startTimeOf(owner.pid);
  if (startedAt !== null && owner.startedAt !== null) {
    return startedAt === owner.startedAt;
  }
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** Field 22 of /proc/PID/stat (proc(5)); null for no such process and on systems without /proc. */
function startTimeOf(pid: number): string | null {
  const stat = readIfPresent(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function parseOwner(content: string): Owner | undefined {
  try {
    const owner = JSON.parse(content) as Owner;
    return Number.isInteger(owner.pid) ? owner : undefined;
  } catch {
    return undefined;
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
