import type { Kind, Policy } from './policy.js';

/** Rows of one table in which one thing is wrong. */
export interface Finding {
  kind: Kind;
  table: string;
  /** Null where it is the row as a whole. */
  column: string | null;
  rows: number;
  /** Keys of the first of them, such as `id 3`. */
  samples: string[];
  policy: Policy;
}

/** How many keys a finding names. */
export const MAX_SAMPLES = 5;
