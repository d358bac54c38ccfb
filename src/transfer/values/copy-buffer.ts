const CHUNK_BYTES = 256 * 1024;

const BACKSLASH = 0x5c;
const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** What stands behind the backslash for each byte that COPY's text format has another meaning for. */
const ESCAPES = new Uint8Array(256);
ESCAPES[BACKSLASH] = BACKSLASH;
ESCAPES[TAB] = 't'.charCodeAt(0);
ESCAPES[NEWLINE] = 'n'.charCodeAt(0);
ESCAPES[RETURN] = 'r'.charCodeAt(0);

/** Rows in COPY's text format, gathered into chunks of whole rows. */
export class CopyBuffer {
  #bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #position = 0;
  #rowStart = 0;
  #valueStart = 0;
  #chunks: Buffer[] = [];

  startValue(): void {
    this.ensure(1);
    if (this.#position > this.#rowStart) {
      this.#bytes[this.#position++] = TAB;
    }
    this.#valueStart = this.#position;
  }

  /** Takes back what was written of the value. */
  undoValue(): void {
    this.#position = this.#valueStart;
  }

  null(): void {
    this.ensure(2);
    this.#bytes[this.#position++] = BACKSLASH;
    this.#bytes[this.#position++] = 0x4e;
  }

  /** Bytes that are known to need no escape. */
  raw(value: Uint8Array): void {
    const { length } = value;
    this.ensure(length);
    const bytes = this.#bytes;
    let position = this.#position;
    for (let index = 0; index < length; index++) {
      bytes[position++] = value[index]!;
    }
    this.#position = position;
  }

  /** Any bytes. */
  escaped(value: Uint8Array): void {
    const { length } = value;
    this.ensure(2 * length);
    const bytes = this.#bytes;
    let position = this.#position;
    for (let index = 0; index < length; index++) {
      const byte = value[index]!;
      const escape = ESCAPES[byte]!;
      if (escape === 0) {
        bytes[position++] = byte;
      } else {
        bytes[position++] = BACKSLASH;
        bytes[position++] = escape;
      }
    }
    this.#position = position;
  }

  endRow(): void {
    this.ensure(1);
    this.#bytes[this.#position++] = NEWLINE;
    this.#rowStart = this.#position;
  }

  /** Takes back what was written of the row. */
  undoRow(): void {
    this.#position = this.#rowStart;
  }

  /** Chunks that are full, whole rows each. */
  takeChunks(): Buffer[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  /** All whole rows that are left. */
  takeRest(): Buffer[] {
    this.cut(CHUNK_BYTES);
    return this.takeChunks();
  }

  private ensure(length: number): void {
    if (this.#position + length > this.#bytes.length) {
      this.cut(Math.max(CHUNK_BYTES, 2 * (this.#position - this.#rowStart + length)));
    }
  }

  /** Sets the whole rows aside as a chunk; what there is of the next goes to a new buffer. */
  private cut(size: number): void {
    const begun = this.#bytes.subarray(this.#rowStart, this.#position);
    if (this.#rowStart > 0) {
      this.#chunks.push(this.#bytes.subarray(0, this.#rowStart));
    }
    const bytes = Buffer.allocUnsafeSlow(size);
    begun.copy(bytes);
    this.#valueStart = Math.max(0, this.#valueStart - this.#rowStart);
    this.#bytes = bytes;
    this.#position = begun.length;
    this.#rowStart = 0;
  }
}
