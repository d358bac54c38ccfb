import { textOfLiteral, withoutEscapes } from './mysql-literal.js';
import type { Default } from './mysql-table.js';

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/iu;

/** MariaDB: defaults are expressions, literals in quotes. */
export function mariaDbDefault(text: string | null): Default | null {
  if (text === null || text.toUpperCase() === 'NULL') {
    return null;
  }
  const value = NUMBER.test(text) ? text : textOfLiteral(text);
  return value === null ? { expression: text } : { value };
}

/** MySQL 8: defaults are bare values, but for those that are marked as expressions. */
export function mysqlDefault(text: string | null, dataType: string, extra: string): Default | null {
  if (text === null) {
    return null;
  }
  if (/\bDEFAULT_GENERATED\b/iu.test(extra)) {
    return { expression: withoutEscapes(text) };
  }
  if (/^current_timestamp(?:\(\d?\))?$/iu.test(text) || dataType === 'bit') {
    return { expression: text };
  }
  const [, hexadecimal] = /^(?:var)?binary$/u.test(dataType) ? (/^0x([\da-f]*)$/iu.exec(text) ?? []) : [];
  if (hexadecimal !== undefined) {
    return { expression: `X'${hexadecimal}'` };
  }
  // In the zone of whoever set it, which is not told: no value to rely on. As a literal it has no counterpart.
  return dataType === 'timestamp' && !text.startsWith('0000') ? { expression: `'${text}'` } : { value: text };
}
