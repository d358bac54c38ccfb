import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { TransferError } from '../errors.js';
import type { Row } from '../table.js';
import { escapedRecords } from './escaped-records.js';
import type { RecordFormat } from './record-format.js';
import { rfcRecords } from './rfc-records.js';

const READ_BYTES = 256 * 1024;

/** Rows that are handed on at once, at most. */
const BATCH_ROWS = 1000;

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Every record of a file, the header too, in batches.
 * @throws TransferError naming the line where it does not have that format
 */
export async function* readRecords(path: string, format: RecordFormat): AsyncIterable<Row[]> {
  const chunks = readUtf8(path, format.encoding);
  const records =
    format.escape === null
      ? rfcRecords(chunks, format, path)
      : escapedRecords(chunks, format, path, await endsWithReturn(path));
  for await (const rows of records) {
    for (let first = 0; first < rows.length; first += BATCH_ROWS) {
      yield rows.slice(first, first + BATCH_ROWS);
    }
  }
}

/** Whether the last line ends as on Windows; in UTF-16 there are zeros between its bytes. */
async function endsWithReturn(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4));
    const bytes = buffer.subarray(0, bytesRead).filter((byte) => byte !== 0);
    return Buffer.from(bytes).toString('latin1').endsWith('\r\n');
  } finally {
    await file.close();
  }
}

/** The bytes of a file. */
export function readBytes(path: string): AsyncIterable<Buffer> {
  return createReadStream(path, { highWaterMark: READ_BYTES });
}

/** The bytes of a file in UTF-8, without the mark that some programs put before them. */
async function* readUtf8(path: string, encoding: string | null): AsyncIterable<Buffer> {
  const chunks = encoding === null ? readBytes(path) : decoded(path, encoding);
  let isFirst = true;
  for await (const chunk of chunks) {
    const marked = isFirst && chunk.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    isFirst = false;
    yield marked ? chunk.subarray(BYTE_ORDER_MARK.length) : chunk;
  }
}

async function* decoded(path: string, encoding: string): AsyncIterable<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (chunk?: Buffer): Buffer => {
    try {
      return Buffer.from(decoder.decode(chunk, { stream: chunk !== undefined }));
    } catch {
      throw new TransferError(
        `${path} has bytes that are not ${encoding}. Nothing was changed. Name the encoding that it is in.`,
      );
    }
  };
  for await (const chunk of readBytes(path)) {
    yield decode(chunk);
  }
  yield decode();
}
