import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type Config, loadConfig } from '../config.js';
import { backupName } from '../migrate/backup-file.js';
import { UsageError } from '../migrate/errors.js';
import { libpqConnection } from '../migrate/libpq-url.js';
import { shellQuote } from '../migrate/shell-quote.js';
import { backUpEmbeddedDatabase } from '../transfer/backup/embedded-backup.js';
import { describeOrigin } from '../transfer/backup/origin.js';
import { backUpPostgres, type WrittenBackup } from '../transfer/backup/postgres-backup.js';
import { TransferError } from '../transfer/errors.js';
import { withDatabase } from './command.js';
import { interruptible } from './interruptible.js';

interface BackupOptions {
  format?: 'custom' | 'plain';
  dataOnly?: true;
  out?: string;
  json?: true;
}

/** `laurel backup`: the whole database in a file. */
export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('write the whole database to a file, beside a running server; the embedded one while it is stopped')
    .addOption(new Option('--format <format>', "pg_dump's; custom where left out").choices(['custom', 'plain']))
    .option('--data-only', 'the rows alone, without the tables')
    .option('--out <file>', 'left out: in BACKUP_DIR, else beside the data, by the database and the time')
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel backup --out before-the-event.dump')
    .action(run);
}

async function run(options: BackupOptions): Promise<void> {
  const config = loadConfig();
  const written = await interruptible(async (signal) => {
    try {
      return await write(config, options, signal);
    } catch (error) {
      if (signal.aborted) {
        throw new TransferError('Interrupted: there is no backup, and no file was left.', { cause: error });
      }
      throw error;
    }
  });
  report(written, options);
}

async function write(config: Config, options: BackupOptions, signal: AbortSignal): Promise<WrittenBackup> {
  const { databaseUrl, dataDir } = config;
  if (databaseUrl === undefined) {
    if (options.format !== undefined || options.dataOnly) {
      throw new UsageError(
        'The embedded database has one kind of backup, its own. Nothing was written. Leave --format and --data-only out.',
      );
    }
    return backUpEmbeddedDatabase(dataDir, options.out ?? fileName(config, 'database', '.tar.gz'), signal);
  }
  const format = options.format ?? 'custom';
  const dataOnly = options.dataOnly === true;
  const ending = `${dataOnly ? '-data' : ''}${format === 'plain' ? '.sql' : '.dump'}`;
  const path = options.out ?? fileName(config, libpqConnection(databaseUrl).database, ending);
  let written: WrittenBackup | undefined;
  await withDatabase(async (database) => {
    written = await backUpPostgres(database, databaseUrl, { format, dataOnly, path, signal });
  });
  return written!;
}

function fileName({ backupDir, dataDir }: Config, database: string, ending: string): string {
  return resolve(backupDir ?? join(dataDir, 'backups'), `${backupName(database)}${ending}`);
}

function report({ path, bytes, origin }: WrittenBackup, { dataOnly, json }: BackupOptions): void {
  const restore = `laurel restore ${shellQuote(path)}${dataOnly ? ' --data-only' : ''}`;
  if (json) {
    console.log(JSON.stringify({ path, bytes, origin: origin ?? null, restore }));
    return;
  }
  console.log(`Backup: ${path} (${bytes} bytes)`);
  console.log(`It has ${origin === undefined ? 'a database of the old game service' : describeOrigin(origin)}.`);
  console.log(`Into an empty database: ${restore}`);
}
