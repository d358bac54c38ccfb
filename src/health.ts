import type { FastifyInstance } from 'fastify';
import type { Database } from './database/database.js';
import { pendingMigrations } from './migrate/status.js';

/**
 * `/livez`: the process answers. `/readyz`: the database is reachable, its migrations are current and the
 * server is not shutting down; otherwise 503 with the reason.
 */
export function registerHealth(http: FastifyInstance, database: Database): { markUnready(reason: string): void } {
  let lasting: string | undefined;
  http.get('/livez', async () => ({ status: 'ok' }));
  http.get('/readyz', async (_request, reply) => {
    const reason = lasting ?? (await notReadyReason(database));
    if (reason === undefined) {
      return { status: 'ok' };
    }
    return reply.code(503).send({ status: 'unavailable', reason });
  });
  return {
    markUnready(reason) {
      lasting = reason;
    },
  };
}

async function notReadyReason(database: Database): Promise<string | undefined> {
  try {
    const pending = await pendingMigrations(database);
    return pending.length === 0 ? undefined : `${pending.length} migrations pending`;
  } catch {
    return 'database not reachable';
  }
}
