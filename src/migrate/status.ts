import { readdirSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { Database } from '../database/database.js';
import { MIGRATIONS, ormOptions } from '../database/options.js';
import { query, queryExactlyOne, sql } from '../database/query.js';

/** The names of all migrations this build brings, oldest first. */
const known = readdirSync(MIGRATIONS)
  .filter((file) => /^Migration\d+_\w+\.(js|ts)$/.test(file) && !file.endsWith('.d.ts'))
  .map((file) => basename(file, extname(file)))
  .toSorted();

/** The names of the migrations that the database does not have yet, oldest first. Only reads. */
export async function pendingMigrations({ orm }: Database): Promise<string[]> {
  const em = orm.em.fork();
  const table = ormOptions.migrations.tableName;
  const { exists } = await queryExactlyOne(
    em,
    sql<{ exists: boolean }>`select to_regclass(${table}) is not null as exists`,
  );
  if (!exists) {
    return known;
  }
  const rows = await query(em, sql<{ name: string }>`select name from ${sql.table(table)}`);
  const applied = new Set(rows.map(({ name }) => basename(name, extname(name))));
  return known.filter((name) => !applied.has(name));
}
