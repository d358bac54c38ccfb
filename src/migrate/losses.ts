import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { queryExactlyOne, sql } from '../database/query.js';
import type { MigrationFile } from './history.js';
import { parseSql } from './parsed-sql.js';

/** Something that statements drop or empty. */
interface Loss {
  /** In SQL's quoting; undefined where it cannot be said which. */
  table: string | undefined;
  /** Unquoted; undefined for the whole table. */
  column: string | undefined;
  /** What is told of it where it cannot be counted. */
  text: string;
}

/**
 * What reverting migrations may drop of what is in the database now, a line for each: tables and columns with their
 * numbers of rows and values, and what cannot be counted. What functions do is not seen, nor what is carried over to
 * elsewhere before.
 * @returns nothing where nothing is lost
 */
export async function describeLosses(em: SqlEntityManager, migrations: readonly MigrationFile[]): Promise<string[]> {
  const losses = new Map<string, Loss>();
  const lines: string[] = [];
  for (const { name, down } of migrations) {
    if (down === null) {
      lines.push(`whatever the code of ${name} deletes`);
      continue;
    }
    for (const loss of (await Promise.all((down ?? []).map(lossesOf))).flat()) {
      losses.set(`${loss.table}.${loss.column}.${loss.text}`, loss);
    }
  }
  for (const loss of losses.values()) {
    lines.push(...(await describe(em, loss)));
  }
  return lines;
}

interface Range {
  relname: string;
  schemaname?: string;
}

interface NameNode {
  String?: { sval: string };
  List?: { items: NameNode[] };
}

interface DropStatement {
  removeType: string;
  objects: NameNode[];
  behavior?: string;
}

interface AlterStatement {
  relation: Range;
  cmds: { AlterTableCmd: { subtype: string; name?: string } }[];
}

/** Kinds of objects that hold no rows; with CASCADE they may take some along. */
const WITHOUT_ROWS = new Set([
  'OBJECT_INDEX',
  'OBJECT_VIEW',
  'OBJECT_FUNCTION',
  'OBJECT_PROCEDURE',
  'OBJECT_ROUTINE',
  'OBJECT_AGGREGATE',
  'OBJECT_TRIGGER',
  'OBJECT_RULE',
  'OBJECT_POLICY',
  'OBJECT_SEQUENCE',
  'OBJECT_STATISTIC_EXT',
]);

/** What one statement drops or empties, wherever in it. */
async function lossesOf(statement: string): Promise<Loss[]> {
  const parsed = await parseSql(statement);
  return parsed.flatMap(({ node, text }) => collect(node, text));
}

function collect(node: unknown, text: string): Loss[] {
  if (Array.isArray(node)) {
    return node.flatMap((each) => collect(each, text));
  }
  if (typeof node !== 'object' || node === null) {
    return [];
  }
  return Object.entries(node).flatMap(([key, value]) => [...lossOfNode(key, value, text), ...collect(value, text)]);
}

function lossOfNode(key: string, value: unknown, text: string): Loss[] {
  switch (key) {
    case 'DropStmt':
      return lossesOfDrop(value as DropStatement, text);
    case 'AlterTableStmt': {
      const { relation, cmds } = value as AlterStatement;
      return cmds
        .filter(({ AlterTableCmd: { subtype } }) => subtype === 'AT_DropColumn')
        .map(({ AlterTableCmd: { name = '' } }) => ({ table: nameOf(relation), column: name, text }));
    }
    case 'TruncateStmt':
      return (value as { relations: { RangeVar: Range }[] }).relations.map(({ RangeVar }) =>
        whole(nameOf(RangeVar), text),
      );
    case 'DeleteStmt':
      return [whole(nameOf((value as { relation: Range }).relation), text)];
    case 'DoStmt':
      return /\b(?:delete|truncate|drop|execute)\b/i.test(text) ? [whole(undefined, text)] : [];
    default:
      return [];
  }
}

function lossesOfDrop({ removeType, objects, behavior }: DropStatement, text: string): Loss[] {
  if (removeType === 'OBJECT_TABLE' || removeType === 'OBJECT_MATVIEW') {
    return objects.map((object) => whole(partsOf(object).map(quoted).join('.'), text));
  }
  return WITHOUT_ROWS.has(removeType) && behavior !== 'DROP_CASCADE' ? [] : [whole(undefined, text)];
}

function partsOf({ String: name, List }: NameNode): string[] {
  return name === undefined ? (List?.items ?? []).flatMap(partsOf) : [name.sval];
}

function whole(table: string | undefined, text: string): Loss {
  return { table, column: undefined, text };
}

function nameOf({ schemaname, relname }: Range): string {
  return [schemaname, relname].flatMap((part) => (part === undefined ? [] : quoted(part))).join('.');
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const SHOWN = 120;

async function describe(em: SqlEntityManager, { table, column, text }: Loss): Promise<string[]> {
  if (table === undefined) {
    return [`what cannot be counted: ${text.replaceAll(/\s+/g, ' ').slice(0, SHOWN)}`];
  }
  const { found, has } = await queryExactlyOne(
    em,
    sql<{ found: boolean; has: boolean }>`select to_regclass(${table}) is not null as found, exists (
        select from pg_attribute
        where attrelid = to_regclass(${table}) and attname = ${column ?? ''} and not attisdropped
      ) as has`,
  );
  if (!found || (column !== undefined && !has)) {
    return [`what will be in ${readable(column === undefined ? table : `${table}.${quoted(column)}`)} by then`];
  }
  const { count } = await queryExactlyOne(
    em,
    sql<{
      count: string;
    }>`select count(${sql.raw(column === undefined ? '*' : quoted(column))})::text as count from ${sql.raw(table)}`,
  );
  if (count === '0') {
    return [];
  }
  return column === undefined
    ? [`table ${readable(table)}: ${count} rows`]
    : [`column ${readable(`${table}.${quoted(column)}`)}: ${count} values`];
}

/** Without the quotes that nobody would write. */
function readable(name: string): string {
  return name.replaceAll(/"([a-z_][a-z0-9_]*)"/g, '$1');
}
