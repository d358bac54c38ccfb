import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../../database/query.js';
import { type CatalogObject, describeCatalog } from '../catalog.js';

/**
 * All of a schema that migrations can change, as one line for each thing, sorted: of every schema that is not
 * PostgreSQL's own. Left out is what describeCatalog leaves out, the order of columns above all: one that is dropped
 * and comes back goes to the end.
 */
export function fingerprint(em: SqlEntityManager): Promise<string[]> {
  return em.fork().transactional(async (transaction) => {
    const schemas = await query(
      transaction,
      sql<{ name: string; quoted: string }>`select nspname as name, quote_ident(nspname) as quoted from pg_namespace
        where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1`,
    );
    const lines: string[] = [];
    for (const { name, quoted } of schemas) {
      await query(transaction, sql`set local search_path to ${sql.raw(quoted)}`);
      const catalog = await describeCatalog(transaction);
      const prefix = name === 'public' ? '' : `${name}: `;
      lines.push(
        `schema ${name}`,
        ...[...catalog.map(toLine), ...(await describeRest(transaction))].map((line) => prefix + line),
      );
    }
    return [...new Set(lines)].toSorted();
  });
}

function toLine({ table, kind, name, properties }: CatalogObject): string {
  const owner = table === null || table === name ? '' : `${table}: `;
  const details = Object.entries(properties)
    .toSorted()
    .map(([key, value]) => `${key} ${value}`);
  return `${owner}${kind} ${name}${details.length === 0 ? '' : `: ${details.join(', ')}`}`;
}

/** What describeCatalog has no need of. */
async function describeRest(em: SqlEntityManager): Promise<string[]> {
  const rows = await query(
    em,
    sql<{ line: string }>`
      with schema as (select oid from pg_namespace where nspname = current_schema()),
      of_extensions as (select classid, objid from pg_depend where deptype = 'e'),
      tables as (select * from pg_class where relnamespace = (select oid from schema) and relkind in ('r', 'p', 'f', 'm')),
      functions as (
        select * from pg_proc where pronamespace = (select oid from schema)
          and ('pg_proc'::regclass, oid) not in (select classid, objid from of_extensions)
      )
      select concat_ws(' ', 'storage of ' || relname, case relpersistence when 'u' then 'unlogged' end,
        case when relrowsecurity then 'row security' end, array_to_string(reloptions, ', ')) as line
      from tables where relpersistence = 'u' or relrowsecurity or reloptions is not null
      union all
      select format('%s: policy %s: %s %s to %s using %s with check %s', t.relname, p.polname, p.polcmd, p.polpermissive,
        p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
      from tables t join pg_policy p on p.polrelid = t.oid
      union all
      select format('rule %s', pg_get_ruledef(r.oid)) from tables t
      join pg_rewrite r on r.ev_class = t.oid where r.rulename <> '_RETURN'
      union all
      select format('function %s(%s): parallel %s%s', proname, pg_get_function_identity_arguments(oid), proparallel,
        case when prosecdef then ' security definer' end)
      from functions where prokind in ('f', 'p')
      union all
      select format('aggregate %s(%s)', proname, pg_get_function_identity_arguments(oid)) from functions where prokind = 'a'
      union all
      select format('domain %s: %s%s%s %s', t.typname, format_type(t.typbasetype, t.typtypmod),
        case when t.typnotnull then ' not null' end, ' default ' || t.typdefault,
        (select string_agg(pg_get_constraintdef(c.oid), ', ' order by c.conname) from pg_constraint c
          where c.contypid = t.oid and c.contype = 'c'))
      from pg_type t where t.typnamespace = (select oid from schema) and t.typtype = 'd'
        and ('pg_type'::regclass, t.oid) not in (select classid, objid from of_extensions)
      union all
      select format('composite type %s: %s', c.relname, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum))
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = (select oid from schema) and c.relkind = 'c' group by c.relname`,
  );
  return rows.map(({ line }) => line);
}

/** The lines that only one of two fingerprints has. */
export function compareFingerprints(before: readonly string[], after: readonly string[]): string[] {
  const [was, is] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !is.has(line)).map((line) => `missing: ${line}`),
    ...after.filter((line) => !was.has(line)).map((line) => `too much: ${line}`),
  ];
}
