import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { MigrationError } from './errors.js';
import { query, queryExactlyOne, sql } from '../database/query.js';
import { VERSION } from '../version.js';
import type { MigrationFile } from './history.js';
import { LEDGER } from './ledger-name.js';

/** An applied migration, as the database has it. */
export interface AppliedMigration {
  name: string;
  appliedAt: string;
  /** Null where something else applied it: MikroORM's CLI, or Laurel 0.1. */
  checksum: string | null;
  laurelVersion: string | null;
}

interface Row {
  name: string;
  executed_at: string;
  checksum?: string | null;
  laurel_version?: string | null;
}

/** What is applied, in the order in which it was. Only reads, and the table need not be there. */
export async function readLedger(em: SqlEntityManager): Promise<AppliedMigration[]> {
  const { exists, schema } = await queryExactlyOne(
    em,
    sql<{ exists: boolean; schema: string | null }>`select to_regclass(${LEDGER}) is not null as exists,
      current_schema() as schema`,
  );
  if (schema === null) {
    throw new MigrationError(
      'The role may use no schema of its search_path, so nothing can be seen. Grant it usage of the schema.',
    );
  }
  if (!exists) {
    return [];
  }
  // Whole rows, because the columns that Laurel adds may not be there yet.
  const rows = await query(em, sql<{ row: Row }>`select to_jsonb(m) as row from ${sql.table(LEDGER)} m order by m.id`);
  return rows.map(({ row }) => ({
    name: row.name.replace(/\.[jt]s$/, ''),
    appliedAt: row.executed_at,
    checksum: row.checksum ?? null,
    laurelVersion: row.laurel_version ?? null,
  }));
}

/**
 * Makes the table, or completes MikroORM's: with checksums, and no name twice.
 * @throws MigrationError where a name is there twice already
 */
export async function prepareLedger(em: SqlEntityManager): Promise<void> {
  await query(
    em,
    sql`create table if not exists ${sql.table(LEDGER)} (
      id serial primary key, name varchar(255), executed_at timestamptz default current_timestamp)`,
  );
  const { complete } = await queryExactlyOne(
    em,
    sql<{ complete: boolean }>`select to_regclass(${UNIQUE}) is not null as complete`,
  );
  if (complete) {
    return;
  }
  const twice = await query(
    em,
    sql<{ name: string }>`select name from ${sql.table(LEDGER)} group by name having count(*) > 1 order by name`,
  );
  if (twice.length > 0) {
    throw new MigrationError(
      `${LEDGER} has a migration twice, as when two programs applied it at once: ${twice.map(({ name }) => name).join(', ')}.\nSee whether it took effect twice, then delete all but one of its rows.`,
    );
  }
  await query(
    em,
    sql`alter table ${sql.table(LEDGER)}
      add column if not exists checksum text, add column if not exists laurel_version text`,
  );
  await query(em, sql`create unique index ${sql.ref(UNIQUE)} on ${sql.table(LEDGER)} (name)`);
}

const UNIQUE = `${LEDGER}_name_unique`;

/** Notes a migration as applied. */
export async function recordApplied(em: SqlEntityManager, { name, checksum }: MigrationFile): Promise<void> {
  await query(
    em,
    sql`insert into ${sql.table(LEDGER)} (name, checksum, laurel_version) values (${name}, ${checksum}, ${VERSION})`,
  );
}

/** Notes a migration as not applied. */
export async function eraseApplied(em: SqlEntityManager, name: string): Promise<void> {
  await query(em, sql`delete from ${sql.table(LEDGER)} where name in (${name}, ${`${name}.js`}, ${`${name}.ts`})`);
}

/** Notes again what a migration that is noted as applied says now; when it was applied stays. */
export async function recordAnew(em: SqlEntityManager, { name, checksum }: MigrationFile): Promise<void> {
  await query(
    em,
    sql`update ${sql.table(LEDGER)} set name = ${name}, checksum = ${checksum}, laurel_version = ${VERSION}
      where name in (${name}, ${`${name}.js`}, ${`${name}.ts`})`,
  );
}

/** Forgets all that is applied. The table need not be there. */
export async function emptyLedger(em: SqlEntityManager): Promise<void> {
  const { exists } = await queryExactlyOne(
    em,
    sql<{ exists: boolean }>`select to_regclass(${LEDGER}) is not null as exists`,
  );
  if (exists) {
    await query(em, sql`delete from ${sql.table(LEDGER)}`);
  }
}
