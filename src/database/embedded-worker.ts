import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { parsers } from './embedded-parsers.js';

/**
 * Runs the embedded database in a thread of its own: a query is computed synchronously inside WASM and
 * would hold up every HTTP request otherwise (measured: 863 ms of delay under a 0.9 s query, 19 ms here).
 */

export type WorkerRequest = { id: number } & (
  | { method: 'query'; sql: string; parameters: unknown[] }
  | { method: 'exec'; sql: string }
  | { method: 'close' }
);

export type WorkerReply =
  | { id: number; rows: unknown[]; affectedRows: number | undefined }
  | { id: number; error: Record<string, unknown> };

const port = parentPort!;
const { dataDir } = workerData as { dataDir: string };
const database = await PGlite.create({ dataDir, parsers });

async function run(request: WorkerRequest): Promise<Omit<Extract<WorkerReply, { rows: unknown[] }>, 'id'>> {
  switch (request.method) {
    case 'query': {
      const { rows, affectedRows } = await database.query(request.sql, request.parameters, { rowMode: 'object' });
      return { rows, affectedRows };
    }
    case 'exec':
      return { rows: (await database.exec(request.sql)).flatMap(({ rows }) => rows), affectedRows: undefined };
    case 'close':
      await database.close();
      return { rows: [], affectedRows: undefined };
  }
}

/** An error's own fields and its message, which is not among them; the class does not survive the thread's border. */
function toPlain(error: Error): Record<string, unknown> {
  return Object.fromEntries([...Object.entries(error), ['message', error.message]]);
}

port.on('message', (request: WorkerRequest) => {
  run(request).then(
    (result) => port.postMessage({ id: request.id, ...result } satisfies WorkerReply),
    (error: Error) => port.postMessage({ id: request.id, error: toPlain(error) } satisfies WorkerReply),
  );
});
port.postMessage('ready');
