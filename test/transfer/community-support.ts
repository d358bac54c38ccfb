import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { openCommunitySource } from '../../src/transfer/community/source.js';
import type { CommunityOptions } from '../../src/transfer/community/options.js';
import { communityImport } from '../../src/transfer/import/community-import.js';
import { type ImportOptions, runImport } from '../../src/transfer/import/import.js';
import type { ImportReport } from '../../src/transfer/import/report.js';
import type { Target } from '../../src/transfer/target.js';
import { toJson } from './community-model.js';
import { policies } from './support.js';

export type Move = Partial<CommunityOptions & ImportOptions>;

/** Writes an export into a folder. @returns its path */
export function exportFile(folder: string, content: unknown): string {
  const path = join(folder, 'export.json');
  writeFileSync(path, typeof content === 'string' || Buffer.isBuffer(content) ? content : toJson(content));
  return path;
}

/** Moves an export, times without a zone being UTC's. */
export async function moveExport(
  target: Target,
  folder: string,
  content: unknown,
  { merge, reservedNicknames = [], ...options }: Move = {},
): Promise<ImportReport> {
  const source = await openCommunitySource(exportFile(folder, content));
  return runImport(source, { target, targetName: 'here' }, communityImport(source, { merge, reservedNicknames }), {
    policies: policies(),
    timeZone: 'UTC',
    ...options,
  });
}

/** What the report says of each table: read, written, merged, updated, rejected, removed. */
export function figures({ tables }: ImportReport): Record<string, number[]> {
  return Object.fromEntries(
    tables.map(({ table, read, written, merged, updated, rejected, removed }) => [
      table,
      [read, written, merged, updated, rejected, removed],
    ]),
  );
}

/** Whether both sides are equal wherever they were compared, and all holds that must. */
export function isProven({ outcome, tables, audits }: ImportReport): boolean {
  return (
    outcome === 'done' &&
    tables.every(({ comparisons }) => comparisons.length === 2 && comparisons.every(({ equal }) => equal)) &&
    audits.length > 0 &&
    audits.every(({ wrong }) => wrong === 0)
  );
}

/** The rejected rows of a table, each with its reasons. */
export function rejectedRows(folder: string, table: string): Record<string, string>[] {
  return parse(readFileSync(join(folder, `${table}.csv`)), { columns: true });
}
