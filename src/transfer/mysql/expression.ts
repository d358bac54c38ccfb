import { parse } from 'libpg-query';
import { literal, quoted } from '../identifier.js';
import { textOfLiteral } from './mysql-literal.js';
import { typedSql, type TypedColumn } from './typed-expression.js';

export interface Scope {
  columns: ReadonlyMap<string, TypedColumn>;
  /** The zone of times without one, where they are held as instants. */
  timeZone: string | undefined;
  /**
   * Whether texts may be compared: the source's collations take more as equal, as a rule, than PostgreSQL does. A
   * check is then stricter here; a value computed by it would be another one.
   */
  textCompares: boolean;
}

/** What an expression is to give: a condition, a value of a column, or anything that an index can hold. */
export type Wanted = { condition: true } | { column: TypedColumn } | { anything: true };

/** Character sets whose literals mean what they show; of the others only plain ASCII does. */
const UNICODE_INTRODUCERS = new Set(['_utf8mb4', '_utf8mb3', '_utf8']);

const TOKEN =
  /\s+|'(?:[^'\\]|''|\\[\s\S])*'|`(?:[^`]|``)*`|\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\p{L}\p{N}_$.])|[\p{L}_][\p{L}\p{N}_$]*|<=>|<>|!=|<=|>=|[-+*%=<>(),]/iuy;

/**
 * An expression of MySQL or MariaDB, as their catalogs print it, as one of PostgreSQL that gives the same. Its words
 * are spelled as PostgreSQL's, its parser says how they hang together, and only what is known to mean the same in
 * both, by operator, function and types, is taken.
 * @returns null where it is anything else
 */
export async function translated(expression: string, scope: Scope, wanted: Wanted): Promise<string | null> {
  const respelled = respell(expression);
  if (respelled === null) {
    return null;
  }
  try {
    const { stmts = [] } = (await parse(`select (${respelled})`)) as { stmts?: { stmt: unknown }[] };
    return stmts.length === 1 ? typedSql(stmts[0]!.stmt, scope, wanted) : null;
  } catch {
    // No expression of PostgreSQL: nothing that is known to have a counterpart.
    return null;
  }
}

/** The same tokens in PostgreSQL's spelling; null where one has none. */
function respell(expression: string): string | null {
  const result: string[] = [];
  let introducer: string | null = null;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.length) {
    const token = TOKEN.exec(expression)?.[0];
    if (token === undefined) {
      return null;
    }
    if (token.trim() === '') {
      continue;
    }
    if (token.startsWith("'")) {
      const text = textOfLiteral(token)!;
      if (introducer !== null && !UNICODE_INTRODUCERS.has(introducer) && !/^[ -~]*$/u.test(text)) {
        return null;
      }
      introducer = null;
      // A NUL is no character of PostgreSQL's.
      if (text.includes('\0')) {
        return null;
      }
      result.push(literal(text));
      continue;
    }
    if (introducer !== null) {
      return null;
    }
    if (token.startsWith('_')) {
      introducer = token.toLowerCase();
      continue;
    }
    result.push(respelledToken(token));
  }
  return introducer === null ? result.join(' ') : null;
}

function respelledToken(token: string): string {
  if (token.startsWith('`')) {
    return quoted(token.slice(1, -1).replaceAll('``', '`'));
  }
  switch (token.toLowerCase()) {
    case '<=>':
      return 'is not distinct from';
    case 'div':
      return '/';
    case 'mod':
      return '%';
    default:
      return token;
  }
}
