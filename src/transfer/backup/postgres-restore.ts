import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Database } from '../../database/database.js';
import { query, sql } from '../../database/query.js';
import { UsageError } from '../../migrate/errors.js';
import { loadHistory } from '../../migrate/history.js';
import { readLedger } from '../../migrate/ledger.js';
import { DEFAULTS } from '../../migrate/run-options.js';
import { runMigrations } from '../../migrate/run.js';
import { onLockedConnection } from '../../migrate/runner-lock.js';
import { TransferError } from '../errors.js';
import { connectionOf, serverVersion } from './connection.js';
import { type Contents, readCustom, readPlain } from './contents.js';
import { loadFrame, tablesWithRows } from './data-load.js';
import type { BackupFormat } from './format.js';
import { JOBS_SCHEMA } from '../../jobs/schema.js';
import { describeOccupants, occupantsOf } from './occupants.js';
import { type Origin, originOf, refuseUnknown } from './origin.js';
import { outputOf, requireProgram, runProgram } from './program.js';
import type { InspectedBackup, OnInspected } from './restored.js';
import { scriptWithin } from './script.js';

export interface PostgresRestoreOptions {
  path: string;
  format: Exclude<BackupFormat, 'embedded'>;
  /** The rows alone, into tables that the migrations make. */
  dataOnly: boolean;
  signal?: AbortSignal;
  onInspected: OnInspected;
}

/**
 * Restores a dump of pg_dump into an empty PostgreSQL database, in one transaction: all of it, or nothing.
 * @throws TransferError where the file or the database is not as it must be, or the restore failed
 */
export async function restorePostgres(
  database: Database,
  databaseUrl: string,
  options: PostgresRestoreOptions,
): Promise<InspectedBackup> {
  const em = database.orm.em.fork();
  const server = await serverVersion(em);
  await requireProgram('pg_restore', server);
  await requireProgram('psql', server);
  const contents = await read(options);
  const backup = { path: options.path, format: options.format, origin: await inspect(options, contents) };
  options.onInspected(backup);
  if (options.dataOnly) {
    await makeTables(database, backup.origin!);
  }
  await onLockedConnection(em, DEFAULTS.patience, (connection) => load(connection, databaseUrl, options, contents));
  return backup;
}

/** @param em on a connection that keeps migrations away */
async function load(
  em: SqlEntityManager,
  databaseUrl: string,
  options: PostgresRestoreOptions,
  contents: Contents,
): Promise<void> {
  const { program, input } = options.dataOnly ? await rowsOf(em, options, contents) : await wholeOf(em, options);
  const application = `laurel restore ${process.pid}`;
  const { url, environment } = connectionOf(databaseUrl, application);
  const [name, ...words] = program;
  const settings = { environment, input, ...(options.signal && { signal: options.signal }) };
  try {
    const { code, complaint } = await runProgram(name, [...words, `--dbname=${url}`], settings);
    if (code !== 0) {
      throw new TransferError(`${name} failed${complaint === '' ? '' : `:\n${complaint}`}`);
    }
  } catch (error) {
    await endConnections(em, application);
    // It can have been too late to stop it.
    if (!options.signal?.aborted || !(await isLoaded(em, options))) {
      const reason = options.signal?.aborted ? 'Interrupted.' : error instanceof Error ? error.message : String(error);
      throw new TransferError(`${reason}\n${options.dataOnly ? TABLES_ONLY : EMPTY}`, { cause: error });
    }
  }
}

const EMPTY = 'Nothing was kept: the database is as empty as it was. The same command begins anew.';
const TABLES_ONLY =
  'No row was kept: the database has the tables of Laurel, as migrations make them. The same command goes on from there.';

/** The server goes on for a while after its client has ended; what it does then is rolled back. */
async function endConnections(em: SqlEntityManager, application: string): Promise<void> {
  await query(
    em,
    sql`select pg_terminate_backend(pid, 10000) from pg_stat_activity
      where application_name = ${application} and datname = current_database() and pid <> pg_backend_pid()`,
  );
}

/** Whether the last statement of a load, its commit, has taken effect. */
async function isLoaded(em: SqlEntityManager, { dataOnly }: PostgresRestoreOptions): Promise<boolean> {
  if (dataOnly) {
    return (await tablesWithRows(em)).length > 0;
  }
  const { laurel, others } = await occupantsOf(em);
  return laurel.length + others.length > 0;
}

async function read({ path, format, signal }: PostgresRestoreOptions): Promise<Contents> {
  const contents = format === 'custom' ? await readCustom(path, signal) : await readPlain(path);
  signal?.throwIfAborted();
  return contents;
}

/** @returns undefined for a database of the old game service */
async function inspect(
  { path, dataOnly }: PostgresRestoreOptions,
  { hasSchema, ledger, alembicRevision }: Contents,
): Promise<Origin | undefined> {
  if (ledger === undefined && alembicRevision === undefined) {
    throw new TransferError(
      `${path} is neither of Laurel nor of the old game service: it has no migrations. Nothing was changed.`,
    );
  }
  const origin = ledger === undefined ? undefined : await originOf(ledger);
  if (origin !== undefined) {
    refuseUnknown(path, origin);
  }
  if (!hasSchema && !dataOnly) {
    throw new UsageError(
      `${path} has rows and no tables. Nothing was changed. To have the migrations make them: --data-only`,
    );
  }
  if (dataOnly) {
    await refuseOtherTables(path, origin);
  }
  return origin;
}

