import { randomBytes } from 'node:crypto';
import { type Database, openDatabase } from '../../database/database.js';
import { query, sql } from '../../database/query.js';

/**
 * Makes an empty database on a PostgreSQL server, has `work` use it, and drops it, whatever happens.
 * @param url of a database on that server, whose user may make others
 */
export async function withScratchDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const name = `laurel_verify_${process.pid}_${randomBytes(4).toString('hex')}`;
  const server = await openDatabase({ databaseUrl: url, databasePoolSize: 1, dataDir: '' });
  try {
    // Of template0, because nobody can be connected to it.
    await query(server.orm.em.fork(), sql`create database ${sql.ref(name)} template template0`);
    try {
      return await inDatabase(Object.assign(new URL(url), { pathname: `/${name}` }).href, work);
    } finally {
      await query(server.orm.em.fork(), sql`drop database ${sql.ref(name)} with (force)`);
    }
  } finally {
    await server.close();
  }
}

async function inDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase({ databaseUrl: url, databasePoolSize: 1, dataDir: '' });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
