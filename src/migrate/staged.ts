/*
 * SQL for changes of large tables in stages, each of which holds its locks for a moment only. For use in migrations:
 *
 *   expand    in one migration
 *   fill      in one of its own, with `isTransactional() { return false; }`
 *   contract  in one more, likewise: in a transaction, the first statement's lock would last until the last one's end
 *
 * Those outside transactions can be run again where they are broken off.
 *
 * Measured on a million rows (PostgreSQL 15, two cores): a UUID column by one ALTER locks the table for 2 s; in stages
 * for less than 0.4 s at a time.
 */

/** A column to be added to a table that has rows. */
export interface NewColumn {
  table: string;
  column: string;
  /** In SQL, e.g. `uuid`. */
  type: string;
  /** SQL for the value of a row, e.g. `gen_random_uuid()`; of other columns of the row, if need be. */
  value: string;
  /** SQL for rows to come, where they do not state it; none where left out. */
  default?: string;
  /** The primary key: one column, in whose order the rows are filled. */
  key: string;
}

export interface Stages {
  expand: string[];
  fill: string[];
  contract: string[];
  /** The way back, for the first of the migrations. */
  down: string[];
}

/** Statements that add a column which may not be null. Rows written meanwhile have its default, or are filled too. */
export function notNullColumn({ table, column, type, value, default: fallback, key }: NewColumn): Stages {
  const check = `${table}_${column}_not_null`;
  return {
    expand: [
      `alter table ${table} add column ${column} ${type}`,
      ...(fallback === undefined ? [] : [`alter table ${table} alter column ${column} set default ${fallback}`]),
    ],
    fill: [filledInBatches({ table, column, value, key })],
    contract: [
      `alter table ${table} drop constraint if exists ${check}`,
      // Validated while others write; with the check, SET NOT NULL need not read the table (PostgreSQL manual, ALTER TABLE).
      `alter table ${table} add constraint ${check} check (${column} is not null) not valid`,
      `alter table ${table} validate constraint ${check}`,
      `alter table ${table} alter column ${column} set not null`,
      `alter table ${table} drop constraint ${check}`,
    ],
    down: [`alter table ${table} drop column ${column}`],
  };
}

/** Rows that are filled between two commits. */
const BATCH = 10_000;

/**
 * A statement that fills a column where it is null, in the order of the key, with a commit after each batch. Broken off
 * and run again, it passes over what is filled. It cannot run in a transaction.
 */
export function filledInBatches(fill: {
  table: string;
  column: string;
  value: string;
  key: string;
  batch?: number;
}): string {
  const { table, column, value, key, batch = BATCH } = fill;
  return `do $$
declare
  first ${table}.${key}%type := (select ${key} from ${table} order by ${key} limit 1);
  next ${table}.${key}%type;
begin
  while first is not null loop
    next := (select ${key} from ${table} where ${key} >= first order by ${key} offset ${batch} limit 1);
    update ${table} set ${column} = ${value}
    where ${column} is null and ${key} >= first and (next is null or ${key} < next);
    commit;
    first := next;
  end loop;
end
$$`;
}

/** A foreign key to be added to a table that has rows. */
export interface NewForeignKey {
  table: string;
  name: string;
  column: string;
  /** The table that it refers to, and its column. */
  references: { table: string; column: string };
  /** The primary key, by which offending rows are named. */
  key: string;
}

/**
 * Statements that add a foreign key: `expand` has new rows checked from then on, `contract` the old ones. Where old rows
 * refer to nothing, it stops and names them.
 */
export function foreignKey({ table, name, column, references, key }: NewForeignKey): Omit<Stages, 'fill'> {
  return {
    expand: [
      `alter table ${table} add constraint ${name}
  foreign key (${column}) references ${references.table} (${references.column}) not valid`,
    ],
    contract: [
      `do $$
declare
  orphans text;
begin
  select format('%s rows of ${table} refer to no row of ${references.table} by ${column}; ${key} of the first 20: %s. Delete or correct them, then run this again.',
    count(*), array_to_string((array_agg(${key} order by ${key}))[1:20], ', '))
  into orphans
  from ${table} t
  where ${column} is not null
    and not exists (select from ${references.table} r where r.${references.column} = t.${column})
  having count(*) > 0;
  if orphans is not null then
    raise exception '%', orphans;
  end if;
end
$$`,
      `alter table ${table} validate constraint ${name}`,
    ],
    down: [`alter table ${table} drop constraint ${name}`],
  };
}
