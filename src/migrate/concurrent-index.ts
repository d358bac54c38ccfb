import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryOne, sql } from '../database/query.js';
import { parseSql } from './parsed-sql.js';

/**
 * Makes a concurrent index build repeatable: one that was broken off leaves an index that is not valid, which is
 * dropped; one that was finished is not built again.
 * @param em outside a transaction
 * @returns whether the statement is still to be sent; true for every other statement
 */
export async function prepareConcurrently(em: SqlEntityManager, statement: string): Promise<boolean> {
  const name = await concurrentIndexName(statement);
  if (name === undefined) {
    return true;
  }
  const index = await queryOne(
    em,
    sql<{
      valid: boolean;
    }>`select indisvalid and indisready as valid from pg_index where indexrelid = to_regclass(${name})`,
  );
  if (index === undefined) {
    return true;
  }
  if (index.valid) {
    return false;
  }
  await query(em, sql`drop index concurrently ${sql.raw(name)}`);
  return true;
}

/** The name of the index that a statement builds concurrently, quoted for SQL; undefined for any other statement. */
async function concurrentIndexName(statement: string): Promise<string | undefined> {
  const [parsed] = await parseSql(statement);
  const index = parsed?.node['IndexStmt'] as
    | { concurrent?: boolean; idxname?: string; relation?: { schemaname?: string } }
    | undefined;
  if (index?.concurrent !== true || index.idxname === undefined) {
    return undefined;
  }
  return [index.relation?.schemaname, index.idxname]
    .filter((part) => part !== undefined)
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
}
