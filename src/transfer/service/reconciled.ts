import type { TableComparison } from './compare-tables.js';

/** What became of the rows of a table of the source. Read is written and merged. */
export interface Count {
  /** The source's name of it. */
  table: string;
  /** Staged rows, after the checks. */
  read: number;
  /** New rows in Laurel. */
  written: number;
  /** Rows that Laurel had already. */
  merged: number;
  /** Of these, rows that took the place of what Laurel had. */
  updated: number;
}

/** A table of the source beside what Laurel has of it. */
export interface ReconciledTable extends Count, TableComparison {}

/** Something that must hold in Laurel after a conversion. */
export interface Audit {
  what: string;
  /** Rows, or other things, for which it does not. */
  wrong: number;
}
