import { currentRequest } from './request-scope.js';
import { statementFinished } from './topics.js';

/**
 * Sends an SQL statement and counts it for the request that it is sent for; one that serves several requests at once,
 * for the first of them.
 * @param text without values
 */
export function observeStatement<T>(text: string, send: () => Promise<T>): Promise<T> {
  const request = currentRequest();
  if (request === undefined && !statementFinished.isHeard) {
    return send();
  }
  const startedAt = performance.now();
  const finish = (error?: unknown): void => {
    const milliseconds = performance.now() - startedAt;
    if (request !== undefined) {
      request.statements += 1;
      request.sqlMilliseconds += milliseconds;
    }
    if (statementFinished.isHeard) {
      statementFinished.tell({ text, startedAt, milliseconds, error });
    }
  };
  return send().then(
    (result) => {
      finish();
      return result;
    },
    (error: unknown) => {
      finish(error);
      throw error;
    },
  );
}
