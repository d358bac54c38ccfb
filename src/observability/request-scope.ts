import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';

/** What is known of a request wherever it is worked on. */
export interface RequestScope {
  readonly id: string;
  /** When it had arrived as a whole, by `performance.now()`. */
  startedAt: number;
  /** SQL statements sent for it so far, and the milliseconds until their answers, one after the other. */
  statements: number;
  sqlMilliseconds: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    scope: RequestScope | null;
  }
}

const storage = new AsyncLocalStorage<RequestScope>();

/** The request that is worked on; undefined outside of any, such as in a job. */
export function currentRequest(): RequestScope | undefined {
  return storage.getStore();
}

/** Gives each request a scope, and each answer the request's id. */
export function followRequests(http: FastifyInstance): void {
  http.decorateRequest('scope', null);
  http.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    request.scope = { id: request.id, startedAt: performance.now(), statements: 0, sqlMilliseconds: 0 };
    storage.run(request.scope, done);
  });
  // A body arrives by events of its socket, which know nothing of the request.
  http.addHook('preValidation', (request, _reply, done) => {
    if (request.scope === null) {
      done();
      return;
    }
    request.scope.startedAt = performance.now();
    storage.run(request.scope, done);
  });
}
