import { open } from 'node:fs/promises';
import { gunzipSync, constants } from 'node:zlib';
import { TransferError } from '../errors.js';
import { UsageError } from '../../migrate/errors.js';

/** pg_dump's custom format, its plain one, and the embedded database's own dump. */
export type BackupFormat = 'custom' | 'plain' | 'embedded';

const HEAD_BYTES = 4096;
/** pg_dump's last words are within so many bytes of the end. */
const TAIL_BYTES = 1024;

/**
 * What kind of backup a file is, by what is in it.
 * @throws UsageError where there is no such file
 * @throws TransferError for anything else than a whole backup
 */
export async function formatOf(path: string): Promise<BackupFormat> {
  const { head, tail } = await ends(path);
  if (head.subarray(0, 5).toString('latin1') === 'PGDMP') {
    return 'custom';
  }
  if (head.length > 2 && head.readUInt16BE(0) === 0x1f8b) {
    return gzipped(path, head);
  }
  if (!head.toString('latin1').includes('-- PostgreSQL database dump')) {
    throw new TransferError(
      `${path} is no backup that Laurel knows: neither of pg_dump, in its custom or plain format, nor of the embedded database. Nothing was changed.`,
    );
  }
  if (!tail.toString('latin1').includes('-- PostgreSQL database dump complete')) {
    throw new TransferError(
      `${path} is cut off: the last words of pg_dump are missing. Nothing was changed.\nTake an older backup, or copy this one again from where it was made.`,
    );
  }
  return 'plain';
}

async function ends(path: string): Promise<{ head: Buffer; tail: Buffer }> {
  const file = await open(path).catch((error: Error & { code?: string }) => {
    throw new UsageError(`${path} cannot be read (${error.code}). Nothing was changed. Name the file of a backup.`);
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) {
      throw new UsageError(`${path} is no file. Nothing was changed. Name the file of a backup.`);
    }
    const read = async (position: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    return { head: await read(0, HEAD_BYTES), tail: await read(Math.max(0, stat.size - TAIL_BYTES), TAIL_BYTES) };
  } finally {
    await file.close();
  }
}

function gzipped(path: string, head: Buffer): BackupFormat {
  // The rest of the file is not there: what can be unpacked of its beginning is enough.
  const content = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  if (content.subarray(257, 262).toString('latin1') === 'ustar') {
    return 'embedded';
  }
  throw new TransferError(
    `${path} is compressed, and is no dump of the embedded database. Nothing was changed.\nUnpack it first: gunzip --keep FILE`,
  );
}
