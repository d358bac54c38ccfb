import type { Column, ForeignKey, Table } from '../table.js';

/** The default of a column: a value as it stands, or an expression in the source's own SQL. */
export type Default = { value: string } | { expression: string };

/** A column as the catalog of MySQL or MariaDB tells it. */
export interface MysqlColumn extends Column {
  /** Enums: the name of the type made for it; null where its members are too long for one. */
  enumType: string | null;
  unsigned: boolean;
  default: Default | null;
  autoIncrement: boolean;
  /** `on update current_timestamp`. */
  updatesItself: boolean;
  /** What a generated column is computed from, in the source's own SQL; `generated` where that has a counterpart. */
  generation: string | null;
  comment: string;
  /** Why the type has no counterpart, where it has none: the values come as they are. */
  unsupported: string | null;
}

/** One part of an index: a column, the first characters of one, or an expression in the source's own SQL. */
export interface MysqlIndexPart {
  column: string | null;
  expression: string | null;
  /** Characters (bytes of a blob); null for all of them. */
  prefix: number | null;
  descending: boolean;
}

/** An index other than the primary key. */
export interface MysqlIndex {
  name: string;
  unique: boolean;
  /** As the source calls it: BTREE, HASH, FULLTEXT, SPATIAL. */
  method: string;
  parts: MysqlIndexPart[];
}

export interface MysqlForeignKey extends ForeignKey {
  onUpdate: string;
  onDelete: string;
}

/** A check, in the source's own SQL. */
export interface MysqlCheck {
  name: string;
  /** The column whose definition it is part of; null where it is the table's. */
  column: string | null;
  /** Null where the source's catalog gives it cut off. */
  clause: string | null;
  enforced: boolean;
}

/** A table of MySQL or MariaDB: what is read of it, and all that its catalog knows of it. */
export interface MysqlTable extends Table {
  columns: MysqlColumn[];
  /** For each column the SQL that gives its value as text, as its kind says. */
  select: string[];
  engine: string | null;
  /** The source's own guess. */
  estimatedRows: number;
  comment: string;
  /** What the next row would get; null without such a column. */
  autoIncrement: bigint | null;
  partitioned: boolean;
  /** MariaDB: old versions of rows are kept beside them. */
  versioned: boolean;
  foreignKeys: MysqlForeignKey[];
  /** Foreign keys to tables that are not among those read: `database.table` where it is another database. */
  outsideKeys: { name: string; table: string }[];
  indexes: MysqlIndex[];
  checks: MysqlCheck[];
}
