import type { ForeignKey } from './table.js';

/** What no two rows may have in common. */
export interface Unique {
  name: string;
  /** SQL of its parts, columns or expressions of columns. */
  parts: readonly string[];
  /** SQL of the rows that it is for; undefined for all. */
  where?: string | undefined;
  /** Whether NULLs are equal to each other. */
  nullsEqual?: boolean | undefined;
}

/** What rows have to be for the table that they go to. */
export interface Rules {
  /** The primary key first, where there is one. */
  uniques: Unique[];
  foreignKeys: ForeignKey[];
  /** Conditions that no row may break, with the columns that they are about; none where that is not known. */
  checks: { name: string; condition: string; columns: string[] }[];
}

/** Something in a definition that has no counterpart: the plain definition leaves it out. */
export interface Problem {
  table: string;
  /** Null where it is the table as a whole. */
  column: string | null;
  what: string;
}

/** What PostgreSQL runs for one table that is not there yet; all of it in the first schema of the search path. */
export interface NewTable {
  name: string;
  /** Types of its own, the table without keys, its comments: before the load. */
  create: string[];
  /** Primary key, uniques, checks and indexes: after the load. */
  keys: string[];
  /** Foreign keys: after the keys of all tables. */
  references: string[];
  /** What `keys` and `references` hold rows to, so that those can be counted that are in their way. */
  rules: Rules;
  /** Its rows go into its partitions. */
  partitioned?: boolean;
  /** Identity columns, and what the source would give the next row. */
  sequences: { column: string; next: bigint }[];
  problems: Problem[];
}
