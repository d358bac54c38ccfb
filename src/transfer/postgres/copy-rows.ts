import type { Column, Row, Value } from '../table.js';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const NULL_LETTER = 0x4e;

/** What stands for the letters that COPY writes behind a backslash; a backslash stands for itself. */
const UNESCAPED = new Map(
  Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }).map(([letter, byte]) => [letter.charCodeAt(0), byte]),
);

/** Bytes are led by `\x`, of which COPY writes the backslash twice. */
const HEXADECIMAL_SIGN_BYTES = 3;

/**
 * The rows of COPY's text format, as many at a time as come at once. Values share the memory of what came; bytes are
 * the bytes themselves, everything else is PostgreSQL's text of it.
 * @param chunks what `copy … to stdout` gives under `bytea_output` hex
 */
export async function* copyRows(chunks: AsyncIterable<Buffer>, columns: readonly Column[]): AsyncIterable<Row[]> {
  const ofBytes = columns.map(({ kind }) => kind === 'bytes');
  let begun: Buffer[] = [];
  for await (const chunk of chunks) {
    // A newline in a value is escaped.
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      begun.push(chunk);
      continue;
    }
    const whole = chunk.subarray(0, end);
    yield rowsIn(begun.length === 0 ? whole : Buffer.concat([...begun, whole]), ofBytes);
    begun = end === chunk.length ? [] : [chunk.subarray(end)];
  }
}

function rowsIn(bytes: Buffer, ofBytes: readonly boolean[]): Row[] {
  const rows: Row[] = [];
  let row: Value[] = [];
  let start = 0;
  let escaped = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if (byte > BACKSLASH) {
      continue;
    }
    if (byte === BACKSLASH) {
      escaped = true;
      index++;
    } else if (byte === TAB || byte === NEWLINE) {
      row.push(escaped ? unescaped(bytes, start, index, ofBytes[row.length]!) : bytes.subarray(start, index));
      start = index + 1;
      escaped = false;
      if (byte === NEWLINE) {
        rows.push(row);
        row = [];
      }
    }
  }
  return rows;
}

function unescaped(bytes: Buffer, start: number, end: number, ofBytes: boolean): Value {
  if (end - start === 2 && bytes[start + 1] === NULL_LETTER) {
    return null;
  }
  if (ofBytes) {
    return Buffer.from(bytes.toString('latin1', start + HEXADECIMAL_SIGN_BYTES, end), 'hex');
  }
  const value = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let index = start; index < end; index++) {
    const byte = bytes[index]!;
    value[length++] = byte === BACKSLASH ? (UNESCAPED.get(bytes[++index]!) ?? BACKSLASH) : byte;
  }
  return value.subarray(0, length);
}
