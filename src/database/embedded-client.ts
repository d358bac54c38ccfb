import { Worker } from 'node:worker_threads';
import { observeStatement } from '../observability/statements.js';
import type { WorkerReply, WorkerRequest } from './embedded-worker.js';

interface QueryResult {
  rows: unknown[];
  affectedRows: number | undefined;
}

interface Pending {
  resolve: (result: QueryResult) => void;
  reject: (error: Error) => void;
}

type Query = (sql: string, parameters?: unknown[]) => Promise<QueryResult>;

/**
 * The part of PGlite's interface that MikroORM and Kysely use, served by a worker thread.
 * Transactions are exclusive, as PGlite's own are: whoever is outside one waits for its end.
 */
export class EmbeddedClient {
  readonly ready = true;
  readonly waitReady = Promise.resolve();
  closed = false;
  #lastId = 0;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #pending = new Map<number, Pending>();

  private constructor(
    private readonly worker: Worker,
    private readonly onStatement: (sql: string) => void,
  ) {
    worker.on('message', (reply: WorkerReply) => this.settle(reply));
    worker.on('error', (error) => this.fail(error));
    worker.on('exit', () => this.fail(new Error('The embedded database has stopped.')));
  }

  /**
   * Opens the database in `dataDir`; the caller holds that folder's lock.
   * @param onStatement told of every statement before it runs
   */
  static async open(dataDir: string, onStatement: (sql: string) => void): Promise<EmbeddedClient> {
    const worker = new Worker(new URL('./embedded-worker.js', import.meta.url), { workerData: { dataDir } });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    });
    return new EmbeddedClient(worker, onStatement);
  }

  query(sql: string, parameters: unknown[] = []): Promise<QueryResult> {
    return this.exclusively(() => this.run(sql, parameters));
  }

  exec(sql: string): Promise<QueryResult> {
    return this.exclusively(() => this.send({ method: 'exec', sql }));
  }

  /**
   * Runs one statement with values, or several without; a transaction that they have begun and not ended, because one
   * of them failed, is rolled back.
   */
  runAlone(sql: string, values: readonly unknown[]): Promise<QueryResult> {
    return this.exclusively(async () => {
      try {
        return await (values.length > 0 ? this.run(sql, [...values]) : this.send({ method: 'exec', sql }));
      } catch (error) {
        await this.send({ method: 'exec', sql: 'rollback' }).catch(() => undefined);
        throw error;
      }
    });
  }

  transaction<T>(work: (transaction: { query: Query }) => Promise<T>): Promise<T> {
    return this.exclusively(async () => {
      await this.run('begin');
      try {
        const result = await work({ query: (sql, parameters) => this.run(sql, parameters) });
        await this.run('commit');
        return result;
      } catch (error) {
        await this.run('rollback');
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    if (this.closed) {
      return;
    }
    await this.exclusively(() => this.send({ method: 'close' }));
    this.closed = true;
    await this.worker.terminate();
  }

  private exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  private run(sql: string, parameters: unknown[] = []): Promise<QueryResult> {
    this.onStatement(sql);
    return observeStatement(sql, () => this.send({ method: 'query', sql, parameters }));
  }

  private send(request: DistributiveOmit<WorkerRequest, 'id'>): Promise<QueryResult> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, ...request });
    });
  }

  private settle(reply: WorkerReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ('error' in reply) {
      pending?.reject(Object.assign(new Error(), reply.error));
      return;
    }
    pending?.resolve({ rows: reply.rows, affectedRows: reply.affectedRows });
  }

  private fail(error: Error): void {
    this.closed = true;
    for (const pending of this.#pending.values()) {
      pending.reject(error);
    }
    this.#pending.clear();
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
