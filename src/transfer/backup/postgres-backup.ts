import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Database } from '../../database/database.js';
import { JOBS_SCHEMA } from '../../jobs/schema.js';
import { TransferError } from '../errors.js';
import { connectionOf, serverVersion } from './connection.js';
import { readCustom, readPlain } from './contents.js';
import { formatOf } from './format.js';
import { type Origin, originOf } from './origin.js';
import { refuseExisting, writeWhole } from './private-file.js';
import { requireProgram, runProgram } from './program.js';

/** A backup that is whole, and can be restored by `laurel restore`. */
export interface WrittenBackup {
  path: string;
  bytes: number;
  /** Undefined for a database of the old game service. */
  origin: Origin | undefined;
}

export interface PostgresBackupOptions {
  format: 'custom' | 'plain';
  /** The rows alone, for tables that the migrations make. */
  dataOnly: boolean;
  path: string;
  signal?: AbortSignal;
}

/** Jobs are no rows of tables that migrations make: the runner makes its tables itself, as a server starts. */
const ROWS_ALONE = ['--data-only', `--exclude-schema=${JOBS_SCHEMA}`];

/**
 * Writes a dump of a PostgreSQL database by pg_dump, in one snapshot and beside whoever uses it, and looks into it
 * again.
 * @throws TransferError where there is no pg_dump, or it failed; then there is no file
 */
export async function backUpPostgres(
  { orm }: Database,
  databaseUrl: string,
  { format, dataOnly, path, signal }: PostgresBackupOptions,
): Promise<WrittenBackup> {
  const target = resolve(path);
  refuseExisting(target);
  const server = await serverVersion(orm.em.fork());
  await requireProgram('pg_dump', server);
  await requireProgram('pg_restore', server);
  const { url, environment } = connectionOf(databaseUrl, 'laurel backup');
  return writeWhole(target, async (part) => {
    const words = [`--format=${format}`, '--no-owner', '--no-acl', ...(dataOnly ? ROWS_ALONE : [])];
    const { code, complaint } = await runProgram('pg_dump', [...words, `--file=${part}`, url], {
      environment,
      ...(signal && { signal }),
    });
    if (code !== 0) {
      throw new TransferError(`pg_dump failed, so there is no backup, and no file was left.\n${complaint}`);
    }
    return { path: target, bytes: statSync(part).size, origin: await look(part, signal) };
  });
}

async function look(part: string, signal: AbortSignal | undefined): Promise<Origin | undefined> {
  const format = await formatOf(part);
  const { ledger, alembicRevision } = format === 'custom' ? await readCustom(part, signal) : await readPlain(part);
  signal?.throwIfAborted();
  if (ledger !== undefined) {
    return originOf(ledger);
  }
  if (alembicRevision !== undefined) {
    return undefined;
  }
  throw new TransferError(
    'The database is neither of Laurel nor of the old game service: it has no migrations. No file was left.\nSee whether DATABASE_URL names the right one; of any other database, pg_dump makes a backup.',
  );
}
