import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { lockDataFolder } from '../database/embedded-lock.js';
import { SESSION_SETTINGS } from './session-settings.js';
import type { CopyIn, Target } from './target.js';

/** A COPY into it goes by blobs of this size, as the whole of one is in memory. */
const BLOB_BYTES = 8 * 1024 * 1024;

/** Where the statement says that the bytes come or go by the connection; not within a name or a text. */
const BY_CONNECTION = /^((?:[^"']|"[^"]*"|'[^']*')*?\b(?:from|to)) (?:stdin|stdout)\b/i;

/** The embedded database, in this process: COPY by the connection does not work there, COPY of a blob does. */
export class EmbeddedTarget implements Target {
  readonly embedded = true;

  constructor(
    private readonly database: PGlite,
    private readonly release: () => void = () => undefined,
  ) {}

  /**
   * @param onClosed called when it has been closed
   * @throws DataFolderInUseError where another process has it open
   */
  static async open(dataDir: string, onClosed: () => void = () => undefined): Promise<EmbeddedTarget> {
    const unlock = lockDataFolder(dataDir);
    try {
      const release = (): void => {
        unlock();
        onClosed();
      };
      const target = new EmbeddedTarget(await PGlite.create(join(dataDir, 'database')), release);
      for (const setting of SESSION_SETTINGS) {
        await target.query(setting);
      }
      return target;
    } catch (error) {
      unlock();
      throw error;
    }
  }

  async query<T extends object>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
    const { rows } = await this.database.query<T>(sql, [...parameters]);
    return rows;
  }

  copyIn(sql: string): Promise<CopyIn> {
    let chunks: Buffer[] = [];
    let bytes = 0;
    let rows = 0;
    const send = async (): Promise<void> => {
      const blob = new Blob(chunks);
      [chunks, bytes] = [[], 0];
      const { affectedRows } = await this.database.query(fromBlob(sql), [], { blob });
      rows += affectedRows ?? 0;
    };
    return Promise.resolve({
      write: async (chunk) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= BLOB_BYTES) {
          await send();
        }
      },
      end: async () => {
        if (bytes > 0) {
          await send();
        }
        return rows;
      },
      abandon: () => Promise.resolve(),
    });
  }

  async *copyOut(sql: string): AsyncIterable<Buffer> {
    const { blob } = await this.database.query(fromBlob(sql));
    if (blob !== undefined) {
      for await (const chunk of blob.stream()) {
        yield Buffer.from(chunk);
      }
    }
  }

  /** A statement runs to its end there, and nothing else meanwhile. */
  cancel(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.database.close();
    this.release();
  }
}

function fromBlob(sql: string): string {
  return sql.replace(BY_CONNECTION, "$1 '/dev/blob'");
}
