import type { Column } from '../table.js';
import { membersOf } from './mysql-literal.js';
import { quotedHere } from './quoted.js';

/** What the catalog says of the type of a column. */
export interface CatalogType {
  name: string;
  /** Such as `int`. */
  dataType: string;
  /** Such as `int(10) unsigned`. */
  columnType: string;
  length: number | null;
  digits: number | null;
  scale: number | null;
  fraction: number | null;
  charset: string | null;
  autoIncrement: boolean;
  /** Text that a check of the table holds to be JSON, as MariaDB has it. */
  json: boolean;
}

export interface ColumnType extends Pick<
  Column,
  'kind' | 'type' | 'range' | 'maxLength' | 'precision' | 'members' | 'narrowCharset'
> {
  select: string;
  unsupported: string | null;
}

/** Character sets that hold all of Unicode; in the others characters may be gone. */
const WIDE_CHARSETS = new Set(['utf8mb4', 'utf16', 'utf16le', 'utf32', 'gb18030']);

const INTEGERS: Readonly<Record<string, { signed: string; unsigned: string }>> = {
  tinyint: { signed: 'smallint', unsigned: 'smallint' },
  smallint: { signed: 'smallint', unsigned: 'integer' },
  mediumint: { signed: 'integer', unsigned: 'integer' },
  int: { signed: 'integer', unsigned: 'bigint' },
  bigint: { signed: 'bigint', unsigned: 'numeric(20)' },
};

const LARGEST: Readonly<Record<string, bigint>> = {
  smallint: 32_767n,
  integer: 2_147_483_647n,
  bigint: 9_223_372_036_854_775_807n,
};

const LARGEST_UNSIGNED = 18_446_744_073_709_551_615n;

/**
 * The type that holds a column here, and the SQL that reads it.
 * @param timeZone the zone of times without one: then they are held as instants
 */
export function columnType(column: CatalogType, timeZone: string | undefined): ColumnType {
  const name = quotedHere(column.name);
  const raw = { select: textOf(column), unsupported: null };
  const unsigned = isUnsigned(column.columnType);
  const fraction = `(${column.fraction ?? 0})`;
  switch (column.dataType) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return isBoolean(column) ? { ...raw, kind: 'boolean', type: 'boolean' } : integer(column, unsigned);
    case 'year':
      return {
        kind: 'integer',
        type: 'smallint',
        range: { min: 0n, max: LARGEST['smallint']! },
        // The year 0000 is to be 0.
        select: `cast(${name} as unsigned)`,
        unsupported: null,
      };
    case 'decimal': {
      const precision = { digits: column.digits ?? 10, scale: column.scale ?? 0 };
      const type = `numeric(${precision.digits},${precision.scale})`;
      // The cast takes the zeros of `zerofill` off.
      const select = isZeroFilled(column.columnType)
        ? `cast(${name} as decimal(${precision.digits},${precision.scale}))`
        : name;
      return { kind: 'decimal', type, precision, select, unsupported: null };
    }
    case 'float':
      // As a float it is printed in six digits.
      return { kind: 'real', type: 'real', select: `${name} + 0e0`, unsupported: null };
    case 'double':
      return { kind: 'double', type: 'double precision', select: `${name} + 0e0`, unsupported: null };
    case 'bit': {
      const digits = column.digits ?? 1;
      return {
        kind: 'bits',
        type: `bit(${digits})`,
        maxLength: digits,
        select: `lpad(bin(${name} + 0), ${digits}, '0')`,
        unsupported: null,
      };
    }
    case 'char':
    case 'varchar': {
      // Texts of no length are allowed there, and no type of that length is here.
      const maxLength = column.length ?? 1;
      return { ...raw, kind: 'text', type: `varchar(${Math.max(maxLength, 1)})`, maxLength, ...narrow(column) };
    }
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return column.json
        ? { ...raw, kind: 'json', type: 'json' }
        : { ...raw, kind: 'text', type: 'text', ...narrow(column) };
    case 'json':
      return { ...raw, kind: 'json', type: 'json' };
    case 'enum':
      return { ...raw, kind: 'enum', type: 'text', members: membersOf(column.columnType) };
    case 'set':
      return { ...raw, kind: 'set', type: 'text[]', members: membersOf(column.columnType) };
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return { ...raw, kind: 'bytes', type: 'bytea' };
    case 'date':
      return { ...raw, kind: 'date', type: 'date' };
    case 'time':
      return { ...raw, kind: 'time', type: `time${fraction}` };
    case 'datetime':
      return { ...raw, kind: 'timestamp', type: `${timeZone === undefined ? 'timestamp' : 'timestamptz'}${fraction}` };
    case 'timestamp':
      return { ...raw, kind: 'instant', type: `timestamptz${fraction}` };
    case 'uuid':
      return { ...raw, kind: 'uuid', type: 'uuid' };
    case 'inet4':
    case 'inet6':
      return { kind: 'other', type: 'inet', select: `cast(${name} as char)`, unsupported: null };
    default:
      return unknown(column, name);
  }
}

/** Character sets whose bytes are UTF-8 as they are. */
const UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii']);

/** Rows are sent in UTF-8 anyway; checksums are made of the bytes that the server has. */
function textOf({ name, charset }: CatalogType): string {
  return charset === null || UTF8.has(charset) ? quotedHere(name) : `convert(${quotedHere(name)} using utf8mb4)`;
}

export function isUnsigned(columnTypeText: string): boolean {
  return /\b(?:unsigned|zerofill)\b/u.test(columnTypeText);
}

function isZeroFilled(columnTypeText: string): boolean {
  return /\bzerofill\b/u.test(columnTypeText);
}

function isBoolean({ columnType: text, autoIncrement }: CatalogType): boolean {
  return text === 'tinyint(1)' && !autoIncrement;
}

function integer(column: CatalogType, unsigned: boolean): ColumnType {
  const { signed, unsigned: wider } = INTEGERS[column.dataType]!;
  const name = quotedHere(column.name);
  return {
    kind: 'integer',
    ...integerType(unsigned ? wider : signed, unsigned),
    select: isZeroFilled(column.columnType) ? `cast(${name} as unsigned)` : name,
    unsupported: null,
  };
}

/** An integer type with what it holds. */
export function integerType(type: string, unsigned: boolean): Required<Pick<Column, 'type' | 'range'>> {
  const max = LARGEST[type] ?? LARGEST_UNSIGNED;
  return { type, range: { min: unsigned ? 0n : -max - 1n, max } };
}

function narrow({ charset }: CatalogType): Pick<Column, 'narrowCharset'> {
  return charset === null || WIDE_CHARSETS.has(charset) ? {} : { narrowCharset: charset };
}

const SPATIAL = new Set([
  'geometry',
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geomcollection',
  'geometrycollection',
]);

function unknown(column: CatalogType, name: string): ColumnType {
  if (column.charset !== null) {
    const unsupported = `the type ${column.columnType} has no counterpart: its text form is kept, as text`;
    return { kind: 'text', type: 'text', select: textOf(column), unsupported };
  }
  const form = SPATIAL.has(column.dataType) ? ' (the SRID in four bytes, then WKB)' : '';
  const unsupported = `the type ${column.columnType} has no counterpart: its bytes${form} are kept, as bytea`;
  return { kind: 'bytes', type: 'bytea', select: name, unsupported };
}
