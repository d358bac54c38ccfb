import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';
import type { AppliedMigration } from '../../migrate/ledger.js';
import { LEDGER } from '../../migrate/ledger-name.js';
import { TransferError } from '../errors.js';

/**
 * Opens a dump of the embedded database.
 * @param folder where its data goes; in memory where left out
 * @throws TransferError where it is damaged, or of another PostgreSQL
 */
export async function openDump(path: string, folder?: string): Promise<PGlite> {
  try {
    // PGlite would unpack it too, but dies of a file that is cut off.
    const archive = new Blob([new Uint8Array(await promisify(gunzip)(await readFile(path)))]);
    return await PGlite.create({ loadDataDir: archive, ...(folder !== undefined && { dataDir: folder }) });
  } catch (error) {
    throw new TransferError(
      `${path} cannot be opened: it is damaged, cut off, or of an embedded database of another version. Nothing was changed.\n${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** Laurel's migrations in an embedded database; undefined where it has not their table. */
export async function ledgerOf(database: PGlite): Promise<AppliedMigration[] | undefined> {
  const { rows } = await database.query<{ there: boolean }>(`select to_regclass('${LEDGER}') is not null as there`);
  if (rows[0]?.there !== true) {
    return undefined;
  }
  const ledger = await database.query<{ row: Record<string, string | null> }>(
    `select to_jsonb(m) as row from ${LEDGER} m order by m.id`,
  );
  return ledger.rows.map(({ row }) => ({
    name: row['name']!.replace(/\.[jt]s$/, ''),
    appliedAt: row['executed_at']!,
    checksum: row['checksum'] ?? null,
    laurelVersion: row['laurel_version'] ?? null,
  }));
}
