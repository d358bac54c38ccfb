import { readFileSync } from 'node:fs';
import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { MikroORM } from '@mikro-orm/pglite';
import { type Database, openDatabase } from '../../src/database/database.js';
import { parsers } from '../../src/database/embedded-parsers.js';
import { ormOptions } from '../../src/database/options.js';
import { upgrade } from '../../src/migrate/upgrade.js';
import { emptyDump, migratedDump } from './dump.js';
import { createEmptyDatabase } from './empty-database.js';
import { rowsAt } from './rows-at.js';

export { createEmptyDatabase } from './empty-database.js';
import { observeStatement } from '../../src/observability/statements.js';

export interface TestDatabase extends Database {
  /** The SQL sent since it was last emptied. */
  statements: string[];
  /** Connection string; absent on the embedded database. */
  url: string | undefined;
}

/**
 * A migrated database of this test's own: on PostgreSQL where TEST_POSTGRES_URL is set, else embedded.
 * @param script SQL to run before the migrations; without it, the database is empty
 */
export function openTestDatabase(script?: string): Promise<TestDatabase> {
  const server = process.env['TEST_POSTGRES_URL'];
  return server === undefined ? openEmbedded(script) : openPostgres(server, script);
}

/** A database of this test's own without anything in it, likewise. */
export function openEmptyTestDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_POSTGRES_URL'];
  return server === undefined ? openPglite({ loadDataDir: emptyDump(), parsers }) : openServerDatabase(server);
}

/** SQL: the old game service's database, marked as being at the first migration. */
export function fixtureScript(): string {
  const dump = readFileSync(new URL('../fixtures/hexdb-postgres.sql', import.meta.url), 'utf8');
  return `${dump.replace(/^CREATE EXTENSION .*$/m, '')}
    create table mikro_orm_migrations
      (id serial primary key, name varchar(255), executed_at timestamptz default current_timestamp);
    insert into mikro_orm_migrations (name) values ('Migration20260205193000_game_service_tables');`;
}

async function openEmbedded(script?: string): Promise<TestDatabase> {
  if (script === undefined) {
    return openPglite({ loadDataDir: migratedDump(), parsers });
  }
  const database = await openPglite({ loadDataDir: emptyDump(), parsers }, script);
  await upgrade(database);
  return database;
}

async function openPglite(from: PGliteOptions, script = ''): Promise<TestDatabase> {
  const statements: string[] = [];
  const client = await PGlite.create(from);
  if (script !== '') {
    await client.exec(script);
  }
  const observed = {
    ready: true,
    waitReady: Promise.resolve(),
    closed: false,
    query: (text: string, parameters?: unknown[], options?: object) => {
      statements.push(text);
      return observeStatement(text, () => client.query(text, parameters, options));
    },
    transaction: (work: (transaction: object) => Promise<unknown>) =>
      client.transaction((transaction) =>
        work({
          query: (text: string, parameters?: unknown[], options?: object) => {
            statements.push(text);
            return observeStatement(text, () => transaction.query(text, parameters, options));
          },
        }),
      ),
    close: () => client.close(),
  };
  const orm = await MikroORM.init({ ...ormOptions, driverOptions: { pglite: () => observed } });
  return {
    orm,
    embedded: true,
    run: async (text, values) =>
      values.length > 0
        ? client.query(text, [...values])
        : { rows: (await client.exec(text)).flatMap(({ rows }) => rows) },
    url: undefined,
    statements,
    close: async () => {
      await orm.close();
      await client.close();
    },
  };
}

async function openPostgres(server: string, script?: string): Promise<TestDatabase> {
  const template = process.env['LAUREL_TEST_TEMPLATE'];
  if (script === undefined && template !== undefined) {
    return openServerDatabase(server, { template });
  }
  const database = await openServerDatabase(server, script === undefined ? {} : { script });
  await upgrade(database);
  return database;
}

async function openServerDatabase(
  server: string,
  { template, script }: { template?: string; script?: string } = {},
): Promise<TestDatabase> {
  const { url, drop } = await createEmptyDatabase(server, template);
  if (script !== undefined) {
    await rowsAt(url, script);
  }
  const statements: string[] = [];
  const database = await openDatabase({ databaseUrl: url, databasePoolSize: 8, dataDir: '' }, (statement) =>
    statements.push(statement),
  );
  return {
    ...database,
    url,
    statements,
    close: async () => {
      await database.close();
      await drop();
    },
  };
}
