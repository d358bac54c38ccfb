import { literal, quoted } from '../identifier.js';
import { translated } from './expression.js';
import type { MysqlCheck, MysqlColumn, MysqlTable } from './mysql-table.js';

/** What the type of a column there allows and the type here does not hold back; null where the types say the same. */
export function typeCondition(column: MysqlColumn): string | null {
  const name = quoted(column.name);
  const members = (column.members ?? []).map(literal).join(', ');
  if (column.kind === 'enum') {
    return column.enumType === null ? `${name} in (${members})` : null;
  }
  if (column.kind === 'set') {
    return `${name} <@ array[${members}]::text[]`;
  }
  if (column.sourceType.startsWith('year')) {
    return `${name} = 0 or ${name} between 1901 and 2155`;
  }
  if (!column.unsigned) {
    return null;
  }
  return column.type === 'numeric(20)' ? `${name} between 0 and ${column.range!.max}` : `${name} >= 0`;
}

/**
 * A check of the source as a condition here.
 * @returns null where it has no counterpart
 */
export async function checkCondition(
  { clause }: MysqlCheck,
  { columns }: MysqlTable,
  timeZone: string | undefined,
): Promise<string | null> {
  if (clause === null) {
    return null;
  }
  const scope = { columns: new Map(columns.map((column) => [column.name, column])), timeZone, textCompares: true };
  return await translated(clause, scope, { condition: true });
}
