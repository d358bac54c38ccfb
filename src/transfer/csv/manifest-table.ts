import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { TransferError } from '../errors.js';
import type { CsvTable } from './csv-table.js';
import { type Manifest, type ManifestTable, tableOf } from './manifest.js';
import { readBytes } from './read-records.js';
import { RFC_4180 } from './record-format.js';

/**
 * A table of a folder with a manifest.
 * @param acceptChanged whether a file may be another one than the manifest says
 * @throws TransferError where it is, and may not
 */
export async function manifestTable(
  folder: string,
  { formulasNeutralised }: Manifest,
  table: ManifestTable,
  acceptChanged: boolean,
): Promise<CsvTable> {
  const path = join(folder, table.file);
  const isAsWritten = await hasHash(path, table);
  if (!isAsWritten && !acceptChanged) {
    throw new TransferError(
      `${path} is not the file that the manifest tells of: it was changed, or did not arrive whole. Nothing was changed. Copy it once more, or export again.`,
    );
  }
  return {
    ...tableOf(table),
    path,
    format: RFC_4180,
    places: table.columns.map((_, place) => place),
    reasons: [],
    unnamed: false,
    manifest: isAsWritten ? table : undefined,
    neutralised: formulasNeutralised,
  };
}

async function hasHash(path: string, { bytes, sha256 }: ManifestTable): Promise<boolean> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of readBytes(path)) {
    size += chunk.length;
    hash.update(chunk);
  }
  return size === bytes && hash.digest('hex') === sha256;
}
