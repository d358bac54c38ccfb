import { literal, quoted } from './identifier.js';
import { type Column, isSummed, type ValueKind } from './table.js';

/** Hexadecimal digits of the MD5 that count: 60 bits fit a bigint, whose sum PostgreSQL and MySQL have exactly. */
export const HASH_DIGITS = 15;

/** Zone that times of the source's clock are in here, where they became instants. */
export interface RowHashOptions {
  timeZone?: string | undefined;
}

/**
 * A query that gives the checksum of a table here, as checksum.ts reads it: `rows` and `hash` as text, `sums` as texts.
 * @param from a table or a subquery, as SQL
 * @param columns in the order in which the other side has them; settings as in session-settings.ts
 */
export function checksumSql(from: string, columns: readonly Column[], options: RowHashOptions = {}): string {
  const sums = columns.filter(isSummed).map(sumSql);
  return `select count(*)::text as rows, coalesce(sum(${rowHashSql(columns, options)}), 0)::text as hash,
    array[${sums.join(', ')}]::text[] as sums from ${from}`;
}

/** What is no number counts as nothing. */
function sumSql({ name, kind }: Column): string {
  return `coalesce(sum(${quoted(name)})${kind === 'decimal' ? ` filter (where ${quoted(name)} <> 'NaN')` : ''}, 0)::text`;
}

/** An SQL expression: the hash of one row, from 0 to 2^60 - 1. */
export function rowHashSql(columns: readonly Column[], options: RowHashOptions = {}): string {
  const values = columns.map((column) => `coalesce(${canonicalSql(column, options)}, '-')`);
  return `('x' || substr(md5(${values.join(" || '|' || ")}), 1, ${HASH_DIGITS}))::bit(${HASH_DIGITS * 4})::bigint`;
}

/**
 * An SQL expression: the canonical text of a value, NULL for NULL. Texts are led by their length in bytes, so that no
 * other values make the same row.
 */
export function canonicalSql(column: Column, { timeZone }: RowHashOptions = {}): string {
  const name = quoted(column.name);
  if (column.spelled) {
    return `octet_length(${name}) || ':' || ${name}`;
  }
  switch (column.kind) {
    case 'text':
    case 'enum':
    case 'json':
    case 'other':
      return `octet_length(${name}::text) || ':' || ${name}::text`;
    case 'set':
      return `array_to_string(${name}, ',')`;
    case 'bytes':
      return `encode(${name}, 'hex')`;
    case 'boolean':
      return `${name}::integer::text`;
    case 'real':
      return `encode(float4send(${name}), 'hex')`;
    case 'double':
      return `encode(float8send(${name}), 'hex')`;
    case 'timestamp':
      return isInstantHere(column) && timeZone !== undefined && timeZone !== 'UTC'
        ? `(${name} at time zone ${literal(timeZone)})::text`
        : isInstantHere(column)
          ? `(${name} at time zone 'UTC')::text`
          : `${name}::text`;
    case 'instant':
      return column.utcClock ? `${name}::text` : `(${name} at time zone 'UTC')::text`;
    default:
      return `${name}::text`;
  }
}

/** Whether the values of two columns, one of a source and one that they arrive in, have the same canonical texts and sums. */
export function isHashedAlike(source: Column, arriving: Column): boolean {
  return formOf(source) === formOf(arriving) && isSummed(source) === isSummed(arriving);
}

function formOf({ kind, spelled, precision }: Column): ValueKind {
  if (spelled === true) {
    return 'text';
  }
  switch (kind) {
    case 'enum':
    case 'json':
    case 'other':
      return 'text';
    case 'decimal':
      // Integers beyond bigint.
      return precision?.scale === 0 ? 'integer' : 'decimal';
    default:
      return kind;
  }
}

/** Whether a column of times holds instants here, and not what a clock showed. */
export function isInstantHere({ type }: Pick<Column, 'type'>): boolean {
  return /with time zone|timestamptz/.test(type);
}

/** Whether a column's times are read by the clock of the source's zone. */
export function becomesInstant(column: Column): boolean {
  return column.kind === 'timestamp' && isInstantHere(column);
}
