import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { queryExactlyOne, sql } from '../../src/database/query.js';

const TABLES = ['users', 'friendships', 'blocks', 'seasons', 'scores', 'standings', 'visits'];

/** A digest of each table's rows, whatever their order. */
export async function contents(em: SqlEntityManager): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const table of TABLES) {
    const { digest } = await queryExactlyOne(
      em,
      sql<{ digest: string }>`select md5(string_agg(line, chr(10) order by line collate "C")) as digest
        from (select t::text as line from ${sql.table(table)} t) rows`,
    );
    digests[table] = digest;
  }
  return digests;
}
