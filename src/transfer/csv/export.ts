import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LEDGER } from '../../migrate/ledger-name.js';
import { UsageError } from '../../migrate/errors.js';
import { VERSION } from '../../version.js';
import { TransferError } from '../errors.js';
import { quoted } from '../identifier.js';
import { type PostgresTable, readPostgresTables, type UnreadTable } from '../postgres-tables.js';
import { checksumSql } from '../row-hash.js';
import type { Target } from '../target.js';
import { fileNamesOf } from './file-name.js';
import { mayHoldFormulas, neutralise, neutraliseSql } from './formula.js';
import { describeTable, type Manifest, MANIFEST_FILE, MANIFEST_VERSION, type ManifestTable } from './manifest.js';
import { migrationHeads } from './migration-heads.js';
import { csvHeader, writeNewFile } from './table-file.js';

export interface ExportOptions {
  /** Left out: all but those that make no sense elsewhere. */
  tables?: readonly string[] | undefined;
  neutraliseFormulas?: boolean | undefined;
  /** Told as each table grows, and once with its rows when it is done. */
  onProgress?: ((progress: ExportProgress) => void) | undefined;
  /** Ends the export; what it has written is removed. */
  signal?: AbortSignal | undefined;
}

export interface ExportProgress {
  table: string;
  /** Written so far. */
  bytes: number;
  /** The server's own guess of the table's rows; -1 where it has none. */
  estimatedRows: number;
  /** Undefined until the table is done. */
  rows?: bigint;
}

/** Tables that are left out unless they are asked for: they make no sense elsewhere. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  standing_counts: 'counted anew from the standings',
  standing_tie_counts: 'counted anew from the standings',
  last_writes: 'positions in the log of one server',
  [LEDGER]: 'the history of one database; the manifest names its newest migrations',
};

/**
 * Writes tables as CSV files and a manifest, all as they are at one moment. The folder has its name when everything is
 * in it, not before.
 * @param target without a transaction under way
 * @param folder not there yet, or empty
 * @returns the manifest
 * @throws UsageError for tables that are not there, or a folder that is not empty
 * @throws TransferError where the signal ended it
 */
export async function exportCsv(target: Target, folder: string, options: ExportOptions = {}): Promise<Manifest> {
  const path = resolve(folder);
  refuseUsed(path);
  mkdirSync(dirname(path), { recursive: true });
  const part = mkdtempSync(`${path}.part-`);
  try {
    const manifest = await atOneMoment(target, () => writeTables(target, part, options));
    const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
    await writeNewFile(join(part, MANIFEST_FILE), once(text), () => undefined);
    renameSync(part, path);
    return manifest;
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw error;
  }
}

function refuseUsed(path: string): void {
  try {
    if (readdirSync(path).length === 0) {
      return;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return;
    }
    throw error;
  }
  throw new UsageError(`${path} is not empty. Nothing was written. Name a folder that is not there yet.`);
}

async function atOneMoment<T>(target: Target, work: () => Promise<T>): Promise<T> {
  const { tables } = await readPostgresTables(target);
  await target.query('begin isolation level repeatable read, read only');
  try {
    // What a role may not see is an error, not a shorter file.
    await target.query('set local row_security to off');
    // Before the moment is fixed, which the first query does: to empty a table shows at once in every moment.
    if (tables.length > 0) {
      await target.query(`lock table ${tables.map(nameOf).join(', ')} in access share mode`);
    }
    return await work();
  } finally {
    // Read only: there is nothing to keep. A connection that broke has told so already.
    await target.query('rollback').catch(() => undefined);
  }
}

async function writeTables(target: Target, folder: string, options: ExportOptions): Promise<Manifest> {
  const { tables, unread } = await readPostgresTables(target);
  const { chosen, leftOut } = choose(tables, unread, options.tables);
  const files = fileNamesOf(chosen.map(({ name }) => name));
  const [{ now }] = (await target.query<{ now: string }>(MOMENT)) as [{ now: string }];
  const written: ManifestTable[] = [];
  for (const table of chosen) {
    written.push(await writeTable(target, folder, files.get(table.name)!, table, options));
  }
  return {
    format: 'laurel csv',
    formatVersion: MANIFEST_VERSION,
    laurelVersion: VERSION,
    exportedAt: now,
    migrations: await migrationHeads(target),
    formulasNeutralised: options.neutraliseFormulas === true,
    tables: written,
    leftOut,
  };
}

const MOMENT = `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as now`;

function choose(
  tables: readonly PostgresTable[],
  unread: readonly UnreadTable[],
  names: readonly string[] | undefined,
): { chosen: PostgresTable[]; leftOut: UnreadTable[] } {
  const there = new Set(tables.map(({ name }) => name));
  const unknown = (names ?? []).filter((name) => !there.has(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `There is no table ${unknown.join(', ')}. Nothing was written. There are: ${[...there].toSorted().join(', ')}`,
    );
  }
  const isChosen = ({ name, columns }: PostgresTable): boolean =>
    columns.length > 0 && (names?.includes(name) ?? !Object.hasOwn(LEFT_OUT, name));
  const passedOver = tables
    .filter((table) => !isChosen(table))
    .map(({ name, columns }) => ({
      name,
      why: columns.length === 0 ? 'no columns' : (LEFT_OUT[name] ?? 'not asked for'),
    }));
  return { chosen: tables.filter(isChosen), leftOut: [...passedOver, ...unread] };
}

async function writeTable(
  target: Target,
  folder: string,
  file: string,
  table: PostgresTable,
  { neutraliseFormulas = false, onProgress, signal }: ExportOptions,
): Promise<ManifestTable> {
  const { name, estimatedRows } = table;
  const { bytes, sha256 } = await writeNewFile(
    join(folder, file),
    heeding(signal, csvOf(target, table, neutraliseFormulas)),
    (soFar) => onProgress?.({ table: name, bytes: soFar, estimatedRows }),
  );
  const [sum] = await target.query<{ rows: string; hash: string }>(checksumSql(fromOf(table), table.columns));
  refuseAborted(signal);
  const { rows, hash } = sum!;
  onProgress?.({ table: name, bytes, estimatedRows, rows: BigInt(rows) });
  return describeTable(table, { file, bytes, sha256, rows, hash });
}

async function* csvOf(target: Target, table: PostgresTable, neutraliseFormulas: boolean): AsyncIterable<Buffer> {
  const names = table.columns.map(({ name }) => name);
  yield csvHeader(neutraliseFormulas ? names.map(neutralise) : names);
  const values = table.columns.map((column) =>
    neutraliseFormulas && mayHoldFormulas(column) ? neutraliseSql(quoted(column.name)) : quoted(column.name),
  );
  yield* target.copyOut(`copy (select ${values.join(', ')} from ${fromOf(table)}) to stdout (format csv)`);
}

async function* heeding(signal: AbortSignal | undefined, chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  for await (const chunk of chunks) {
    refuseAborted(signal);
    yield chunk;
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new TransferError('The export was ended. Nothing of it was kept. Run it again to have it whole.');
  }
}

function nameOf({ schema, name }: PostgresTable): string {
  return `${quoted(schema)}.${quoted(name)}`;
}

/** Rows of tables that inherit from it are their own. */
function fromOf(table: PostgresTable): string {
  return table.partitioned ? nameOf(table) : `only ${nameOf(table)}`;
}

async function* once(chunk: Buffer): AsyncIterable<Buffer> {
  yield chunk;
}
