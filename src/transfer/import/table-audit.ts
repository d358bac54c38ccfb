import { quoted } from '../identifier.js';
import type { Target } from '../target.js';
import type { Audit, ImportReport } from './report.js';

interface Key {
  name: string;
  parent: string;
  columns: string[];
  others: string[];
  validated: boolean;
}

/**
 * Counts what breaks the rules of tables that have been written, though constraints keep them: references, values that
 * must be there, and sequences that would give a number once more.
 * @param table the name in the first schema of the search path
 */
export async function auditTable(target: Target, table: string): Promise<Audit[]> {
  return [...(await auditReferences(target, table)), ...(await auditPresence(target, table))];
}

async function auditReferences(target: Target, table: string): Promise<Audit[]> {
  const keys = await target.query<Key>(KEYS, [quoted(table)]);
  const audits: Audit[] = [];
  for (const { name, parent, columns, others, validated } of keys) {
    const equal = columns.map((column, index) => `p.${quoted(others[index]!)} = c.${quoted(column)}`).join(' and ');
    const present = columns.map((column) => `c.${quoted(column)} is not null`).join(' and ');
    const wrong = await counted(
      target,
      `select count(*)::integer as wrong from ${quoted(table)} c where ${present}
        and not exists (select from ${parent} p where ${equal})`,
    );
    audits.push({ what: `rows of ${table} without their row of ${parent} (${name})`, wrong });
    if (!validated) {
      audits.push({ what: `foreign key ${name} of ${table} that was never checked`, wrong: 1 });
    }
  }
  return audits;
}

const KEYS = `
  select conname as name, confrelid::regclass::text as parent, convalidated as validated,
    (select json_agg(a.attname order by k.place) from unnest(conkey) with ordinality k (number, place)
      join pg_attribute a on a.attrelid = conrelid and a.attnum = k.number) as columns,
    (select json_agg(a.attname order by k.place) from unnest(confkey) with ordinality k (number, place)
      join pg_attribute a on a.attrelid = confrelid and a.attnum = k.number) as others
  from pg_constraint where conrelid = $1::regclass and contype = 'f' order by conname`;

async function auditPresence(target: Target, table: string): Promise<Audit[]> {
  const columns = await target.query<{ name: string }>(
    `select attname as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attnotnull`,
    [quoted(table)],
  );
  if (columns.length === 0) {
    return [];
  }
  const isMissing = columns.map(({ name }) => `${quoted(name)} is null`).join(' or ');
  const wrong = await counted(target, `select count(*)::integer as wrong from ${quoted(table)} where ${isMissing}`);
  return [{ what: `rows of ${table} without a value that must be there`, wrong }];
}

/**
 * Moves the sequences that belong to columns of a table behind the largest number there; none goes back.
 * @returns where they stand, and whether one of them would give a number once more
 */
export async function settleSequences(
  target: Target,
  table: string,
): Promise<{ sequences: ImportReport['sequences']; audits: Audit[] }> {
  const owned = await target.query<{ sequence: string; column: string }>(OWNED, [quoted(table)]);
  const sequences: ImportReport['sequences'] = [];
  const audits: Audit[] = [];
  for (const { sequence, column } of owned) {
    const behind = `select (q.last_value - case when q.is_called then 0 else 1 end)::text as last,
        (select max(${quoted(column)}) from ${quoted(table)})::text as largest from ${sequence} q`;
    const [stands] = await target.query<{ last: string; largest: string | null }>(behind);
    const largest = BigInt(stands!.largest ?? 0);
    if (largest > BigInt(stands!.last)) {
      // Unlike setval, this goes back with the transaction.
      await target.query(`alter sequence ${sequence} restart with ${largest + 1n}`);
    }
    const [now] = await target.query<{ last: string }>(behind);
    sequences.push({ name: `${table}.${column}`, last: now!.last });
    audits.push({ what: `${table}.${column} beyond its sequence`, wrong: largest > BigInt(now!.last) ? 1 : 0 });
  }
  return { sequences, audits };
}

const OWNED = `
  select d.objid::regclass::text as sequence, a.attname as column
  from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
    and d.refobjid = $1::regclass
  order by a.attnum`;

async function counted(target: Target, sql: string): Promise<number> {
  const [row] = await target.query<{ wrong: number }>(sql);
  return row!.wrong;
}
