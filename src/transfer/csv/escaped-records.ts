import type { Row, Value } from '../table.js';
import { fileFault } from './file-fault.js';
import type { RecordFormat } from './record-format.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const NULL_LETTER = 0x4e;

/** What letters stand for after the escape character; all others stand for themselves. */
const ESCAPED = new Map(
  Object.entries({ '0': 0, b: 8, t: 9, n: 10, r: 13, Z: 26 }).map(([letter, byte]) => [letter.charCodeAt(0), byte]),
);

const AFTER_QUOTE = 'something between a closing quote and the next field';

/**
 * The records of a file as MySQL writes it, in the batches in which they come: a character before those that would be
 * taken for something else, `\N` for NULL, and quotes around fields or not. csv-parse has escapes within quotes only.
 * @param file its name, for messages
 * @param withReturn whether lines end with a carriage return and a line feed: either alone is then part of a value
 * @throws TransferError naming the line where it is not such a file
 */
export async function* escapedRecords(
  chunks: AsyncIterable<Buffer>,
  format: RecordFormat,
  file: string,
  withReturn: boolean,
): AsyncIterable<Row[]> {
  const reader = new EscapedReader(format, file, withReturn);
  for await (const chunk of chunks) {
    yield reader.read(chunk);
  }
  yield reader.end();
}

class EscapedReader {
  #rows: Row[] = [];
  #row: Value[] = [];
  #field = Buffer.allocUnsafe(1024);
  #length = 0;
  /** The escape character came, what it escapes has not. */
  #escaping = false;
  /** Something in the field was escaped. */
  #escaped = false;
  /** So far the field is an escaped N. */
  #isNull = false;
  #quotes: 'none' | 'open' | 'closed' = 'none';
  /** The last byte was a carriage return that may belong to the end of the line. */
  #afterReturn = false;
  #fields: number | undefined;
  #line = 1;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #nullText: Buffer | undefined;

  constructor(
    { delimiter, quote, escape, nullText }: RecordFormat,
    private readonly file: string,
    private readonly withReturn: boolean,
  ) {
    this.#delimiter = delimiter.charCodeAt(0);
    // Equal to no byte where there is none.
    this.#quote = quote?.charCodeAt(0) ?? -1;
    this.#escape = escape?.charCodeAt(0) ?? -1;
    this.#nullText = nullText === null ? undefined : Buffer.from(nullText);
  }

  /** @returns the rows that end in these bytes */
  read(chunk: Buffer): Row[] {
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index]!;
      this.take(byte);
      if (byte === NEWLINE) {
        this.#line++;
      }
    }
    return this.takeRows();
  }

  /** @returns the last row where nothing comes after it */
  end(): Row[] {
    if (this.#escaping) {
      throw this.fault('an escape character at the end of the file');
    }
    if (this.#quotes === 'open') {
      throw this.fault('a quote that is not closed');
    }
    if (this.#length > 0 || this.#row.length > 0 || this.#quotes === 'closed') {
      this.endRow();
    }
    return this.takeRows();
  }

  private take(byte: number): void {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = false;
    if (afterReturn && byte !== NEWLINE && (this.withReturn || this.#quotes === 'closed')) {
      throw this.fault('a carriage return that neither ends the line nor is escaped');
    }
    if (this.#escaping) {
      this.#escaping = false;
      this.#isNull = byte === NULL_LETTER && this.#length === 0 && this.#quotes === 'none';
      this.append(ESCAPED.get(byte) ?? byte);
    } else if (byte === this.#escape && this.#quotes !== 'closed') {
      this.#escaping = true;
      this.#escaped = true;
    } else if (this.#quotes === 'open') {
      this.takeQuoted(byte);
    } else if (byte === this.#delimiter) {
      this.endField();
    } else if (byte === NEWLINE) {
      this.takeNewline(afterReturn);
    } else if (byte === RETURN) {
      this.#afterReturn = true;
      this.append(byte);
    } else {
      this.takePlain(byte);
    }
  }

  private takeQuoted(byte: number): void {
    if (byte === this.#quote) {
      this.#quotes = 'closed';
    } else {
      this.append(byte);
    }
  }

  private takePlain(byte: number): void {
    if (byte !== this.#quote) {
      if (this.#quotes === 'closed') {
        throw this.fault(AFTER_QUOTE);
      }
      this.append(byte);
    } else if (this.#quotes === 'closed') {
      // Doubled: it is meant.
      this.#quotes = 'open';
      this.append(byte);
    } else if (this.#length === 0) {
      this.#quotes = 'open';
    } else {
      throw this.fault('a quote within a field that does not begin with one');
    }
  }

  private takeNewline(afterReturn: boolean): void {
    if (this.withReturn && afterReturn) {
      this.#length--;
      this.endRow();
    } else if (this.withReturn) {
      this.takePlain(NEWLINE);
    } else if (afterReturn && (this.#fields === undefined || this.#quotes === 'closed')) {
      throw this.fault('it ends with a carriage return, and the file does not: end its last line likewise');
    } else {
      this.endRow();
    }
  }

  private endRow(): void {
    this.endField();
    this.#fields ??= this.#row.length;
    if (this.#row.length !== this.#fields) {
      throw this.fault(`a row of ${this.#row.length} fields, where those before it have ${this.#fields}`);
    }
    this.#rows.push(this.#row);
    this.#row = [];
  }

  private endField(): void {
    this.#row.push(this.value());
    this.#length = 0;
    this.#escaped = false;
    this.#isNull = false;
    this.#quotes = 'none';
  }

  private value(): Value {
    if (this.#isNull && this.#length === 1) {
      return null;
    }
    const bytes = this.#field.subarray(0, this.#length);
    const isSign = !this.#escaped && this.#quotes === 'none' && this.#nullText?.equals(bytes) === true;
    return isSign ? null : Buffer.from(bytes);
  }

  private append(byte: number): void {
    if (this.#length === this.#field.length) {
      this.#field = Buffer.concat([this.#field], this.#field.length * 2);
    }
    this.#field[this.#length++] = byte;
  }

  private takeRows(): Row[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  private fault(what: string): Error {
    return fileFault(this.file, this.#line, what);
  }
}
