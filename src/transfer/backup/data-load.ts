import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, sql } from '../../database/query.js';
import { LEDGER } from '../../migrate/ledger-name.js';
import { literal, quoted } from '../identifier.js';

/** The board that a migration makes; see Migration20261121000400. */
const MIGRATED_BOARD = '01900000-0000-7000-8000-000000000001';

/** SQL around the rows of a dump, so that they fit into tables that migrations have made. */
export interface LoadFrame {
  before: string;
  after: string;
}

interface Facts {
  /** As SQL. */
  tables: string[];
  triggers: { table: string; name: string; always: boolean }[];
  keys: { table: string; name: string; definition: string }[];
}

/**
 * Triggers are off during the load, as the dump has what they would write; foreign keys are taken away and made again
 * behind it, which checks all rows at once, in whatever order the tables came. The tables' owner may do both, where
 * pg_restore's --disable-triggers is for superusers. The rows that migrations have put in make room for the dump's.
 */
export async function loadFrame(em: SqlEntityManager): Promise<LoadFrame> {
  const { tables, triggers, keys } = await facts(em);
  const alter = (table: string, rest: string): string => `alter table ${table} ${rest};`;
  return {
    before: [
      ...triggers.map(({ table, name }) => alter(table, `disable trigger ${quoted(name)}`)),
      ...keys.map(({ table, name }) => alter(table, `drop constraint ${quoted(name)}`)),
      `lock table ${tables.join(', ')} in access exclusive mode;`,
      refusal(await rowQuestions(em)),
      `truncate ${tables.join(', ')};`,
    ].join('\n'),
    after: [
      ...keys.map(({ table, name, definition }) => alter(table, `add constraint ${quoted(name)} ${definition}`)),
      ...triggers.map(({ table, name, always }) =>
        alter(table, `enable ${always ? 'always ' : ''}trigger ${quoted(name)}`),
      ),
    ].join('\n'),
  };
}

/** Nobody may have written between the look at the tables and their lock. */
function refusal(questions: readonly string[]): string {
  return `do ${literal(`begin if ${questions.join(' or ')} then raise 'Somebody has written to the database meanwhile.'; end if; end`)};`;
}

/** The tables that have rows besides those that migrations put in. */
export async function tablesWithRows(em: SqlEntityManager): Promise<string[]> {
  const filled: string[] = [];
  for (const table of await laurelTables(em)) {
    const { has } = await queryExactlyOne(em, sql<{ has: boolean }>`select ${sql.raw(hasRows(table))} as has`);
    if (has) {
      filled.push(table.name);
    }
  }
  return filled;
}

async function rowQuestions(em: SqlEntityManager): Promise<string[]> {
  return (await laurelTables(em)).map(hasRows);
}

function hasRows({ name, table }: { name: string; table: string }): string {
  return `exists (select from ${table}${name === 'leaderboards' ? ` where id <> ${literal(MIGRATED_BOARD)}` : ''})`;
}

/** All tables but that of the migrations. */
function laurelTables(em: SqlEntityManager): Promise<{ name: string; table: string }[]> {
  return query(
    em,
    sql<{ name: string; table: string }>`
      select relname::text as name, format('%I.%I', current_schema(), relname) as table from pg_class
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and relname <> ${LEDGER}
      order by relname`,
  );
}

function facts(em: SqlEntityManager): Promise<Facts> {
  return em.fork().transactional(async (transaction) => {
    const here = await queryExactlyOne(
      transaction,
      sql<{ oid: string }>`select current_schema()::regnamespace::oid::text as oid`,
    );
    // Definitions name tables with their schemas then.
    await query(transaction, sql`set local search_path = ''`);
    const of = sql`c.relnamespace = ${here.oid}::oid`;
    const name = sql`format('%I.%I', (select nspname from pg_catalog.pg_namespace where oid = c.relnamespace), c.relname)`;
    const tables = await query(
      transaction,
      sql<{ table: string }>`select ${name} as table from pg_catalog.pg_class c
        where ${of} and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
    );
    const triggers = await query(
      transaction,
      sql<Facts['triggers'][number]>`
        select ${name} as table, t.tgname::text as name, t.tgenabled = 'A' as always from pg_catalog.pg_trigger t
        join pg_catalog.pg_class c on c.oid = t.tgrelid
        where ${of} and not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgparentid = 0 order by 1, 2`,
    );
    const keys = await query(
      transaction,
      sql<{ table: string; name: string; definition: string }>`
        select ${name} as table, k.conname::text as name, pg_catalog.pg_get_constraintdef(k.oid) as definition
        from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
        where ${of} and k.contype = 'f' and k.conparentid = 0 order by 1, 2`,
    );
    return { tables: tables.map(({ table }) => table), triggers, keys };
  });
}
