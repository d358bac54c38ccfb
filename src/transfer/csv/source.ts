import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../migrate/errors.js';
import type { Checksum } from '../checksum.js';
import { TransferError } from '../errors.js';
import { inReferenceOrder } from '../reference-order.js';
import type { Source } from '../source.js';
import type { Column, Row, Value } from '../table.js';
import type { MappedColumn } from './column-mapping.js';
import type { CsvTable } from './csv-table.js';
import { mayHoldFormulas, neutralise, restore } from './formula.js';
import { type Manifest, readManifest } from './manifest.js';
import { manifestTable } from './manifest-table.js';
import { type NamedFile, plainTable } from './plain-table.js';
import { type CsvOptions, formatOf } from './record-format.js';
import { readRecords } from './read-records.js';

export interface CsvSourceOptions extends CsvOptions {
  /** Left out: all that are there. */
  tables?: readonly string[] | undefined;
  /** Of one file. */
  columns?: readonly MappedColumn[] | undefined;
  /** Whether files may be others than their manifest says; then only what was read counts. */
  acceptChanged?: boolean | undefined;
}

export interface CsvSource extends Source<CsvTable> {
  /** Undefined for files without one. */
  readonly manifest: Manifest | undefined;
}

/**
 * Opens a folder that `laurel export csv` wrote, or CSV files of any origin.
 * @param paths one folder; or files, as `file.csv` or `table=file.csv`
 * @throws UsageError for paths, tables, columns or formats that are not there
 * @throws TransferError for files that cannot be read, or are not those of their manifest
 */
export async function openCsvSource(paths: readonly string[], options: CsvSourceOptions = {}): Promise<CsvSource> {
  const [folder] = paths;
  const manifest = folder !== undefined && paths.length === 1 ? await manifestOf(folder) : undefined;
  const tables =
    manifest === undefined ? await plainTables(paths, options) : await manifestTables(folder!, manifest, options);
  return new FileSource(paths.join(', '), tables, manifest);
}

class FileSource implements CsvSource {
  constructor(
    readonly name: string,
    readonly tables: readonly CsvTable[],
    readonly manifest: Manifest | undefined,
  ) {}

  async *rows(table: CsvTable): AsyncIterable<Row[]> {
    const toRow = converterOf(table);
    let isHeader = table.format.header;
    let rows = 0n;
    for await (const records of readRecords(table.path, table.format)) {
      const [header] = records;
      if (isHeader && header !== undefined) {
        this.checkHeader(table, header);
        records.shift();
        isHeader = false;
      }
      rows += BigInt(records.length);
      if (records.length > 0) {
        yield records.map(toRow);
      }
    }
    if (table.manifest !== undefined && rows !== BigInt(table.manifest.rows)) {
      throw new TransferError(
        `${table.path} has ${rows} rows, and its manifest says ${table.manifest.rows}. Nothing was changed. Export again.`,
      );
    }
  }

  only(): undefined {
    return undefined;
  }

  hasChecksum({ manifest }: CsvTable): boolean {
    return manifest !== undefined;
  }

