import { quoted } from '../identifier.js';
import type { Target } from '../target.js';

interface Definition {
  table: string;
  name: string;
  definition: string;
}

/**
 * Fills empty tables without their keys and indexes, which are made again afterwards under their names: checking each
 * row takes three times as long. Their readers wait until the transaction ends. The role has to own the tables.
 * @param tables names of tables of Laurel; none of their keys may be referred to by others than these tables
 */
export async function withoutKeys(target: Target, tables: readonly string[], work: () => Promise<void>): Promise<void> {
  const regclasses = tables.map((table) => `'${quoted(table)}'::regclass`).join(', ');
  // Foreign keys first to go, and last to come back.
  const constraints = await target.query<Definition>(
    `select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition
      from pg_constraint where conrelid in (${regclasses}) and contype in ('p', 'u', 'f')
      order by contype <> 'f', conrelid::regclass::text, conname`,
  );
  const indexes = await target.query<Definition>(
    `select i.indrelid::regclass::text as table, i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
      from pg_index i where i.indrelid in (${regclasses})
        and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.conrelid = i.indrelid)
      order by i.indexrelid::regclass::text`,
  );
  for (const { table, name } of constraints) {
    await target.query(`alter table ${table} drop constraint ${quoted(name)}`);
  }
  for (const { name } of indexes) {
    await target.query(`drop index ${name}`);
  }
  await work();
  for (const { definition } of indexes) {
    await target.query(definition);
  }
  for (const { table, name, definition } of constraints.toReversed()) {
    await target.query(`alter table ${table} add constraint ${quoted(name)} ${definition}`);
  }
}
