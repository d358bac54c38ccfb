import { join } from 'node:path';
import { MikroORM as PgliteORM } from '@mikro-orm/pglite';
import { MikroORM as PostgresORM, type SqlEntityManager } from '@mikro-orm/postgresql';
import type { MikroORM } from '@mikro-orm/core';
import type { Pool, PoolClient } from 'pg';
import { EmbeddedClient } from './embedded-client.js';
import { lockDataFolder } from './embedded-lock.js';
import { ormOptions } from './options.js';

export type Orm = MikroORM & { em: SqlEntityManager };

/** An open database. `close` waits for nothing: requests are drained before. */
export interface Database {
  orm: Orm;
  embedded: boolean;
  close(): Promise<void>;
}

export interface DatabaseSettings {
  databaseUrl: string | undefined;
  databasePoolSize: number;
  dataDir: string;
}

/** Seconds a request waits for a free connection before it is answered with SERVICE_UNAVAILABLE. */
const ACQUIRE_TIMEOUT_SECONDS = 5;

/**
 * Opens PostgreSQL where `databaseUrl` is set, else the embedded database in `dataDir`.
 * @param onStatement told of every SQL statement before it is sent
 * @throws DataFolderInUseError where another process has the embedded database open
 */
export async function openDatabase(
  settings: DatabaseSettings,
  onStatement: (sql: string) => void = () => undefined,
): Promise<Database> {
  if (settings.databaseUrl !== undefined) {
    return openPostgres(settings.databaseUrl, settings.databasePoolSize, onStatement);
  }
  return openEmbedded(settings.dataDir, onStatement);
}

async function openPostgres(url: string, poolSize: number, onStatement: (sql: string) => void): Promise<Database> {
  const orm = await PostgresORM.init({
    ...ormOptions,
    clientUrl: url,
    pool: { min: 0, max: poolSize },
    driverOptions: {
      application_name: 'laurel',
      connectionTimeoutMillis: ACQUIRE_TIMEOUT_SECONDS * 1000,
      // Instants are read as text; in UTC that text is the same for every server and role.
      options: '-c TimeZone=UTC -c DateStyle=ISO',
      onPoolCreated: (pool: Pool) => observe(pool, onStatement),
    },
  });
  return { orm: orm as Orm, embedded: false, close: () => orm.close() };
}

function observe(pool: Pool, onStatement: (sql: string) => void): void {
  pool.on('connect', (client: PoolClient) => {
    const query = client.query.bind(client) as (...input: unknown[]) => unknown;
    const observed = (...input: unknown[]): unknown => {
      const [statement] = input;
      onStatement(typeof statement === 'string' ? statement : (statement as { text: string }).text);
      return query(...input);
    };
    client.query = observed as typeof client.query;
  });
}

async function openEmbedded(dataDir: string, onStatement: (sql: string) => void): Promise<Database> {
  const unlock = lockDataFolder(dataDir);
  try {
    const client = await EmbeddedClient.open(join(dataDir, 'database'), onStatement);
    const orm = await PgliteORM.init({
      ...ormOptions,
      // A function, because MikroORM clones these options deeply.
      driverOptions: { pglite: () => client },
    });
    return {
      orm: orm as Orm,
      embedded: true,
      close: async () => {
        await orm.close();
        await client.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}
