import { scan, type ScanToken } from 'libpg-query';
import { literal } from '../identifier.js';

/**
 * A statement of pg_dump without these schemas in front of names: it makes and finds what it names in the search path.
 * The names of a table's columns are never led by a schema alone there.
 */
export async function withoutSchemas(statement: string, schemas: ReadonlySet<string>): Promise<string> {
  const { tokens } = await scan(statement);
  const bytes = Buffer.from(statement);
  let result = '';
  let end = 0;
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (isQualifier(tokens, index) && schemas.has(nameOf(token.text))) {
      result += bytes.subarray(end, token.start).toString();
      end = next!.end;
    } else if (
      token.text.startsWith("'") &&
      next?.text === '::' &&
      tokens[index + 2]?.text.startsWith('reg') === true
    ) {
      // A name as a value, such as that of a sequence in a default.
      const named = token.text.slice(1, -1).replaceAll("''", "'");
      result += bytes.subarray(end, token.start).toString() + literal(await withoutSchemas(named, schemas));
      end = token.end;
    }
  }
  return result + bytes.subarray(end).toString();
}

/** Whether a name is in front of another, and not in front of all columns of a table. */
function isQualifier(tokens: readonly ScanToken[], index: number): boolean {
  return tokens[index + 1]?.text === '.' && tokens[index - 1]?.text !== '.' && tokens[index + 2]?.text !== '*';
}

function nameOf(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}
