import { type ParsedStatement, parseSql } from '../../migrate/parsed-sql.js';
import { connectionOf } from '../backup/connection.js';
import { runProgram } from '../backup/program.js';
import { TransferError } from '../errors.js';
import { quoted } from '../identifier.js';
import type { Named } from './requirements.js';

/** What belongs to a server and not to a table. */
const NOT_CARRIED = ['--no-owner', '--no-acl', '--no-tablespaces', '--no-publications', '--no-security-labels'];

/** Statements that set the session up for the others, and those of whole schemas. */
const FRAME = new Set(['VariableSetStmt', 'SelectStmt', 'CreateSchemaStmt']);

/**
 * What pg_dump writes of definitions, statement by statement.
 * @param section `pre-data` for tables, `post-data` for keys and what is made after the load
 * @param chosen tables and sequences
 * @throws TransferError where it fails
 */
export function dumpedRelations(
  url: string,
  section: 'pre-data' | 'post-data',
  chosen: readonly Named[],
): Promise<ParsedStatement[]> {
  return dumped(url, [
    `--section=${section}`,
    '--strict-names',
    ...chosen.map((named) => `--table=${patternOf(named)}`),
  ]);
}

/** Likewise of everything in schemas that is no table, view or sequence. */
export function dumpedWithoutRelations(url: string, schemas: Iterable<string>): Promise<ParsedStatement[]> {
  const chosen = [...schemas].map((schema) => `--schema=${quoted(schema)}`);
  return dumped(url, ['--section=pre-data', '--strict-names', ...chosen, '--exclude-table=*.*']);
}

async function dumped(databaseUrl: string, words: readonly string[]): Promise<ParsedStatement[]> {
  const { url, environment } = connectionOf(databaseUrl, 'laurel transfer');
  const all = ['--schema-only', ...NOT_CARRIED, ...words, url];
  const { code, output, complaint } = await runProgram('pg_dump', all, { environment });
  if (code !== 0) {
    throw new TransferError(`pg_dump could not read the definitions of the source. Nothing was changed.\n${complaint}`);
  }
  const statements = await parseSql(withoutGuard(output));
  return statements.filter(({ node }) => Object.keys(node).every((kind) => !FRAME.has(kind)));
}

/** Newer ones tell psql by a word of their own that what is between these lines is no command of psql's. */
function withoutGuard(script: string): string {
  const [line, word] = /^\\restrict (\w+)$/m.exec(script) ?? [];
  return line === undefined
    ? script
    : script.replace(line, '').replace(new RegExp(`^\\\\unrestrict ${word}$`, 'm'), '');
}

/** What is within quotes stands for itself. */
function patternOf({ schema, name }: Named): string {
  return `${quoted(schema)}.${quoted(name)}`;
}
