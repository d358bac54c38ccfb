import { readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import { quoted } from '../../src/transfer/identifier.js';

/** The game service's database as it was on MySQL. */
export const GAME_FIXTURE = new URL('../fixtures/hexdb-mysql.sql', import.meta.url);

export interface MysqlDatabase {
  /** With the database, as `--from` takes it. */
  url: string;
  connection: Connection;
  /** Runs statements, several at a time. */
  run(sql: string): Promise<void>;
  drop(): Promise<void>;
}

/** An empty database of its own on the server of TEST_MYSQL_URL, with a connection as the import has it. */
export async function mysqlDatabase(): Promise<MysqlDatabase> {
  const name = `laurel_test_${randomBytes(6).toString('hex')}`;
  const server = new URL(process.env['TEST_MYSQL_URL'] ?? 'mysql://root@127.0.0.1:3306');
  const connection = await createConnection({ uri: server.href, multipleStatements: true });
  await connection.query(
    `create database ${name} character set utf8mb4; use ${name}; set names utf8mb4; set time_zone = '+00:00', sql_mode = ''`,
  );
  server.pathname = `/${name}`;
  return {
    url: server.href,
    connection,
    run: async (sql) => {
      await connection.query(sql);
    },
    drop: async () => {
      await connection.query(`drop database ${name}`);
      await connection.end();
    },
  };
}

/** Fills a database from a file of statements, such as the fixture. */
export async function runFile(database: MysqlDatabase, file: URL): Promise<void> {
  await database.run(await readFile(file, 'utf8'));
}

export interface PostgresDatabase {
  url: string;
  client: Client;
  drop(): Promise<void>;
}

/** An empty database of its own on the server of TEST_POSTGRES_URL. */
export async function postgresDatabase(): Promise<PostgresDatabase> {
  const name = `laurel_test_${randomBytes(6).toString('hex')}`;
  const server = process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';
  const administrator = new Client({ connectionString: server });
  await administrator.connect();
  await administrator.query(`create database ${quoted(name)} template template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  return {
    url: url.href,
    client,
    drop: async () => {
      await client.end();
      await administrator.query(`drop database ${quoted(name)} with (force)`);
      await administrator.end();
    },
  };
}
