import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { LEDGER } from './ledger-name.js';
import { restoredDefinition } from './restored-definition.js';

/** Something in a schema, as PostgreSQL's catalogs describe it. */
export interface CatalogObject {
  /** The table that it belongs to; null where it belongs to none. */
  table: string | null;
  /** E.g. `table`, `column`, `foreign key`, `index`, `function`. */
  kind: string;
  name: string;
  /** What there is to know of it, in PostgreSQL's words, e.g. `type`: `character varying(100)`. */
  properties: Record<string, string>;
}

/**
 * All that migrations can make in the current schema, in one order. Left out are the ledger, what belongs to an
 * extension, the order of columns, privileges, comments and storage settings; NOT NULL is told with its column, because
 * PostgreSQL has it among the constraints only from version 18 on.
 */
export async function describeCatalog(em: SqlEntityManager): Promise<CatalogObject[]> {
  const objects = await query(
    em,
    sql<CatalogObject>`
      with schema as (select oid from pg_namespace where nspname = current_schema()),
      of_extensions as (select classid, objid from pg_depend where deptype = 'e'),
      relations as (
        select c.oid, c.relname, c.relkind from pg_class c
        where c.relnamespace = (select oid from schema) and c.relname <> ${LEDGER}
          and ('pg_class'::regclass, c.oid) not in (select classid, objid from of_extensions)
      ),
      tables as (select oid, relname from relations where relkind in ('r', 'p')),
      objects as (
        select relname::text as "table", 'table' as kind, relname::text as name, '{}'::jsonb as properties from tables

        union all
        select relname, case relkind when 'm' then 'materialized view' else 'view' end, relname,
          jsonb_build_object('definition', pg_get_viewdef(oid))
        from relations where relkind in ('v', 'm')

        union all
        select t.relname, 'column', a.attname, jsonb_build_object(
          'type', format_type(a.atttypid, a.atttypmod),
          'NULL', case when a.attnotnull then 'refused' else 'allowed' end,
          'collation', l.collname,
          'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
          'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
          'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end
        )
        from tables t
        join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
        join pg_type y on y.oid = a.atttypid
        left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
        left join pg_collation l on l.oid = a.attcollation and a.attcollation <> y.typcollation

        union all
        select t.relname, k.kind, c.conname, jsonb_build_object('definition', pg_get_constraintdef(c.oid))
        from tables t
        join pg_constraint c on c.conrelid = t.oid
        join (values ('p', 'primary key'), ('f', 'foreign key'), ('u', 'unique constraint'), ('c', 'check'),
          ('x', 'exclusion constraint')) as k (type, kind) on k.type = c.contype::text

        union all
        select t.relname, 'index', i.indexrelid::regclass::text, jsonb_build_object(
          -- Pretty, because only then is the table named without its schema.
          'definition', pg_get_indexdef(i.indexrelid, 0, true),
          'state', case when i.indisvalid and i.indisready then 'valid' else 'not valid' end
        )
        from tables t
        join pg_index i on i.indrelid = t.oid
        where not exists (
          select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x')
        )

        union all
        select t.relname, 'trigger', g.tgname, jsonb_build_object(
          'definition', pg_get_triggerdef(g.oid, true),
          'state', case g.tgenabled when 'O' then 'enabled' when 'D' then 'disabled' when 'R' then 'enabled on replicas'
            else 'enabled always' end
        )
        from tables t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal

        union all
        select t.relname, 'sequence', s.relname, jsonb_build_object(
          'type', format_type(q.seqtypid, null), 'start', q.seqstart::text, 'increment', q.seqincrement::text,
          'owner', t.relname || '.' || a.attname
        )
        from relations s
        join pg_sequence q on q.seqrelid = s.oid
        left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid
          and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
        left join tables t on t.oid = d.refobjid
        left join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
        -- Of the ledger's own, the table is left out above.
        where d.refobjid is null or t.oid is not null

        union all
        select null, 'function', format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
          jsonb_build_object(
            'arguments', pg_get_function_arguments(p.oid), 'result', pg_get_function_result(p.oid),
            'body', coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), 'language', l.lanname,
            'volatility', case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
            'on NULL', case when p.proisstrict then 'not called' else 'called' end,
            'settings', array_to_string(p.proconfig, ', ')
          )
        from pg_proc p join pg_language l on l.oid = p.prolang
        where p.pronamespace = (select oid from schema) and p.prokind in ('f', 'p')
          and ('pg_proc'::regclass, p.oid) not in (select classid, objid from of_extensions)

        union all
        select null, 'enum', y.typname,
          jsonb_build_object('values', (select string_agg(e.enumlabel, ', ' order by e.enumsortorder)
            from pg_enum e where e.enumtypid = y.oid))
        from pg_type y
        where y.typnamespace = (select oid from schema) and y.typtype = 'e'
          and ('pg_type'::regclass, y.oid) not in (select classid, objid from of_extensions)

        union all
        select null, 'extension', extname, '{}' from pg_extension where extname <> 'plpgsql'
      )
      select "table", kind, name, jsonb_strip_nulls(properties) as properties from objects
      order by "table" collate "C", kind collate "C", name collate "C"`,
  );
  return objects.map((object) => {
    const { definition, ...others } = object.properties;
    return definition === undefined
      ? object
      : { ...object, properties: { ...others, definition: restoredDefinition(definition) } };
  });
}
