import type { Orm } from '../database/database.js';
import { parseSql } from './parsed-sql.js';

/** What MikroORM would send to make the entities' schema of the one that is there: a statement for each difference. */
export async function entityDifferences(orm: Orm): Promise<string[]> {
  const statements = await parseSql(await orm.schema.getUpdateSchemaSQL({ wrap: false }));
  return statements.map(({ text }) => text);
}