  checksum({ manifest }: CsvTable): Promise<Checksum | null> {
    return Promise.resolve(
      manifest === undefined ? null : { rows: BigInt(manifest.rows), hash: BigInt(manifest.hash) },
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Values belong to columns by their places: whoever changed the places has to be told. */
  private checkHeader({ columns, path, neutralised }: CsvTable, header: Row): void {
    if (this.manifest === undefined) {
      return;
    }
    const expected = columns.map(({ name }) => (neutralised ? neutralise(name) : name));
    const found = header.map((name) => name?.toString() ?? '');
    if (found.length !== expected.length || expected.some((name, place) => name !== found[place])) {
      throw new TransferError(
        `${path} has other columns than its manifest says. Nothing was changed. They are to be: ${expected.join(', ')}`,
      );
    }
  }
}

async function manifestOf(folder: string): Promise<Manifest | undefined> {
  return isFolder(folder) ? readManifest(folder) : undefined;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

async function manifestTables(folder: string, manifest: Manifest, options: CsvSourceOptions): Promise<CsvTable[]> {
  if (options.columns !== undefined || Object.values(formatOptions(options)).some((value) => value !== undefined)) {
    throw new UsageError(
      `${folder} has a manifest, which says how its files are written. Nothing was changed. Leave out the options of plain CSV, or name the files instead of the folder.`,
    );
  }
  refuseUnknown(
    options.tables,
    manifest.tables.map(({ name }) => name),
  );
  const tables: CsvTable[] = [];
  for (const table of manifest.tables) {
    if (options.tables?.includes(table.name) ?? true) {
      tables.push(await manifestTable(folder, manifest, table, options.acceptChanged === true));
    }
  }
  return inReferenceOrder(tables);
}

function formatOptions({ header, delimiter, quote, escape, nullText, encoding }: CsvOptions): CsvOptions {
  return { header, delimiter, quote, escape, nullText, encoding };
}

async function plainTables(paths: readonly string[], options: CsvSourceOptions): Promise<CsvTable[]> {
  const files = paths.flatMap((path) => (isFolder(path) ? filesIn(path) : namedFile(path)));
  if (options.columns !== undefined && files.length !== 1) {
    throw new UsageError(`--columns is for one file, and there are ${files.length}. Nothing was changed.`);
  }
  const format = formatOf(options);
  const tables: CsvTable[] = [];
  for (const file of files) {
    tables.push(await plainTable(file, format, options.columns));
  }
  const names = tables.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UsageError(
      `Two files are of the table ${twice}. Nothing was changed. Name one of them, or another table.`,
    );
  }
  refuseUnknown(options.tables, names);
  return tables.filter(({ name }) => options.tables?.includes(name) ?? true);
}

function filesIn(folder: string): NamedFile[] {
  const files = readdirSync(folder)
    .filter((file) => file.toLowerCase().endsWith('.csv'))
    .toSorted()
    .map((file) => ({ path: join(folder, file) }));
  if (files.length === 0) {
    throw new UsageError(`${folder} has no CSV files. Nothing was changed. Name the folder or the files.`);
  }
  return files;
}

/** @param path `file.csv` or `table=file.csv` */
function namedFile(path: string): NamedFile {
  const [, table, file] = /^([^=]+)=(.+)$/s.exec(path) ?? [];
  const named = isFile(path) || file === undefined ? { path } : { path: file, table };
  if (!isFile(named.path)) {
    throw new UsageError(`There is no file ${named.path}. Nothing was changed.`);
  }
  return named;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function refuseUnknown(asked: readonly string[] | undefined, there: readonly string[]): void {
  const unknown = (asked ?? []).filter((name) => !there.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `There is no table ${unknown.join(', ')} in the files. Nothing was changed. There are: ${there.join(', ')}`,
    );
  }
}

/** What makes of a record the row that the table says. */
function converterOf({ columns, places, neutralised }: CsvTable): (record: Row) => Row {
  const converters = columns.map((column) => valueConverter(column, neutralised));
  const isPlain = converters.every((convert) => convert === undefined);
  const inPlace = places.every((place, index) => place === index);
  return (record) =>
    isPlain && inPlace && record.length === places.length
      ? record
      : places.map((place, index) => {
          const value = record[place] ?? null;
          return value === null ? null : (converters[index]?.(value) ?? value);
        });
}

function valueConverter(column: Column, neutralised: boolean): ((value: Buffer) => Value) | undefined {
  if (column.kind === 'bytes') {
    return bytesOf;
  }
  return neutralised && mayHoldFormulas(column) ? restore : undefined;
}

/** PostgreSQL writes bytes as `\x` and hexadecimal digits; anything else is the bytes themselves. */
function bytesOf(value: Buffer): Buffer {
  if (!value.subarray(0, 2).equals(HEXADECIMAL_SIGN)) {
    return value;
  }
  const digits = value.toString('latin1', 2);
  return digits.length % 2 === 0 && !/[^0-9a-f]/i.test(digits) ? Buffer.from(digits, 'hex') : value;
}

const HEXADECIMAL_SIGN = Buffer.from('\\x');
