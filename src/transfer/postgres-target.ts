import { once } from 'node:events';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { SESSION_SETTINGS } from './session-settings.js';
import type { CopyIn, Target } from './target.js';

/** A connection of its own to a PostgreSQL server. */
export class PostgresTarget implements Target {
  readonly embedded = false;

  private constructor(
    private readonly client: Client,
    private readonly url: string,
    private readonly pid: number,
  ) {}

  static async open(url: string): Promise<PostgresTarget> {
    const client = new Client({ connectionString: url, application_name: 'laurel transfer' });
    // A connection that breaks fails the statement under way; without a listener it would end the process.
    client.on('error', () => undefined);
    await client.connect();
    for (const setting of SESSION_SETTINGS) {
      await client.query(setting);
    }
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return new PostgresTarget(client, url, rows[0]!.pid);
  }

  async query<T extends object>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
    const { rows } = await this.client.query<T>(sql, [...parameters]);
    return rows;
  }

  async copyIn(sql: string): Promise<CopyIn> {
    const stream = this.client.query(copyFrom(sql));
    // What goes wrong while nobody writes is thrown at the next write or at the end.
    let failure: Error | undefined;
    stream.on('error', (error) => {
      failure ??= error;
    });
    return {
      write: async (chunk) => {
        if (failure !== undefined) {
          throw failure;
        }
        if (!stream.write(chunk)) {
          await once(stream, 'drain');
        }
      },
      end: async () => {
        if (failure !== undefined) {
          throw failure;
        }
        stream.end();
        await once(stream, 'finish');
        return stream.rowCount;
      },
      abandon: async () => {
        if (stream.closed) {
          return;
        }
        stream.destroy(new Error('The transfer was given up.'));
        await new Promise<void>((resolve) => {
          stream.once('close', () => resolve());
        });
      },
    };
  }

  async *copyOut(sql: string): AsyncIterable<Buffer> {
    const stream = this.client.query(copyTo(sql));
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    stream.once('end', end).once('error', end);
    try {
      yield* stream as AsyncIterable<Buffer>;
    } finally {
      // Whoever stops in the middle leaves bytes that nobody reads, and no other statement would ever be answered.
      if (!isOver) {
        this.client.connection.stream.destroy();
      }
    }
  }

  async cancel(): Promise<void> {
    const other = new Client({ connectionString: this.url, application_name: 'laurel transfer' });
    await other.connect();
    try {
      await other.query('select pg_cancel_backend($1)', [this.pid]);
    } finally {
      await other.end();
    }
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
