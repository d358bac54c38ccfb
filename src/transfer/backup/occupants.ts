import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../../database/query.js';
import { LEDGER } from '../../migrate/ledger-name.js';

/** What a database has in it, besides what every database has. */
export interface Occupants {
  /** Tables that Laurel's migrations make, by name. */
  laurel: string[];
  /** Anything else, in words, such as `table bills` or `function public.tax()`. */
  others: string[];
}

/**
 * What is in a database. Extensions and what belongs to them do not count.
 * @param besides a schema that does not count either
 */
export async function occupantsOf(em: SqlEntityManager, besides = ''): Promise<Occupants> {
  const found = await query(
    em,
    sql<{ kind: string; schema: string; name: string; here: boolean }>`
      with own as (
        select 'pg_class'::regclass as class, c.oid, c.relnamespace as namespace, c.relname::text as name,
          case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
            when 'f' then 'foreign table' when 'c' then 'type' else 'table' end as kind
        from pg_class c
        where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
        union all
        select 'pg_proc'::regclass, p.oid, p.pronamespace, p.oid::regprocedure::text, 'function' from pg_proc p
        union all
        select 'pg_type'::regclass, t.oid, t.typnamespace, t.typname::text, 'type' from pg_type t
        where t.typtype in ('e', 'd', 'r')
        union all
        select 'pg_namespace'::regclass, n.oid, n.oid, n.nspname::text, 'schema' from pg_namespace n
        where n.nspname <> 'public'
      )
      select o.kind, n.nspname::text as schema, o.name, n.nspname = current_schema() as here
      from own o join pg_namespace n on n.oid = o.namespace
      where n.nspname <> 'information_schema' and n.nspname !~ '^pg_' and n.nspname <> ${besides}
        -- Of extensions, and sequences of columns.
        and not exists (
          select from pg_depend d where d.classid = o.class and d.objid = o.oid and d.deptype in ('e', 'a', 'i')
        )
      order by o.kind <> 'table', 2, 3`,
  );
  const own = (name: string): boolean => laurelTables(em).has(name) || name.startsWith('archive_');
  const isLaurel = ({ kind, name, here }: (typeof found)[number]): boolean =>
    here && ((kind === 'table' && own(name)) || (kind === 'function' && name.includes('laurel_')));
  return {
    laurel: found.filter((object) => isLaurel(object) && object.kind === 'table').map(({ name }) => name),
    others: found.filter((object) => !isLaurel(object)).map(({ kind, name }) => `${kind} ${name}`),
  };
}

function laurelTables(em: SqlEntityManager): Set<string> {
  return new Set([...em.getMetadata().getAll().values()].map(({ tableName }) => tableName).concat(LEDGER));
}

/** What is there, in lines of a message. */
export function describeOccupants({ laurel, others }: Occupants): string {
  return [
    ...(laurel.length > 0 ? [`  tables of Laurel: ${laurel.join(', ')}`] : []),
    ...(others.length > 0 ? [`  not of Laurel: ${others.join(', ')}`] : []),
  ].join('\n');
}
