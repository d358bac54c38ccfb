import { Socket } from 'node:net';
import { join } from 'node:path';
import { MikroORM as PgliteORM } from '@mikro-orm/pglite';
import { MikroORM as PostgresORM, type SqlEntityManager } from '@mikro-orm/postgresql';
import type { MikroORM } from '@mikro-orm/core';
import type { Pool, PoolClient } from 'pg';
import { EmbeddedClient } from './embedded-client.js';
import { lockDataFolder } from './embedded-lock.js';
import { ormOptions } from './options.js';
import { nameOf, renameIfUnusable } from './prepared-statements.js';

export type Orm = MikroORM & { em: SqlEntityManager };

/** An open database. `close` waits for nothing: requests are drained before. */
export interface Database {
  orm: Orm;
  embedded: boolean;
  close(): Promise<void>;
}

/** A standby of a PostgreSQL server. */
export interface Standby extends Database {
  /** Breaks its connections: what waits for an answer fails at once, where TCP would wait for a quarter of an hour. */
  sever(): void;
}

export interface DatabaseSettings {
  databaseUrl: string | undefined;
  databasePoolSize: number;
  dataDir: string;
}

/**
 * Statements are prepared once for each connection, and planned once: left to itself, PostgreSQL takes a plan for the
 * very values for cheaper, and makes one at each call, which takes longer than these statements do. Compiling them
 * (PostgreSQL's own jit) takes longer still.
 */
const PLANNING = '-c plan_cache_mode=force_generic_plan -c jit=off';

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

/** @param poolSize connections to it at most; idle ones do not keep the process */
export async function openStandby(url: string, poolSize: number): Promise<Standby> {
  const sockets = new Set<Socket>();
  const database = await openPostgres(url, poolSize, () => undefined, {
    allowExitOnIdle: true,
    stream: () => {
      const socket = new Socket();
      sockets.add(socket);
      return socket.once('close', () => sockets.delete(socket));
    },
  });
  return { ...database, sever: () => sockets.forEach((socket) => socket.destroy()) };
}

async function openPostgres(
  url: string,
  poolSize: number,
  onStatement: (sql: string) => void,
  poolOptions: object = {},
): Promise<Database> {
  const orm = await PostgresORM.init({
    ...ormOptions,
    clientUrl: url,
    pool: { min: 0, max: poolSize },
    driverOptions: {
      ...poolOptions,
      application_name: 'laurel',
      connectionTimeoutMillis: ACQUIRE_TIMEOUT_SECONDS * 1000,
      // Instants are read as text; in UTC that text is the same for every server and role.
      options: `-c TimeZone=UTC -c DateStyle=ISO ${PLANNING}`,
      onPoolCreated: (pool: Pool) => observe(pool, onStatement),
    },
  });
  return { orm: orm as Orm, embedded: false, close: () => orm.close() };
}

type Query = (...input: unknown[]) => unknown;

function observe(pool: Pool, onStatement: (sql: string) => void): void {
  pool.on('connect', (client: PoolClient) => {
    const query = client.query.bind(client) as Query;
    const observed: Query = (...input) => {
      const [statement, values, callback] = input;
      if (typeof statement !== 'string') {
        onStatement((statement as { text: string }).text);
        return query(...input);
      }
      onStatement(statement);
      return Array.isArray(values) && values.length > 0 && callback === undefined
        ? queryByName(client, query, statement, values)
        : query(...input);
    };
    client.query = observed as typeof client.query;
  });
}

/** Sends the statement under its name where it has one, so that it is parsed and planned once for each connection. */
function queryByName(client: PoolClient, query: Query, text: string, values: unknown[]): unknown {
  const name = nameOf(text);
  if (name === undefined) {
    return query(text, values);
  }
  const sent = query({ name, text, values }) as Promise<unknown>;
  return sent.catch((error: { code?: unknown }) => {
    // Inside a transaction nothing can follow a failed statement; outside, it had no effect.
    if (renameIfUnusable(text, error) && client.getTransactionStatus() === 'I') {
      return query(text, values);
    }
    throw error;
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
