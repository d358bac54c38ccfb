import { quoted } from '../identifier.js';
import type { Target } from '../target.js';
import type { Audit, Count } from './reconciled.js';

/** Rows of which nobody knows what has become of them. */
export function auditCounts(counts: readonly Count[]): Audit[] {
  return counts.map(({ table, read, written, merged }) => ({
    what: `rows of ${table} that were neither written nor merged`,
    wrong: Math.abs(read - written - merged),
  }));
}

/**
 * Rows that refer to rows that are not there.
 * @param tables of Laurel
 */
export async function auditReferences(target: Target, tables: readonly string[]): Promise<Audit[]> {
  const keys = await target.query<{ table: string; column: string; parent: string; key: string }>(
    `select c.conrelid::regclass::text as table, a.attname as column, c.confrelid::regclass::text as parent, k.attname as key
      from pg_constraint c
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
      join pg_attribute k on k.attrelid = c.confrelid and k.attnum = c.confkey[1]
      where c.contype = 'f' and c.conrelid in (${tables.map((table) => `'${table}'::regclass`).join(', ')})
        and cardinality(c.conkey) = 1
      order by 1, 2`,
  );
  const audits: Audit[] = [];
  for (const { table, column, parent, key } of keys) {
    const wrong = await counted(
      target,
      `select count(*)::integer as wrong from ${table} c where c.${quoted(column)} is not null
        and not exists (select from ${parent} p where p.${quoted(key)} = c.${quoted(column)})`,
    );
    audits.push({ what: `${table}.${column} without its row of ${parent}`, wrong });
  }
  return audits;
}

/**
 * Rows without a value that must be there.
 * @param tables of Laurel
 */
export async function auditPresence(target: Target, tables: readonly string[]): Promise<Audit[]> {
  const audits: Audit[] = [];
  for (const table of tables) {
    const columns = await target.query<{ name: string }>(
      `select attname as name from pg_attribute
        where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped and attnotnull`,
    );
    const isMissing = columns.map(({ name }) => `${quoted(name)} is null`).join(' or ');
    const wrong = await counted(target, `select count(*)::integer as wrong from ${table} where ${isMissing}`);
    audits.push({ what: `rows of ${table} without a value that must be there`, wrong });
  }
  return audits;
}

/** @param sql a number as `wrong` */
export async function counted(target: Target, sql: string): Promise<number> {
  const [row] = await target.query<{ wrong: number }>(sql);
  return row!.wrong;
}
