import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { MikroORM } from '@mikro-orm/pglite';
import { Client } from 'pg';
import { type Database, openDatabase, type Orm } from '../../src/database/database.js';
import { parsers } from '../../src/database/embedded-parsers.js';
import { ormOptions } from '../../src/database/options.js';
import { upgrade } from '../../src/migrate/upgrade.js';

export interface TestDatabase extends Database {
  /** The SQL sent since it was last emptied. */
  statements: string[];
  /** Connection string; absent on the embedded database. */
  url: string | undefined;
}

/** A migrated, empty database of this test's own: on PostgreSQL where TEST_POSTGRES_URL is set, else embedded. */
export function openTestDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_POSTGRES_URL'];
  return server === undefined ? openEmbedded() : openPostgres(server);
}

async function openEmbedded(): Promise<TestDatabase> {
  const statements: string[] = [];
  const client = await PGlite.create({
    loadDataDir: new Blob([new Uint8Array(readFileSync(process.env['LAUREL_TEST_DUMP']!))]),
    parsers,
  });
  const observed = {
    ready: true,
    waitReady: Promise.resolve(),
    closed: false,
    query: (text: string, parameters?: unknown[], options?: object) => {
      statements.push(text);
      return client.query(text, parameters, options);
    },
    transaction: (work: (transaction: object) => Promise<unknown>) =>
      client.transaction((transaction) =>
        work({
          query: (text: string, parameters?: unknown[], options?: object) => {
            statements.push(text);
            return transaction.query(text, parameters, options);
          },
        }),
      ),
    close: () => client.close(),
  };
  const orm = await MikroORM.init({ ...ormOptions, driverOptions: { pglite: () => observed } });
  return {
    orm: orm as unknown as Orm,
    embedded: true,
    url: undefined,
    statements,
    close: async () => {
      await orm.close();
      await client.close();
    },
  };
}

async function openPostgres(server: string): Promise<TestDatabase> {
  const name = `laurel_test_${process.pid}_${Date.now()}_${Math.floor(Math.random() * 1e6)}`;
  await onServer(server, `create database ${name}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const statements: string[] = [];
  const database = await openDatabase({ databaseUrl: url, databasePoolSize: 8, dataDir: '' }, (statement) =>
    statements.push(statement),
  );
  await upgrade(database);
  return {
    ...database,
    url,
    statements,
    close: async () => {
      await database.close();
      await onServer(server, `drop database ${name} with (force)`);
    },
  };
}

async function onServer(server: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
