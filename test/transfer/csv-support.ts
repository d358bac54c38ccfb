import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CsvSource, type CsvSourceOptions, openCsvSource } from '../../src/transfer/csv/source.js';
import type { Value } from '../../src/transfer/table.js';

/** A folder for a test's files, and its removal. */
export function scratchFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'laurel-csv-'));
  // For database servers on this machine that write into it.
  chmodSync(path, 0o777);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** All rows of the table of that name, as texts in which each character is a byte. */
export async function rowsOf(source: CsvSource, name = source.tables[0]!.name): Promise<(string | null)[][]> {
  const table = source.tables.find((each) => each.name === name)!;
  const rows: (string | null)[][] = [];
  for await (const batch of source.rows(table)) {
    rows.push(...batch.map((row) => row.map(textOf)));
  }
  return rows;
}

function textOf(value: Value): string | null {
  return value === null ? null : value.toString('latin1');
}

/** The names and rows of a file with these bytes. */
export async function readCsv(
  folder: string,
  contents: string | Buffer,
  options: CsvSourceOptions = {},
): Promise<{ columns: string[]; rows: (string | null)[][] }> {
  const path = join(folder, 'things.csv');
  writeFileSync(path, contents);
  const source = await openCsvSource([path], options);
  return { columns: source.tables[0]!.columns.map(({ name }) => name), rows: await rowsOf(source) };
}

/** As a text in which each character is a byte. */
export function bytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}
