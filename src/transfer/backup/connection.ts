import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { queryExactlyOne, sql } from '../../database/query.js';
import { libpqConnection } from '../../migrate/libpq-url.js';

/** A database for PostgreSQL's own programs, without its password in their arguments. */
export interface ProgramConnection {
  database: string;
  /** What names the database in a program's arguments. */
  url: string;
  environment: Record<string, string>;
}

/** @param application what the connections are called in pg_stat_activity */
export function connectionOf(databaseUrl: string, application: string): ProgramConnection {
  const { url, password, database } = libpqConnection(databaseUrl);
  // The name in the URL would win over that of the environment.
  url.searchParams.delete('application_name');
  url.search = url.searchParams.toString().replaceAll('+', '%20');
  return {
    database,
    url: url.href,
    environment: {
      PGAPPNAME: application,
      PGCLIENTENCODING: 'UTF8',
      ...(password !== '' && { PGPASSWORD: password }),
    },
  };
}

/** The version of the PostgreSQL server, such as 15. */
export async function serverVersion(em: SqlEntityManager): Promise<number> {
  const { version } = await queryExactlyOne(
    em,
    sql<{ version: number }>`select current_setting('server_version_num')::integer / 10000 as version`,
  );
  return version;
}
