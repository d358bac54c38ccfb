import { HASH_DIGITS } from '../row-hash.js';
import { quotedHere } from './quoted.js';
import { isSummed } from '../table.js';
import type { MysqlTable } from './mysql-table.js';

/**
 * A query for MySQL and MariaDB that gives the checksum of a table, as row-hash.ts does on the other side: `rows_read`,
 * `hash`, and the sums, as text.
 * @returns null where its values have no text that both sides agree on: floating-point numbers
 */
export function mysqlChecksumSql(table: MysqlTable): string | null {
  const values: string[] = [];
  for (const index of table.columns.keys()) {
    const value = canonical(table, index);
    if (value === null) {
      return null;
    }
    values.push(table.columns[index]!.nullable ? `ifnull(${value}, '-')` : value);
  }
  const row = `concat(${values.join(", '|', ")})`;
  const hash = `cast(conv(left(md5(${row}), ${HASH_DIGITS}), 16, 10) as unsigned)`;
  const sums = table.columns
    .map((column, index) => (isSummed(column) ? `cast(ifnull(sum(${table.select[index]!}), 0) as char)` : null))
    .filter((sum) => sum !== null);
  const selected = ['cast(count(*) as char)', `cast(ifnull(sum(${hash}), 0) as char)`, ...sums];
  return `select ${selected.join(', ')} from ${quotedHere(table.name)}`;
}

function canonical({ columns, select }: MysqlTable, index: number): string | null {
  const { kind, narrowCharset, sourceType, nullable } = columns[index]!;
  const value = select[index]!;
  switch (kind) {
    case 'real':
    case 'double':
      return null;
    case 'text':
    case 'enum':
    case 'json':
    case 'other': {
      // As bytes: columns of several character sets and collations do not mix otherwise.
      const bytes = `cast(${narrowCharset === undefined ? value : `convert(${value} using utf8mb4)`} as binary)`;
      return `concat(length(${bytes}), ':', ${bytes})`;
    }
    case 'bytes':
      return `lower(hex(${value}))`;
    case 'set':
      return `cast(convert(${value} using utf8mb4) as binary)`;
    case 'timestamp':
    case 'instant':
    case 'time':
      // With digits behind the point, the last zeros are there too, which PostgreSQL leaves out.
      return /\([1-6]\)/.test(sourceType)
        ? `trim(trailing '.' from trim(trailing '0' from cast(${value} as char)))`
        : asText(value, nullable);
    default:
      return asText(value, nullable);
  }
}

/** `concat` makes texts by itself, and faster; beside the text for NULL a value has to be one before. */
function asText(value: string, nullable: boolean): string {
  return nullable ? `cast(${value} as char)` : value;
}
