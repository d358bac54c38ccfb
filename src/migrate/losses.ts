import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { queryExactlyOne, sql } from '../database/query.js';
import type { MigrationFile } from './history.js';
import { parseSql } from './parsed-sql.js';

/** Something that statements drop or empty. */
export interface Loss {
  table: string;
  /** Undefined for the whole table. */
  column: string | undefined;
}

/** A loss with how many rows are in the table now, or values that are not null in the column. */
export interface CountedLoss extends Loss {
  count: number;
}

/**
 * What reverting migrations drops of what is in the database now, as their statements say it: DROP TABLE, DROP COLUMN,
 * TRUNCATE and DELETE. What functions and DO blocks do is not seen, nor what is carried over to elsewhere before.
 */
export async function countLosses(em: SqlEntityManager, migrations: readonly MigrationFile[]): Promise<CountedLoss[]> {
  const losses = new Map<string, Loss>();
  for (const { down } of migrations) {
    for (const loss of (await Promise.all((down ?? []).map(lossesOf))).flat()) {
      losses.set(`${loss.table}.${loss.column}`, loss);
    }
  }
  const counted: CountedLoss[] = [];
  for (const loss of losses.values()) {
    const count = await countIn(em, loss);
    if (count > 0) {
      counted.push({ ...loss, count });
    }
  }
  return counted;
}

interface Range {
  relname: string;
  schemaname?: string;
}

interface StringNode {
  String: { sval: string };
}

/** What one statement drops or empties. */
export async function lossesOf(statement: string): Promise<Loss[]> {
  const parsed = await parseSql(statement);
  return parsed.flatMap(({ node }) => {
    const drop = node['DropStmt'] as { removeType: string; objects: { List: { items: StringNode[] } }[] } | undefined;
    if (drop?.removeType === 'OBJECT_TABLE') {
      return drop.objects.map(({ List }) => whole(List.items.map(({ String }) => String.sval)));
    }
    const alter = node['AlterTableStmt'] as
      | { relation: Range; cmds: { AlterTableCmd: { subtype: string; name?: string } }[] }
      | undefined;
    if (alter !== undefined) {
      return alter.cmds
        .filter(({ AlterTableCmd: { subtype } }) => subtype === 'AT_DropColumn')
        .map(({ AlterTableCmd: { name } }) => ({ table: nameOf(alter.relation), column: name }));
    }
    const truncate = node['TruncateStmt'] as { relations: { RangeVar: Range }[] } | undefined;
    if (truncate !== undefined) {
      return truncate.relations.map(({ RangeVar }) => whole([nameOf(RangeVar)]));
    }
    const remove = node['DeleteStmt'] as { relation: Range } | undefined;
    return remove === undefined ? [] : [whole([nameOf(remove.relation)])];
  });
}

function whole(parts: string[]): Loss {
  return { table: parts.join('.'), column: undefined };
}

function nameOf({ schemaname, relname }: Range): string {
  return schemaname === undefined ? relname : `${schemaname}.${relname}`;
}

async function countIn(em: SqlEntityManager, { table, column }: Loss): Promise<number> {
  const { exists } = await queryExactlyOne(
    em,
    sql<{ exists: boolean }>`select to_regclass(${table}) is not null and (${column ?? null}::text is null or exists (
        select from pg_attribute where attrelid = to_regclass(${table}) and attname = ${column ?? null}
      )) as exists`,
  );
  if (!exists) {
    return 0;
  }
  const counted = column === undefined ? sql`*` : sql.ref(column);
  const { count } = await queryExactlyOne(
    em,
    sql<{ count: number }>`select count(${counted})::int as count from ${sql.table(table)}`,
  );
  return count;
}
