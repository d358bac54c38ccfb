import { Socket } from 'node:net';
import { join } from 'node:path';
import { MikroORM as PgliteORM } from '@mikro-orm/pglite';
import { MikroORM as PostgresORM, type SqlEntityManager } from '@mikro-orm/postgresql';
import type { MikroORM } from '@mikro-orm/core';
import type { Pool, PoolClient } from 'pg';
import { EmbeddedClient } from './embedded-client.js';
import { lockDataFolder } from './embedded-lock.js';
import { ormOptions } from './options.js';
import { observeStatement } from '../observability/statements.js';
import { connectionLost } from '../observability/topics.js';
import { nameOf, renameIfUnusable } from './prepared-statements.js';

export type Orm = MikroORM & { em: SqlEntityManager };

/** An open database. `close` waits for nothing: requests are drained before. */
export interface Database {
  orm: Orm;
  embedded: boolean;
  /**
   * Embedded: runs SQL outside of any transaction of the ORM; several statements where there are no values, which may
   * begin and end a transaction of their own.
   */
  run?: (sql: string, values: readonly unknown[]) => Promise<{ rows: unknown[] }>;
  /** The connections to a server; absent for the embedded database, which has one. */
  connections?: () => Connections;
  close(): Promise<void>;
}

/** An open database of a PostgreSQL server. */
export interface ServerDatabase extends Database {
  connections: () => Connections;
}

/** Numbers of connections, of one pool or of several. */
export interface Connections {
  open: number;
  /** Open ones that nobody uses. */
  idle: number;
  /** Requests that wait for one. */
  waiting: number;
  most: number;
}

/** A standby of a PostgreSQL server. */
export interface Standby extends ServerDatabase {
  /** Breaks its connections: what waits for an answer fails at once, where TCP would wait for a quarter of an hour. */
  sever(): void;
}

export interface DatabaseSettings {
  databaseUrl: string | undefined;
  databasePoolSize: number;
  dataDir: string;
  /** Seconds that a statement may take on a PostgreSQL server, and half as long wait for a lock; absent: for ever. */
  statementTimeout?: number;
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
    return openPostgres(settings.databaseUrl, settings.databasePoolSize, onStatement, settings.statementTimeout);
  }
  return openEmbedded(settings.dataDir, onStatement);
}

/** @param poolSize connections to it at most; idle ones do not keep the process */
export async function openStandby(url: string, poolSize: number, statementTimeout?: number): Promise<Standby> {
  const sockets = new Set<Socket>();
  const database = await openPostgres(url, poolSize, () => undefined, statementTimeout, {
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
  statementTimeout: number | undefined,
  poolOptions: object = {},
): Promise<ServerDatabase> {
  const pools: Pool[] = [];
  const orm = await PostgresORM.init({
    ...ormOptions,
    clientUrl: url,
    pool: { min: 0, max: poolSize },
    driverOptions: {
      ...poolOptions,
      application_name: 'laurel',
      connectionTimeoutMillis: ACQUIRE_TIMEOUT_SECONDS * 1000,
      // Instants are read as text; in UTC that text is the same for every server and role.
      options: `-c TimeZone=UTC -c DateStyle=ISO ${PLANNING} ${timeouts(statementTimeout)}`,
      onPoolCreated: (pool: Pool) => {
        pools.push(pool);
        observe(pool, onStatement, statementTimeout);
      },
    },
  });
  return {
    orm: orm as Orm,
    embedded: false,
    connections: () => ({
      open: sum(pools, ({ totalCount }) => totalCount),
      idle: sum(pools, ({ idleCount }) => idleCount),
      waiting: sum(pools, ({ waitingCount }) => waitingCount),
      most: poolSize,
    }),
    close: () => orm.close(),
  };
}

function sum(pools: readonly Pool[], count: (pool: Pool) => number): number {
  return pools.reduce((total, pool) => total + count(pool), 0);
}

/** Whoever waits for a lock learns of it before the statement is broken off, and which of the two it was. */
function timeouts(seconds: number | undefined): string {
  return seconds === undefined ? '' : `-c statement_timeout=${seconds * 1000} -c lock_timeout=${seconds * 500}`;
}

type Query = (...input: unknown[]) => unknown;

/** Milliseconds that an answer may take on its way, beside the statement's own time. */
const NETWORK_MILLISECONDS = 1000;

function observe(pool: Pool, onStatement: (sql: string) => void, statementTimeout: number | undefined): void {
  pool.on('connect', (client: PoolClient) => {
    const query = client.query.bind(client) as Query;
    const send: Query = (...input) => {
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
    const sendInTime: Query = (...input) => answeredInTime(client, send(...input), statementTimeout);
    const sendObserved: Query = (...input) => {
      const text = textOf(input);
      return text === undefined
        ? sendInTime(...input)
        : observeStatement(text, () => sendInTime(...input) as Promise<unknown>);
    };
    client.query = sendObserved as typeof client.query;
  });
  pool.on('error', () => connectionLost.tell());
}

/** The statement's text where a promise is answered; undefined with a callback, and for streams. */
function textOf(input: unknown[]): string | undefined {
  const [statement] = input as [string | { text: string; submit?: unknown }];
  if (typeof input.at(-1) === 'function') {
    return undefined;
  }
  if (typeof statement === 'string') {
    return statement;
  }
  return statement.submit === undefined ? statement.text : undefined;
}

/**
 * Breaks a connection on which nothing has come back by the time the server itself would have broken the statement off:
 * what lies between has lost it, and TCP would wait for a quarter of an hour.
 * @param seconds that the server gives a statement; undefined for ever
 */
function answeredInTime(client: PoolClient, sent: unknown, seconds: number | undefined): unknown {
  if (seconds === undefined || !(sent instanceof Promise)) {
    return sent;
  }
  const timer = setTimeout(() => client.connection.stream.destroy(), seconds * 1000 + NETWORK_MILLISECONDS);
  return sent.finally(() => clearTimeout(timer));
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
      run: (text, values) => client.runAlone(text, values),
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
