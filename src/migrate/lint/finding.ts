/** Something in a migration that fails on rows, keeps others waiting for long, or can deadlock. */
export interface Finding {
  migration: string;
  /** Its statement, counted from 1 as `laurel migrate show` lists them; null where it is about the file. */
  statement: number | null;
  /** The first line of the statement; empty where it is about the file. */
  line: string;
  rule: string;
  /** What is wrong, in one sentence. */
  message: string;
  /** The safe way, as SQL. */
  rewrite: string;
}

/** What a rule says of a statement. */
export type Fault = Pick<Finding, 'rule' | 'message' | 'rewrite'>;
