import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';

/** Bytes that are written at once. */
const WRITE_BYTES = 1024 * 1024;

/** Rows have everybody's data in them: nobody but their owner reads them. */
const OWNER_ONLY = 0o600;

/** What a file holds in the end. */
export interface FileContents {
  bytes: number;
  /** In hexadecimal digits. */
  sha256: string;
}

/**
 * Writes a file that is not there yet, and sees that it is on the disk.
 * @param onBytes told how many are written so far
 */
export async function writeNewFile(
  path: string,
  chunks: AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): Promise<FileContents> {
  const file = await open(path, 'wx', OWNER_ONLY);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const block of inBlocks(chunks)) {
      hash.update(block);
      await file.writeFile(block);
      bytes += block.length;
      onBytes(bytes);
    }
    await file.sync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

/** The line of a header. */
export function csvHeader(names: readonly string[]): Buffer {
  return Buffer.from(
    stringify([[...names]], { cast: { string: (value) => ({ value, quoted: value === '' || value.includes('\r') }) } }),
  );
}

/** The same bytes in larger pieces: a COPY comes row by row. */
async function* inBlocks(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let pending: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    pending.push(chunk);
    bytes += chunk.length;
    if (bytes >= WRITE_BYTES) {
      yield Buffer.concat(pending, bytes);
      [pending, bytes] = [[], 0];
    }
  }
  if (bytes > 0) {
    yield Buffer.concat(pending, bytes);
  }
}
