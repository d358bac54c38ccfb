import type { Finding } from '../finding.js';

/** Rows and a hash of all their columns, as text; see checksum.ts. */
export interface Sum {
  rows: string;
  hash: string;
}

/** Two places in which the same rows must be. */
export interface Comparison {
  /** For people: `source and arrived`. */
  between: string;
  expected: Sum;
  found: Sum;
  /** Of the columns of numbers, where both sides have added them up. */
  sums: { column: string; expected: string; found: string }[];
  equal: boolean;
}

/** A table of the source, and what became of its rows: read is written, merged, rejected and removed. */
export interface TableReport {
  /** The source's name of it. */
  table: string;
  read: number;
  /** New rows. */
  written: number;
  /** Rows that were there already. */
  merged: number;
  /** Of these, rows that took the place of what was there. */
  updated: number;
  /** Rows that were left out, and are in the files of rejected rows. */
  rejected: number;
  /** Rows that a repair made one with others: duplicates, the second direction of a friendship. */
  removed: number;
  /** How long the copying took: from the first row that was read until the last was taken. */
  copySeconds: number;
  comparisons: Comparison[];
}

/** Something that must hold afterwards. */
export interface Audit {
  what: string;
  /** For how many rows, or other things, it does not. */
  wrong: number;
}

/** What of the source is not carried over. */
export interface NotCarried {
  /** Such as `view ranking` or `users.notes`. */
  name: string;
  why: string;
}

export type Outcome =
  /** All is there, proven and committed. */
  | 'done'
  /** A dry run that found nothing to fail for. */
  | 'checked'
  /** Something was found that the run ends for: nothing was changed. */
  | 'findings'
  /** The two sides differ: nothing was changed. */
  | 'differs';

/** What a run found and did. */
export interface ImportReport {
  source: string;
  target: string;
  mode: 'game' | 'staff' | 'community' | 'tables';
  dryRun: boolean;
  outcome: Outcome;
  startedAt: string;
  seconds: number;
  tables: TableReport[];
  findings: Finding[];
  audits: Audit[];
  /** Where sequences stand: the number that was given last. */
  sequences: { name: string; last: string }[];
  notCarried: NotCarried[];
  /** What people are to know and is no fault. */
  notes: string[];
  /** Files of rejected rows, and of those that the run ended for. */
  rejects: string[];
}
