import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { parseSql } from './parsed-sql.js';

/** Of PostgreSQL's IndexStmt and RangeVar (parsenodes.h), what is needed here. */
interface IndexStatement {
  idxname?: string;
  relation: TableName;
  accessMethod?: string;
  unique?: boolean;
  nulls_not_distinct?: boolean;
  indexParams?: unknown[];
  indexIncludingParams?: unknown[];
  whereClause?: unknown;
  concurrent?: boolean;
}

interface TableName {
  schemaname?: string;
  relname: string;
}

interface DropStatement {
  objects: { List: { items: { String: { sval: string } }[] } }[];
  concurrent?: boolean;
}

interface ReindexStatement {
  params?: { DefElem: { defname: string } }[];
}

/**
 * Makes what is done to indexes concurrently repeatable: a build that was broken off leaves an index that is not
 * valid, which is dropped; one that was finished is not begun again, nor is a drop. An index that only has the same
 * name is left alone, for PostgreSQL to refuse the statement.
 * @param em outside a transaction
 * @returns whether the statement is still to be sent; true for every other statement
 */
export async function prepareConcurrently(em: SqlEntityManager, statement: string): Promise<boolean> {
  const [parsed] = await parseSql(statement);
  const drop = parsed?.node['DropStmt'] as DropStatement | undefined;
  if (drop?.concurrent === true) {
    return isThere(em, drop);
  }
  const index = parsed?.node['IndexStmt'] as IndexStatement | undefined;
  if (index?.concurrent !== true || index.idxname === undefined) {
    return true;
  }
  const existing = await indexOfThatName(em, index.relation, index.idxname);
  if (existing === undefined) {
    return true;
  }
  if (!existing.valid) {
    await query(em, sql`drop index concurrently ${sql.raw(existing.name)}`);
    return true;
  }
  const [built] = await parseSql(existing.definition);
  return definitionOf(index) !== definitionOf(built!.node['IndexStmt'] as IndexStatement);
}

/**
 * @returns whether the statement waits for the end of other transactions. Nobody waits behind it meanwhile, and what
 *   it has done by then is lost where it gives up.
 */
export async function waitsForTransactions(statement: string): Promise<boolean> {
  const [parsed] = await parseSql(statement);
  const { IndexStmt: index, DropStmt: drop, ReindexStmt: reindex } = parsed?.node ?? {};
  return (
    (index as IndexStatement | undefined)?.concurrent === true ||
    (drop as DropStatement | undefined)?.concurrent === true ||
    (reindex as ReindexStatement | undefined)?.params?.some(({ DefElem }) => DefElem.defname === 'concurrently') ===
      true
  );
}

async function isThere(em: SqlEntityManager, { objects }: DropStatement): Promise<boolean> {
  const parts = objects[0]!.List.items.map(({ String: { sval } }) => sval);
  const { found } = await queryExactlyOne(
    em,
    sql<{ found: boolean }>`select to_regclass(${quoted(parts)}) is not null as found`,
  );
  return found;
}

interface ExistingIndex {
  /** Quoted for SQL, with its schema. */
  name: string;
  valid: boolean;
  definition: string;
}

/** The index of that name on that table; undefined where another table has it. */
function indexOfThatName(
  em: SqlEntityManager,
  { schemaname, relname }: TableName,
  index: string,
): Promise<ExistingIndex | undefined> {
  const table = quoted(schemaname === undefined ? [relname] : [schemaname, relname]);
  return queryOne(
    em,
    sql<ExistingIndex>`select format('%I.%I', n.nspname, c.relname) as name,
        i.indisvalid and i.indisready as valid, pg_get_indexdef(c.oid) as definition
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where i.indrelid = to_regclass(${table}) and c.relname = ${index}`,
  );
}

function quoted(parts: string[]): string {
  return parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

/** What makes two indexes on a table the same, as text to be compared. */
function definitionOf(index: IndexStatement): string {
  return JSON.stringify(
    [
      index.accessMethod,
      index.unique ?? false,
      index.nulls_not_distinct ?? false,
      index.indexParams,
      index.indexIncludingParams ?? [],
      index.whereClause ?? null,
    ],
    asPostgresWritesIt,
  );
}

/** Leaves out where something stands, the order that is the default, and the type that PostgreSQL adds to constants. */
function asPostgresWritesIt(key: string, value: unknown): unknown {
  if (key === 'location') {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if ('ordering' in value && 'nulls_ordering' in value) {
    const isDescending = value.ordering === 'SORTBY_DESC';
    const usual = isDescending ? 'SORTBY_NULLS_FIRST' : 'SORTBY_NULLS_LAST';
    const nulls = value.nulls_ordering === usual ? 'SORTBY_NULLS_DEFAULT' : value.nulls_ordering;
    return { ...value, ordering: isDescending ? 'SORTBY_DESC' : 'SORTBY_DEFAULT', nulls_ordering: nulls };
  }
  if ('TypeCast' in value) {
    const { arg } = value.TypeCast as { arg: object };
    return 'A_Const' in arg ? arg : value;
  }
  return value;
}
