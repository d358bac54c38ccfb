import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockDataFolder } from '../database/embedded-lock.js';
import { backupName, makeBackupFolder, OWNER_ONLY } from './backup-file.js';
import { MigrationError } from './errors.js';
import { libpqConnection } from './libpq-url.js';
import { shellQuote } from './shell-quote.js';

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
  makeBackupFolder(folder);
  return () => dump(databaseUrl, resolve(folder));
}

async function dump(databaseUrl: string, folder: string): Promise<Backup> {
  const { url, password, database } = libpqConnection(databaseUrl);
  const path = join(folder, `${backupName(database)}.dump`);
  // Made before pg_dump, which would have it readable by all.
  writeFileSync(path, '', { mode: OWNER_ONLY.file, flag: 'wx' });
  const { code, output } = await run('pg_dump', ['--format=custom', `--file=${path}`, url.href], {
    ...(password !== '' && { PGPASSWORD: password }),
  });
  if (code !== 0) {
    rmSync(path, { force: true });
    throw new MigrationError(`pg_dump failed, so no backup was made. Nothing was run.\n${output.trim()}`);
  }
  // The whole database anew: into the one there is, what a migration added would stand in the way. From another one,
  // as the one that is connected to cannot be dropped.
  const maintenance = new URL(url);
  maintenance.pathname = database === 'postgres' ? '/template1' : '/postgres';
  return {
    path,
    restore: `pg_restore --clean --if-exists --create --exit-on-error --dbname=${shellQuote(maintenance.href)} ${shellQuote(path)}`,
  };
}

/**
 * A copy of the embedded database's folder. To be called while nothing has it open.
 * @param folder where the copy goes; made if need be
 * @throws DataFolderInUseError
 */
export function backUpEmbedded(dataDir: string, folder: string): Backup {
  const source = resolve(dataDir, 'database');
  const unlock = lockDataFolder(dataDir);
  try {
    makeBackupFolder(folder);
    const path = join(resolve(folder), backupName('database'));
    mkdirSync(path, { mode: OWNER_ONLY.folder });
    cpSync(source, path, { recursive: true });
    const [from, to] = [shellQuote(path), shellQuote(source)];
    return { path, restore: `rm -r ${to} && cp -r ${from} ${to}` };
  } finally {
    unlock();
  }
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
