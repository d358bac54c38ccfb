import type { Socket } from 'node:net';
import { isNativeError } from 'node:util/types';
import { type Connection, createConnection } from 'mysql2';
import { type Checksum, checksumOf } from '../checksum.js';
import { TransferError } from '../errors.js';
import type { Source } from '../source.js';
import type { Row } from '../table.js';
import { type LeftOut, readLeftOut, readTables } from './catalog.js';
import type { MysqlTable } from './mysql-table.js';
import { quotedHere } from './quoted.js';
import { mysqlChecksumSql } from './row-hash.js';

const BATCH_ROWS = 1000;

/** Rows that wait to be taken before the source is told to wait. */
const MAX_WAITING_BATCHES = 4;

/** Seconds that the source's server waits for us to take rows: an index may be built meanwhile. Its default is 60. */
const PATIENCE_SECONDS = 24 * 60 * 60;

const SESSION = [
  'set names utf8mb4',
  "set time_zone = '+00:00'",
  // Values are to be read as they stand, whatever the mode would make of them; and names are quoted by backticks.
  "set sql_mode = ''",
  `set net_write_timeout = ${PATIENCE_SECONDS}, net_read_timeout = ${PATIENCE_SECONDS}, wait_timeout = ${PATIENCE_SECONDS}`,
  'set transaction isolation level repeatable read',
  'start transaction with consistent snapshot, read only',
];

export interface MysqlSourceOptions {
  tables?: string[] | undefined;
  timeZone?: string | undefined;
}

/** A MySQL or MariaDB database as it stood at one moment. */
export class MysqlSource implements Source<MysqlTable> {
  /** Fails when there is nothing more to come: the connection broke, or was closed. The driver tells no rows of it. */
  readonly #over: Promise<never>;
  #fail: (error: Error) => void = () => undefined;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  private constructor(
    readonly name: string,
    readonly tables: readonly MysqlTable[],
    /** What is in the database beside tables. */
    readonly leftOut: readonly LeftOut[],
    private readonly connection: Connection,
  ) {
    this.#over = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#over.catch(() => undefined);
    connection.on('error', (error: Error) => this.#end(error));
  }

  /**
   * @param url `mysql://user:password@host:port/database`
   * @throws TransferError where it cannot be reached; UsageError where a name is none of its tables
   */
  static async open(url: string, { tables, timeZone }: MysqlSourceOptions = {}): Promise<MysqlSource> {
    const { host, pathname } = new URL(url);
    const connection = createConnection({ uri: url, supportBigNumbers: true });
    // A connection that breaks fails the query under way; without a listener it would end the process.
    connection.on('error', () => undefined);
    try {
      const promised = connection.promise();
      for (const statement of SESSION) {
        await promised.query(statement);
      }
      const version = await valueOf(connection, 'select version()');
      const options = { ...(tables && { tables }), ...(timeZone !== undefined && { timeZone }) };
      return new MysqlSource(
        `${version.includes('MariaDB') ? 'MariaDB' : 'MySQL'} ${version.split('-')[0]} at ${host}${decodeURIComponent(pathname)}`,
        await readTables(promised, options),
        await readLeftOut(promised),
        connection,
      );
    } catch (error) {
      connection.destroy();
      throw explained(error, host);
    }
  }

  async *rows(table: MysqlTable): AsyncIterable<Row[]> {
    const waiting: Row[][] = [];
    let batch: Row[] = [];
    let ended = false;
    const wake = (): void => this.#wake();
    const sql = `select ${table.select.join(', ')} from ${quotedHere(table.name)}`;
    this.connection
      .query({ sql, rowsAsArray: true, typeCast: false as never })
      .on('result', (row) => {
        batch.push(row as unknown as Row);
        if (batch.length === BATCH_ROWS) {
          waiting.push(batch);
          batch = [];
          if (waiting.length >= MAX_WAITING_BATCHES) {
            this.connection.pause();
          }
          wake();
        }
      })
      .on('error', (error: Error) => this.#end(error))
      .on('end', () => {
        ended = true;
        wake();
      });
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) {
        if (waiting.length === 0) {
          this.connection.resume();
        }
        yield next;
        continue;
      }
      if (this.#failure !== undefined) {
        throw explained(this.#failure, table.name);
      }
      if (ended) {
        break;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    yield batch;
  }

  only(table: MysqlTable, places: readonly number[]): MysqlTable {
    const at = <T>(of: readonly T[]): T[] => places.map((place) => of[place]!);
    return { ...table, columns: at(table.columns), select: at(table.select) };
  }

  hasChecksum(table: MysqlTable): boolean {
    return mysqlChecksumSql(table) !== null;
  }

  async checksum(table: MysqlTable): Promise<Checksum | null> {
    const sql = mysqlChecksumSql(table);
    if (sql === null) {
      return null;
    }
    const summing = this.connection.promise().query({ sql, rowsAsArray: true });
    const [rows] = await Promise.race([summing, this.#over]).catch((error: unknown) => {
      throw explained(error, table.name);
    });
    const [[count, hash, ...sums]] = rows as [[string, string, ...string[]]];
    return checksumOf({ rows: count, hash, sums }, table.columns);
  }

  close(): Promise<void> {
    this.#end(new TransferError('The source was closed. Nothing was changed.'));
    this.connection.destroy();
    // The driver only says goodbye, and a server that has rows left to send would not hear it.
    (this.connection as unknown as { stream: Socket }).stream.destroy();
    return Promise.resolve();
  }

  #end(error: Error): void {
    this.#failure ??= error;
    this.#fail(this.#failure);
    this.#wake();
  }
}

async function valueOf(connection: Connection, sql: string): Promise<string> {
  const [rows] = await connection.promise().query({ sql, rowsAsArray: true });
  return String((rows as unknown as [[unknown]])[0][0]);
}

/** What the system, the driver or the server says has a code; anything else is a fault of ours and stays as it is. */
function explained(error: unknown, where: string): unknown {
  if (!isNativeError(error) || !('code' in error) || typeof error.code !== 'string') {
    return error;
  }
  return new TransferError(
    `The source could not be read (${where}): ${error.message || error.code}. Nothing was changed.`,
  );
}