/** With --data-only the migrations of this build make the tables: they must be those that the rows come from. */
async function refuseOtherTables(path: string, origin: Origin | undefined): Promise<void> {
  if (origin === undefined) {
    throw new UsageError(
      `${path} is of the old game service, whose tables no migration of this build makes as they are. Nothing was changed. Restore a whole backup of it, without --data-only.`,
    );
  }
  if (origin.edited.length > 0) {
    throw new TransferError(
      `${path} is from other files of ${origin.edited.join(', ')} than this build has, so its rows need not fit. Nothing was changed.\nRestore it with the Laurel that it is of, or a whole backup without --data-only.`,
    );
  }
  const history = await loadHistory();
  if (origin.heads.length !== 1 || history[origin.applied - 1]?.name !== origin.heads[0]) {
    throw new TransferError(
      `The migrations of ${path} are not the first ${origin.applied} of this build, so it cannot make their tables. Nothing was changed.\nRestore a whole backup, without --data-only.`,
    );
  }
}

/** Into an empty database; one that has the tables already, and no rows, is what a restore leaves that was cut off. */
async function makeTables(database: Database, { heads }: Origin): Promise<void> {
  const em = database.orm.em.fork();
  // A server that has been started there has made the tables of its jobs, which are not in the way of rows.
  const occupants = await occupantsOf(em, JOBS_SCHEMA);
  if (occupants.laurel.length === 0 && occupants.others.length === 0) {
    await runMigrations(database, 'up', { name: heads[0]! });
    return;
  }
  if (occupants.others.length > 0 || (await readLedger(em)).length === 0) {
    await refuseOccupied(em);
  }
}

interface Feed {
  program: [string, ...string[]];
  input: Readable;
}

// A script that ends before its commit leaves nothing behind, whatever ended it.
const PSQL: Feed['program'] = [
  'psql',
  '--no-psqlrc',
  '--quiet',
  '--set=ON_ERROR_STOP=1',
  '--set=VERBOSITY=terse',
  '--file=-',
];

async function wholeOf(em: SqlEntityManager, { path, format }: PostgresRestoreOptions): Promise<Feed> {
  await refuseOccupied(em);
  if (format === 'plain') {
    return { program: PSQL, input: scriptWithin('begin;', createReadStream(path), 'commit;') };
  }
  return {
    program: ['pg_restore', '--no-owner', '--no-acl', '--single-transaction', '--exit-on-error'],
    // Not by its name: where this process is killed, the end of the input ends pg_restore too.
    input: createReadStream(path),
  };
}

async function rowsOf(
  em: SqlEntityManager,
  { path, format }: PostgresRestoreOptions,
  { hasSchema, ledger }: Contents,
): Promise<Feed> {
  if (format === 'plain' && hasSchema) {
    throw new UsageError(
      `${path} makes tables too, and what pg_dump has written as a script cannot be taken apart. Nothing was changed. Restore it without --data-only.`,
    );
  }
  const names = (list: readonly { name: string }[]): string =>
    list
      .map(({ name }) => name)
      .toSorted()
      .join();
  if (names(await readLedger(em)) !== names(ledger!)) {
    throw new TransferError(
      `The tables in the database are not of the same migrations as ${path}. Nothing was changed.\nRestore into an empty database.`,
    );
  }
  const filled = await tablesWithRows(em);
  if (filled.length > 0) {
    throw new TransferError(
      `The database is not empty: there are rows in ${filled.join(', ')}. Nothing was changed.\nRows are restored into an empty database, or into tables just made by \`laurel migrate upgrade\`. ${ANOTHER}`,
    );
  }
  const { before, after } = await loadFrame(em);
  const rows = format === 'plain' ? createReadStream(path) : dataOf(path);
  return { program: PSQL, input: scriptWithin(`begin;\n${before}`, rows, `${after}\ncommit;`) };
}

function dataOf(path: string): AsyncIterable<Buffer> {
  const words = ['--data-only', `--exclude-schema=${JOBS_SCHEMA}`, '--no-owner', '--no-acl', '--file=-', path];
  return outputOf(
    'pg_restore',
    words,
    (complaint) => new TransferError(`pg_restore cannot read ${path}:\n${complaint}`),
  );
}

const ANOTHER =
  'Make another database (createdb --host=… NAME) and name it in DATABASE_URL. To put a backup in the place of this one, rename this one first: alter database … rename to …';

async function refuseOccupied(em: SqlEntityManager): Promise<void> {
  const occupants = await occupantsOf(em);
  if (occupants.laurel.length + occupants.others.length > 0) {
    throw new TransferError(
      `The database is not empty. Nothing was changed. It has\n${describeOccupants(occupants)}\nA restore goes into an empty database. ${ANOTHER}`,
    );
  }
}
