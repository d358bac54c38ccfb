import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { ImportReport } from '../../src/transfer/import/report.js';
import { type Finished, laurel } from '../cli/process.js';
import { createEmptyDatabase } from '../support/database.js';

export interface Imported extends Finished {
  /** What `--json` printed; undefined where the run ended without a report. */
  report: ImportReport | undefined;
}

/** A database of its own on the server of the tests, and a connection to it. */
export interface Place {
  url: string;
  client: Client;
  close(): Promise<void>;
}

/** @param template what it is a copy of */
export async function openPlace(template: string | undefined): Promise<Place> {
  const { url, drop } = await createEmptyDatabase(process.env['TEST_POSTGRES_URL'], template);
  const client = new Client({ connectionString: url });
  await client.connect();
  return { url, client, close: () => client.end().then(drop) };
}

/** Runs `laurel import --json` with these words, into that database. @param dataDir where reports go */
export async function runImport(into: Place, dataDir: string, words: readonly string[]): Promise<Imported> {
  const finished = await laurel(['import', ...words, '--json'], { DATABASE_URL: into.url, DATA_DIR: dataDir });
  const line = finished.output.split('\n').find((each) => each.startsWith('{"source"'));
  return { ...finished, report: line === undefined ? undefined : (JSON.parse(line) as ImportReport) };
}

/** A database of its own without any tables, and a folder, to import CSV files into. */
export interface CsvPlace {
  url: string;
  folder: string;
  client: Client;
  /** Writes a file. @returns its path */
  file(name: string, contents: string | Buffer): string;
  /** Runs `laurel import csv --json` with these words. */
  run(...words: string[]): Promise<Imported>;
  close(): Promise<void>;
}

export async function csvPlace(): Promise<CsvPlace> {
  const server = process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';
  const { url, drop } = await createEmptyDatabase(server, 'template0');
  const folder = mkdtempSync(join(tmpdir(), 'laurel-import-'));
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    url,
    folder,
    client,
    file: (name, contents) => {
      const path = join(folder, name);
      writeFileSync(path, contents);
      return path;
    },
    run: async (...words) => {
      const settings = { DATABASE_URL: url, DATA_DIR: join(folder, 'data') };
      const finished = await laurel(['import', 'csv', '--json', ...words], settings);
      const line = finished.output.split('\n').find((each) => each.startsWith('{"source"'));
      return { ...finished, report: line === undefined ? undefined : (JSON.parse(line) as ImportReport) };
    },
    close: async () => {
      await client.end();
      await drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
