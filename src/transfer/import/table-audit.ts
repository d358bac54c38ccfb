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
 * Moves the sequences that number the rows of a table behind the largest number there; none goes back.
 * @returns where they stand, and whether one of them would give a number once more
 */
export async function settleSequences(
  target: Target,
  table: string,
): Promise<{ sequences: ImportReport['sequences']; audits: Audit[] }> {
  const owned = await target.query<{ sequence: string; column: string; decimal: boolean }>(OWNED, [quoted(table)]);
  const sequences: ImportReport['sequences'] = [];
  const audits: Audit[] = [];
  for (const { sequence, column, decimal } of owned) {
    const largestSql = decimal
      ? `trunc(max(${quoted(column)}) filter (where ${quoted(column)} < 'Infinity'))`
      : `max(${quoted(column)})`;
    const behind = `select (q.last_value - case when q.is_called then 0 else 1 end)::text as last,
        (select ${largestSql} from ${quoted(table)})::text as largest from ${sequence} q`;
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

/** Those that belong to a column of numbers, and those that its default takes numbers from. */
const OWNED = `
  select s.oid::regclass::text as sequence, a.attname as column, a.atttypid = 'numeric'::regtype as decimal
  from pg_attribute a join pg_class s on s.relkind = 'S' and (
    exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = s.oid
      and d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum
      and d.deptype in ('a', 'i'))
    or exists (select from pg_attrdef v
      join pg_depend d on d.classid = 'pg_attrdef'::regclass and d.objid = v.oid
        and d.refclassid = 'pg_class'::regclass and d.refobjid = s.oid
      where v.adrelid = a.attrelid and v.adnum = a.attnum))
  where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
    and a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
  order by a.attnum, 1`;

async function counted(target: Target, sql: string): Promise<number> {
  const [row] = await target.query<{ wrong: number }>(sql);
  return row!.wrong;
}
