import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockDataFolder } from '../database/embedded-lock.js';
import { MigrationError } from './errors.js';

/** A copy of the database from before an upgrade. */
export interface Backup {
  path: string;
  /** A shell command that puts the database back to it. */
  restore: string;
}

/** Makes a backup when it is needed; what can be wrong with that is found before. */
export type PreparedBackup = () => Promise<Backup>;

/**
 * Sees that pg_dump is there.
 * @param folder where the dump goes; made if need be
 * @throws MigrationError where it is not, before anything is run
 */
export async function preparePostgresBackup(databaseUrl: string, folder: string): Promise<PreparedBackup> {
  const found = await run('pg_dump', ['--version']);
  if (found.code !== 0) {
    throw new MigrationError(
      'There is no pg_dump on this machine, so no backup can be made. Nothing was run.\nInstall the PostgreSQL client programs, or upgrade without --backup after a backup of your own.',
    );
  }
  mkdirSync(folder, { recursive: true });
  return () => dump(databaseUrl, resolve(folder));
}

async function dump(databaseUrl: string, folder: string): Promise<Backup> {
  const url = new URL(databaseUrl);
  const path = join(folder, `${decodeURIComponent(url.pathname.slice(1))}-${timestamp()}.dump`);
  const password = decodeURIComponent(url.password);
  // Not among the arguments, which every user of the machine can read.
  url.password = '';
  const { code, output } = await run('pg_dump', ['--format=custom', `--file=${path}`, url.href], {
    ...(password !== '' && { PGPASSWORD: password }),
  });
  if (code !== 0) {
    throw new MigrationError(`pg_dump failed, so no backup was made. Nothing was run.\n${output.trim()}`);
  }
  // The whole database anew: into the one there is, what a migration added would stand in the way.
  const maintenance = Object.assign(new URL(url), { pathname: '/postgres' }).href;
  return {
    path,
    restore: `pg_restore --clean --if-exists --create --exit-on-error --dbname='${maintenance}' '${path}'`,
  };
}

/**
 * A copy of the embedded database's folder. To be called while nothing has it open.
 * @param folder where the copy goes; made if need be
 * @throws DataFolderInUseError
 */
export function backUpEmbedded(dataDir: string, folder: string): Backup | undefined {
  const source = resolve(dataDir, 'database');
  if (!existsSync(source)) {
    return undefined;
  }
  const unlock = lockDataFolder(dataDir);
  try {
    const path = join(resolve(folder), `database-${timestamp()}`);
    cpSync(source, path, { recursive: true });
    return { path, restore: `rm -r '${source}' && cp -r '${path}' '${source}'` };
  } finally {
    unlock();
  }
}

function timestamp(): string {
  return new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function run(program: string, args: string[], settings: object = {}): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    const child = spawn(program, args, { env: { ...process.env, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        output += data.toString();
      });
    }
    child.once('error', (error) => done({ code: -1, output: error.message }));
    child.once('close', (code) => done({ code: code ?? -1, output }));
  });
}
