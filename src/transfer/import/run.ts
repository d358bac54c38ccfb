import type { CopiedTable } from '../copy-table.js';
import type { Problems } from '../problems.js';
import type { Rejects } from '../rejects.js';
import type { Target } from '../target.js';
import type { Audit, ImportReport, NotCarried, TableReport } from './report.js';

/** What a run is at. */
export interface Progress {
  phase: 'copying' | 'checking' | 'writing' | 'keys' | 'comparing';
  table: string;
  /** Of the copying: rows so far, and how many there will be by the source's own guess; undefined where it has none. */
  rows?: number;
  estimatedRows?: number | undefined;
  /** The copying of the table is through. */
  copied?: true;
}

/** What everything in a run works with. */
export interface Run {
  mode: ImportReport['mode'];
  target: Target;
  problems: Problems;
  rejects: Rejects;
  /** IANA zone of the source's times without one; undefined where it was not said. */
  timeZone: string | undefined;
  dryRun: boolean;
  signal: AbortSignal | undefined;
  onProgress: (progress: Progress) => void;
  /** What people are to know of the run and is no fault; added to by whoever sees it. */
  notes: string[];
}

/** What was moved, in the transaction that is still open. */
export interface Moved {
  tables: TableReport[];
  audits: Audit[];
  sequences: ImportReport['sequences'];
}

/** One way to move a source: an old service's into Laurel's tables, or tables as they are. */
export interface Mover {
  mode: ImportReport['mode'];
  /** The source's names of what is moved. */
  tables: readonly string[];
  /** The tables here that rows go to. */
  filled: readonly string[];
  notCarried: readonly NotCarried[];
  /** What people are to know of the source and is no fault. */
  notes?: readonly string[];
  /** Refuses what cannot work, before anything is read. */
  prepare?(run: Run): Promise<void>;
  /** Reads, checks, and writes unless something was found to fail for. */
  move(run: Run): Promise<Moved>;
}

/** A table that was copied, and how long that took. */
export interface TimedCopy extends CopiedTable {
  seconds: number;
}

/** Adds to a copied table how long it took. @param copying under way since now */
export async function timed(copying: Promise<CopiedTable>): Promise<TimedCopy> {
  const started = performance.now();
  const copied = await copying;
  return { ...copied, seconds: Math.round(performance.now() - started) / 1000 };
}

/** What is known of a table that was copied, before anything was written: a dry run, or findings to fail for. */
export function readOnly(table: string, copied: TimedCopy, { problems }: Run): TableReport {
  return {
    table,
    read: Number(copied.read),
    written: 0,
    merged: 0,
    updated: 0,
    rejected: problems.rejectedFrom(table),
    removed: 0,
    copySeconds: copied.seconds,
    comparisons: [],
  };
}
