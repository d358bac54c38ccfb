import { stdin } from 'node:process';
import type { Command } from 'commander';
import { type Config, loadConfig } from '../config.js';
import { openDatabase } from '../database/database.js';
import { UsageError } from '../migrate/errors.js';
import { upgrade } from '../migrate/upgrade.js';
import { restoreEmbedded } from '../transfer/backup/embedded-restore.js';
import { type BackupFormat, formatOf } from '../transfer/backup/format.js';
import { describeOrigin } from '../transfer/backup/origin.js';
import { restorePostgres } from '../transfer/backup/postgres-restore.js';
import type { InspectedBackup, OnInspected } from '../transfer/backup/restored.js';
import { TransferError } from '../transfer/errors.js';
import { CommandError } from './command.js';
import { confirmByTyping } from './confirm.js';
import { interruptible } from './interruptible.js';

interface RestoreOptions {
  dataOnly?: true;
  upgrade?: true;
  yes?: true;
  json?: true;
}

/** `laurel restore`: a backup into an empty database. */
export function addRestore(program: Command): void {
  program
    .command('restore <file>')
    .description('put a backup into an empty database, all of it or nothing')
    .option('--data-only', 'the rows alone, into tables that the migrations make')
    .option('--upgrade', 'apply the migrations that are newer than the backup')
    .option('--yes', 'the same, as the answer to the question about it')
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel restore before-the-event.dump')
    .action(run);
}

async function run(file: string, options: RestoreOptions): Promise<void> {
  const config = loadConfig();
  const format = await formatOf(file);
  const onInspected: OnInspected = (backup) => {
    if (!options.json) {
      console.log(describe(backup));
    }
  };
  const backup = await interruptible((signal) => restore(config, file, format, options, onInspected, signal));
  if (!options.json) {
    console.log('Restored.');
  }
  await goOn(config, backup, options);
}

const FORMATS: Record<BackupFormat, string> = {
  custom: "in pg_dump's custom format",
  plain: "in pg_dump's plain format",
  embedded: 'of the embedded database',
};

function describe({ path, format, origin }: InspectedBackup): string {
  return `${path}, ${FORMATS[format]}: ${origin === undefined ? 'a database of the old game service' : describeOrigin(origin)}`;
}

async function restore(
  config: Config,
  path: string,
  format: BackupFormat,
  options: RestoreOptions,
  onInspected: OnInspected,
  signal: AbortSignal,
): Promise<InspectedBackup> {
  const { databaseUrl, dataDir } = config;
  if (databaseUrl === undefined) {
    if (format !== 'embedded') {
      throw new TransferError(
        `${path} is of a PostgreSQL server, and the database is the embedded one. Nothing was changed.\nSet DATABASE_URL to an empty database of a server. To bring its data here, restore it there, then \`laurel export csv\` and, without DATABASE_URL, \`laurel import csv\`.`,
      );
    }
    if (options.dataOnly) {
      throw new UsageError(
        'A dump of the embedded database is restored as a whole. Nothing was changed. Leave --data-only out.',
      );
    }
    return restoreEmbedded(dataDir, path, onInspected, signal);
  }
  if (format === 'embedded') {
    throw new TransferError(
      `${path} is of an embedded database, and DATABASE_URL names a PostgreSQL server. Nothing was changed.\nRestore it without DATABASE_URL and with DATA_DIR set to a new folder, then \`laurel export csv\`, and with DATABASE_URL \`laurel import csv\`.`,
    );
  }
  const database = await openDatabase({ ...config, databasePoolSize: POOL_SIZE });
  try {
    const dataOnly = options.dataOnly === true;
    return await restorePostgres(database, databaseUrl, { path, format, dataOnly, signal, onInspected });
  } finally {
    await database.close();
  }
}

/** One holds the lock of the migrations meanwhile. */
const POOL_SIZE = 3;

const TAKEOVER = ['laurel migrate stamp --detect', 'laurel migrate upgrade'];

/** What comes after a restore: the upgrade, or the takeover of the old game service's database. */
async function goOn(config: Config, backup: InspectedBackup, options: RestoreOptions): Promise<void> {
  const pending = backup.origin?.pending.length ?? 0;
  const upgraded = pending > 0 && (await agrees(pending, options)) ? await applyPending(config) : [];
  const next = backup.origin === undefined ? TAKEOVER : pending > upgraded.length ? ['laurel migrate upgrade'] : [];
  if (options.json) {
    console.log(JSON.stringify({ ...backup, origin: backup.origin ?? null, upgraded, next }));
    return;
  }
  upgraded.forEach((name) => console.log(`applied ${name}`));
  if (backup.origin === undefined) {
    console.log(`To make it Laurel's:\n${next.map((command) => `  ${command}`).join('\n')}`);
  } else if (next.length > 0) {
    console.log(`${pending} migrations are pending: ${next.join()}`);
  } else {
    console.log('To check it: laurel doctor');
  }
}

async function agrees(pending: number, options: RestoreOptions): Promise<boolean> {
  if (options.upgrade || options.yes) {
    return true;
  }
  if (!stdin.isTTY || options.json) {
    return false;
  }
  try {
    await confirmByTyping(`The backup is older than this build: ${pending} migrations are pending.`, 'upgrade');
    return true;
  } catch (error) {
    if (error instanceof CommandError) {
      return false;
    }
    throw error;
  }
}

async function applyPending(config: Config): Promise<string[]> {
  const database = await openDatabase(config);
  try {
    return await upgrade(database);
  } finally {
    await database.close();
  }
}
