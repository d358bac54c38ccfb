import { translated } from './expression.js';
import type { MysqlColumn, MysqlTable } from './mysql-table.js';

/** What a generated column is computed from here; null where it is none, or cannot be computed. */
export async function generationOf(
  column: MysqlColumn,
  { columns }: MysqlTable,
  timeZone: string | undefined,
): Promise<string | null> {
  if (column.generation === null) {
    return null;
  }
  // A generated column cannot refer to another one here.
  const plain = columns.filter(({ generation }) => generation === null);
  const scope = { columns: new Map(plain.map((each) => [each.name, each])), timeZone, textCompares: false };
  return await translated(column.generation, scope, { column });
}
