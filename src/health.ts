import type { FastifyInstance } from 'fastify';
import type { Database } from './database/database.js';
import { pendingMigrations } from './migrate/status.js';

/**
 * `/livez`: the process answers. `/readyz`: the database is reachable, its migrations are current and the
 * server is not shutting down; otherwise 503 with the reason.
 */
export function registerHealth(http: FastifyInstance, database: Database): { announceShutdown(): void } {
  let shuttingDown = false;
  http.get('/livez', async () => ({ status: 'ok' }));
  http.get('/readyz', async (_request, reply) => {
    const reason = shuttingDown ? 'shutting down' : await notReadyReason(database);
    if (reason === undefined) {
      return { status: 'ok' };
    }
    return reply.code(503).send({ status: 'unavailable', reason });
  });
  return {
    announceShutdown() {
      shuttingDown = true;
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
