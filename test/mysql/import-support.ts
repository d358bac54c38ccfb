import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { Client } from 'pg';
import type { ImportReport } from '../../src/transfer/import/report.js';
import { type Finished, LaurelProcess } from '../cli/process.js';
import { rowsAt } from '../support/rows-at.js';

export interface Imported extends Finished {
  /** What `--json` printed; undefined where the run ended without a report. */
  report: ImportReport | undefined;
}

/** A folder of a test's own for rejected rows, reports and embedded databases. */
export interface Workplace {
  path: string;
  /** A path in it that nothing has had before. */
  fresh(name: string): string;
  remove(): void;
}

export function workplace(): Workplace {
  const path = mkdtempSync(join(tmpdir(), 'laurel-import-'));
  let count = 0;
  return {
    path,
    fresh: (name) => join(path, `${(count += 1)}-${name}`),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Where rows go: a PostgreSQL URL, or the folder of an embedded database. */
export type Into = { url: string } | { folder: string };

/** Starts `laurel import mysql --json`. @param place where reports go */
export function startImport(from: string, into: Into, words: string[], place: Workplace): LaurelProcess {
  const settings: Record<string, string> =
    'url' in into ? { DATABASE_URL: into.url, DATA_DIR: place.path } : { DATA_DIR: into.folder };
  return new LaurelProcess(['import', 'mysql', '--from', from, '--json', ...words], settings);
}

/** Runs `laurel import mysql --json` to its end. */
export async function importMysql(from: string, into: Into, words: string[], place: Workplace): Promise<Imported> {
  const finished = await startImport(from, into, words, place).finished;
  return { ...finished, report: reportIn(finished.output) };
}

/** The report among the lines that a run has printed. */
export function reportIn(output: string): ImportReport | undefined {
  const line = output.split('\n').find((each) => each.startsWith('{"source"'));
  return line === undefined ? undefined : (JSON.parse(line) as ImportReport);
}

/** Findings as `kind table.column rows`, sorted. */
export function findingsOf(report: ImportReport | undefined): string[] {
  return (report?.findings ?? [])
    .map(({ kind, table, column, rows }) => `${kind} ${table}.${column ?? '*'} ${rows}`)
    .toSorted();
}

/** For each table its counts, of which the first is the sum of the others. */
export function countsOf(report: ImportReport | undefined): Record<string, number[]> {
  return Object.fromEntries(
    (report?.tables ?? []).map(({ table, read, written, merged, rejected, removed }) => [
      table,
      [read, written, merged, rejected, removed],
    ]),
  );
}

/** Every file of a folder as rows, by the names of tables. */
export function rejectedIn(folder: string): Record<string, Record<string, string>[]> {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ name }) => [
      name.replace(/\.csv$/, ''),
      parse(readFileSync(join(folder, name), 'latin1'), { columns: true }),
    ]),
  );
}

/** Everything that is in a database: definitions, rows and where sequences stand, as one text to compare. */
export async function stateOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: relations } = await client.query<{ name: string; kind: string }>(
      `select oid::regclass::text as name, relkind as kind from pg_class
        where relkind in ('r', 'S') and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace,
          'pg_toast'::regnamespace) order by 1`,
    );
    const lines: string[] = [];
    for (const { name, kind } of relations) {
      const { rows } = await client.query<{ state: string }>(
        kind === 'S'
          ? `select concat_ws(' ', last_value, is_called) as state from ${name}`
          : `select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as state from ${name} t`,
      );
      lines.push(`${name} ${rows[0]!.state}`);
    }
    const { rows: definitions } = await client.query<{ line: string }>(
      `select concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) as line
          from pg_constraint where connamespace = 'public'::regnamespace
        union all select indexdef from pg_indexes where schemaname = 'public'
        union all select concat_ws(' ', tgrelid::regclass, tgname, tgenabled) from pg_trigger where not tgisinternal
        order by 1`,
    );
    return [...lines, ...definitions.map(({ line }) => line)].join('\n');
  } finally {
    await client.end();
  }
}

/** Waits until nobody works on a database on behalf of an import any more. */
export async function settled(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (;;) {
      const { rows } = await client.query<{ busy: boolean }>(
        `select exists (select from pg_stat_activity
          where datname = current_database() and application_name = 'laurel transfer') as busy`,
      );
      if (!rows[0]!.busy) {
        return;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  } finally {
    await client.end();
  }
}

/** What a query answers in its column `v`. */
export async function answer<T>(url: string, sql: string): Promise<T[]> {
  const rows = await rowsAt<{ v: T }>(url, sql);
  return rows.map(({ v }) => v);
}
