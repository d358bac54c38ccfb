import { basename } from 'node:path';
import { UsageError } from '../../migrate/errors.js';
import { TransferError } from '../errors.js';
import { maySayReasons } from '../rejects.js';
import type { Column, Row } from '../table.js';
import { type MappedColumn, refuseTwice } from './column-mapping.js';
import type { CsvTable } from './csv-table.js';
import { tableNameOf } from './file-name.js';
import { readRecords } from './read-records.js';
import type { RecordFormat } from './record-format.js';

/** A file, and the table that it is of. */
export interface NamedFile {
  path: string;
  /** Undefined: as the file is called. */
  table?: string | undefined;
}

/**
 * What a file without a manifest has for a table. All columns are texts until they are fitted to a table.
 * @throws UsageError where the mapping and the file do not go together
 * @throws TransferError where the file cannot be read in that format
 */
export async function plainTable(
  { path, table = tableNameOf(basename(path)) }: NamedFile,
  format: RecordFormat,
  mapping: readonly MappedColumn[] | undefined,
): Promise<CsvTable> {
  const first = await firstRecord(path, format);
  if (first === undefined && format.header) {
    throw new TransferError(`${path} is empty: it has no header either. Nothing was changed. Leave it out.`);
  }
  const names = format.header ? namesOf(first ?? [], path) : mapping?.map(({ from }) => from);
  if (!format.header && first !== undefined && names !== undefined && names.length !== first.length) {
    throw new UsageError(
      `${path} has ${first.length} columns, and --columns names ${names.length}. Nothing was changed. Name each in order.`,
    );
  }
  const all = names === undefined ? numbered(first ?? []) : mapColumns(names, mapping ?? [], path);
  // What is wrong with a rejected row is not a part of it, unless the table has such a column.
  const isReason = ({ name }: Placed): boolean =>
    maySayReasons(name) && !(mapping ?? []).some(({ from }) => from === name);
  const mapped = all.filter((column) => !isReason(column));
  return {
    name: table,
    columns: mapped.map(({ name }) => textColumn(name)),
    primaryKey: [],
    uniques: [],
    foreignKeys: [],
    path,
    format,
    places: mapped.map(({ place }) => place),
    reasons: all.filter(isReason),
    unnamed: names === undefined,
    manifest: undefined,
    neutralised: false,
  };
}

interface Placed {
  name: string;
  place: number;
}

function mapColumns(names: readonly string[], mapping: readonly MappedColumn[], path: string): Placed[] {
  const targets = new Map(mapping.map(({ from, to }) => [from, to]));
  const unknown = mapping.find(({ from }) => !names.includes(from));
  if (unknown !== undefined) {
    throw new UsageError(
      `${path} has no column ${unknown.from}, which --columns names. Nothing was changed. It has: ${names.join(', ')}`,
    );
  }
  const placed = names.flatMap((from, place) => {
    const to = targets.get(from);
    return to === null ? [] : { name: to ?? from, place };
  });
  refuseTwice(placed.map(({ name }) => name));
  return placed;
}

function numbered(record: Row): Placed[] {
  return record.map((_, place) => ({ name: String(place + 1), place }));
}

function namesOf(record: Row, path: string): string[] {
  const names = record.map((name) => name?.toString() ?? '');
  if (names.includes('')) {
    throw new TransferError(
      `${path} has a column without a name in its first line. Nothing was changed. Name it, or say that there is no header.`,
    );
  }
  return names;
}

async function firstRecord(path: string, format: RecordFormat): Promise<Row | undefined> {
  for await (const [first] of readRecords(path, format)) {
    if (first !== undefined) {
      return first;
    }
  }
  return undefined;
}

function textColumn(name: string): Column {
  return { name, sourceType: 'text', kind: 'other', type: 'text', nullable: true };
}
