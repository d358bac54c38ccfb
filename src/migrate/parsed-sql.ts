import { parse } from 'libpg-query';
import { MigrationError } from './errors.js';

/** A statement as PostgreSQL's own parser sees it: one key, the kind of the node (parsenodes.h), and what it has. */
export interface ParsedStatement {
  node: Record<string, unknown>;
  /** Its text, without the semicolon. */
  text: string;
}

/**
 * Parses SQL with PostgreSQL's parser.
 * @throws MigrationError with the parser's words
 */
export async function parseSql(text: string): Promise<ParsedStatement[]> {
  if (text.trim() === '') {
    return [];
  }
  try {
    const { stmts = [] } = (await parse(text)) as {
      stmts?: { stmt: Record<string, unknown>; stmt_location?: number; stmt_len?: number }[];
    };
    const bytes = Buffer.from(text);
    return stmts.map(({ stmt, stmt_location: from = 0, stmt_len: length }) => ({
      node: stmt,
      text: bytes
        .subarray(from, length === undefined ? undefined : from + length)
        .toString()
        .trim(),
    }));
  } catch (error) {
    throw new MigrationError(`PostgreSQL's parser refuses ${text.trim().slice(0, 200)}: ${String(error)}`);
  }
}
