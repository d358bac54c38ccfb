import { isNativeError } from 'node:util/types';
import { UsageError } from '../../migrate/errors.js';
import { type Checksum, checksumOf, type ChecksumText } from '../checksum.js';
import { migrationHeads } from '../csv/migration-heads.js';
import { quoted } from '../identifier.js';
import { type PostgresTable, readPostgresTables, type UnreadTable } from '../postgres-tables.js';
import { PostgresTarget } from '../postgres-target.js';
import { checksumSql } from '../row-hash.js';
import type { Source } from '../source.js';
import type { Column, Row } from '../table.js';
import type { Target } from '../target.js';
import { refusedCondition, whereClause } from './condition.js';
import { connectionFault, readingFault } from './connection-fault.js';
import { copyRows } from './copy-rows.js';

export interface PostgresSourceOptions {
  /** Left out: all of the schema. */
  tables?: readonly string[] | undefined;
  /** Left out: the first of the role's search path. */
  schema?: string | undefined;
  /** By table, as SQL: the rows that are read. */
  where?: ReadonlyMap<string, string> | undefined;
}

/** A PostgreSQL database as it stood at one moment. */
export class PostgresSource implements Source<PostgresTable> {
  private constructor(
    readonly name: string,
    readonly tables: readonly PostgresTable[],
    /** What holds rows there and is not among the tables that can be read. */
    readonly unread: readonly UnreadTable[],
    /** The newest migrations of Laurel; none where it is another system's. */
    readonly migrations: readonly string[],
    private readonly connection: Target,
    /** Whether it holds text in the bytes that it sends: hashes are of bytes. */
    private readonly holdsUtf8: boolean,
    private readonly clauses: ReadonlyMap<string, string>,
  ) {}

  /**
   * @param url `postgres://user:password@host:port/database`
   * @throws UsageError where a schema or a table is not there
   * @throws TransferError where it cannot be reached or read, or a condition is none
   */
  static async open(
    url: string,
    { tables: asked, schema, where = new Map() }: PostgresSourceOptions = {},
  ): Promise<PostgresSource> {
    const { host, pathname } = new URL(url);
    const place = `${host}${decodeURIComponent(pathname)}`;
    const connection = await connect(url, host);
    try {
      const name = `PostgreSQL ${await versionOf(connection)} at ${place}`;
      await enterSchema(connection, schema, name);
      const before = readable((await readPostgresTables(connection)).tables);
      refuseUnknown(asked, before, name);
      const isChosen = (table: PostgresTable): boolean => asked?.includes(table.name) ?? true;
      await fixMoment(connection, before.filter(isChosen));
      const { tables: there, unread } = await readPostgresTables(connection);
      const tables = readable(there).filter(isChosen);
      refuseUnknown([...where.keys()], tables, name);
      const empty = there
        .filter(({ columns }) => columns.length === 0)
        .map((table) => ({ name: `${table.schema}.${table.name}`, why: 'no columns' }));
      return new PostgresSource(
        name,
        tables,
        [...unread, ...empty],
        await migrationHeads(connection),
        connection,
        await isUtf8Inside(connection),
        await clausesOf(connection, tables, where),
      );
    } catch (error) {
      await connection.close();
      throw readingFault(error, place);
    }
  }

  async *rows(table: PostgresTable): AsyncIterable<Row[]> {
    const values = table.columns.map(valueSql).join(', ');
    try {
      yield* copyRows(
        this.connection.copyOut(`copy (select ${values} from ${this.from(table)}) to stdout`),
        table.columns,
      );
    } catch (error) {
      throw readingFault(error, table.name);
    }
  }

  only(table: PostgresTable, places: readonly number[]): PostgresTable {
    return { ...table, columns: places.map((place) => table.columns[place]!) };
  }

  hasChecksum(): boolean {
    return this.holdsUtf8;
  }

  async checksum(table: PostgresTable): Promise<Checksum | null> {
    if (!this.hasChecksum()) {
      return null;
    }
    try {
      const sql = checksumSql(this.from(table), table.columns);
      const [sum] = await this.connection.query<ChecksumText>(sql);
      return checksumOf(sum!, table.columns);
    } catch (error) {
      throw readingFault(error, table.name);
    }
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private from(table: PostgresTable): string {
    return `${fromOf(table)}${this.clauses.get(table.name) ?? ''}`;
  }
}

async function connect(url: string, host: string): Promise<Target> {
  try {
    return await PostgresTarget.open(url);
  } catch (error) {
    throw connectionFault(error, host);
  }
}

async function versionOf(connection: Target): Promise<string> {
  const [row] = await connection.query<{ server_version: string }>('show server_version');
  // Debian has its own version behind it.
  return row!.server_version.split(' ')[0]!;
}

async function isUtf8Inside(connection: Target): Promise<boolean> {
  const [row] = await connection.query<{ server_encoding: string }>('show server_encoding');
  // The latter is none: bytes go in and out as they are.
  return ['UTF8', 'SQL_ASCII'].includes(row!.server_encoding);
}

async function enterSchema(connection: Target, schema: string | undefined, source: string): Promise<void> {
  if (schema !== undefined) {
    await connection.query(`set search_path to ${quoted(schema)}`);
  }
  const [row] = await connection.query<{ there: boolean }>('select current_schema() is not null as there');
  if (row?.there !== true) {
    throw new UsageError(
      `There is no schema ${schema ?? "of the role's search_path"} in ${source} that the role may use. Nothing was changed. Name another, or grant usage of it.`,
    );
  }
}

async function fixMoment(connection: Target, tables: readonly PostgresTable[]): Promise<void> {
  await connection.query('begin isolation level repeatable read, read only');
  // What the role may not see is an error, not fewer rows.
  await connection.query('set local row_security to off');
  // Before the moment is fixed, which the first query does: to empty a table shows at once in every moment.
  if (tables.length > 0) {
    await connection.query(`lock table ${tables.map(nameOf).join(', ')} in access share mode`);
  }
}

/** Conditions by table, each of which PostgreSQL has understood. */
async function clausesOf(
  connection: Target,
  tables: readonly PostgresTable[],
  where: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const clauses = new Map<string, string>();
  for (const table of tables) {
    const condition = where.get(table.name);
    if (condition === undefined) {
      continue;
    }
    const clause = await whereClause(table.name, condition);
    try {
      await connection.query(`select from ${fromOf(table)}${clause} limit 0`);
    } catch (error) {
      throw isNativeError(error) && 'code' in error ? refusedCondition(table.name, error.message) : error;
    }
    clauses.set(table.name, clause);
  }
  return clauses;
}

function refuseUnknown(asked: readonly string[] | undefined, there: readonly PostgresTable[], source: string): void {
  const names = there.map(({ name }) => name);
  const unknown = (asked ?? []).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `There is no table ${unknown.join(', ')} to read in ${source}. Nothing was changed. There are: ${names.toSorted().join(', ')}`,
    );
  }
}

/** A table without columns has rows, and nothing in them. */
function readable(tables: readonly PostgresTable[]): PostgresTable[] {
  return tables.filter(({ columns }) => columns.length > 0);
}

/** Some types have another text where they are cast than where they are written; checksums are of the cast. */
function valueSql({ name, kind }: Column): string {
  return kind === 'text' || kind === 'other' ? `${quoted(name)}::text` : quoted(name);
}

/** Rows of tables that inherit from it are their own. */
function fromOf(table: PostgresTable): string {
  return table.partitioned ? nameOf(table) : `only ${nameOf(table)}`;
}

function nameOf({ schema, name }: PostgresTable): string {
  return `${quoted(schema)}.${quoted(name)}`;
}
