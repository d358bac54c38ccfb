import { quoted } from '../identifier.js';
import { translated } from './expression.js';
import type { MysqlIndex, MysqlIndexPart, MysqlTable } from './mysql-table.js';

/** Characters of a text that fit into an index here, whatever they are. */
const INDEXED_CHARACTERS = 600;

/** How the parts of an index are written here, or why they cannot be. */
export type IndexParts = { parts: string[]; ofColumns: boolean } | { why: string };

/** The parts of an index. `ofColumns`: they are whole columns in rising order, so that it can be a constraint. */
export async function indexParts(
  index: MysqlIndex,
  table: MysqlTable,
  timeZone: string | undefined,
): Promise<IndexParts> {
  if (index.method !== 'BTREE' && index.method !== 'HASH') {
    return { why: `the index ${index.name} is of the kind ${index.method}` };
  }
  const parts: string[] = [];
  for (const part of index.parts) {
    const sql = await partSql(part, index.unique, table, timeZone);
    if (sql === null) {
      const what = part.column ?? part.expression;
      return { why: `the ${index.unique ? 'unique ' : ''}index ${index.name} over ${what} has no counterpart` };
    }
    parts.push(part.descending ? `${sql} desc` : sql);
  }
  const ofColumns = index.parts.every(
    ({ column, prefix, descending }) => column !== null && prefix === null && !descending,
  );
  return { parts, ofColumns };
}

async function partSql(
  { column: name, expression, prefix }: MysqlIndexPart,
  unique: boolean,
  { columns }: MysqlTable,
  timeZone: string | undefined,
): Promise<string | null> {
  if (name === null) {
    const scope = { columns: new Map(columns.map((column) => [column.name, column])), timeZone, textCompares: false };
    const sql = await translated(expression ?? '', scope, { anything: true });
    return sql === null ? null : `(${sql})`;
  }
  const column = columns.find((each) => each.name === name)!;
  const sql = quoted(name);
  const fits = (column.maxLength ?? Infinity) <= INDEXED_CHARACTERS;
  switch (column.kind) {
    case 'json':
      return prefix === null ? null : `"left"(${sql}::text, ${prefix})`;
    case 'text':
      // Beyond the prefix values may be equal in a unique index; in another the whole column serves more queries.
      if (prefix !== null && (unique || !fits)) {
        return `"left"(${sql}, ${prefix})`;
      }
      return column.type === 'text' ? null : sql;
    case 'bytes':
      if (prefix !== null) {
        return `substr(${sql}, 1, ${prefix})`;
      }
      return column.sourceType.includes('blob') ? null : sql;
    default:
      return sql;
  }
}
