import { literal } from '../identifier.js';
import { translated } from './expression.js';
import type { MysqlColumn } from './mysql-table.js';
import { isDay, isMoment, isTimeOfDay } from './typed-expression.js';

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/iu;
const NOW = /^\(*(?:current_timestamp|now|localtime|localtimestamp)(?:\(\d?\))?\)*$/iu;
const TODAY = /^\(*(?:curdate\(\)|current_date(?:\(\))?)\)*$/iu;
const TIME_NOW = /^\(*(?:curtime|current_time)(?:\(\d?\))?\)*$/iu;
const NEW_UUID = /^\(*uuid\(\)\)*$/iu;
const NEW_UUID_BYTES = /^\(*uuid_to_bin\(uuid\(\)\)\)*$/iu;
const BITS = /^b'([01]*)'$/iu;
const BYTES = /^x'((?:[\da-f]{2})*)'$/iu;

/**
 * The default of a column as SQL.
 * @returns null where it has no counterpart
 */
export async function defaultSql(column: MysqlColumn, timeZone: string | undefined): Promise<string | null> {
  if (column.default === null) {
    return null;
  }
  if ('value' in column.default) {
    return valueSql(column, column.default.value, timeZone);
  }
  const { expression } = column.default;
  const known = expressionSql(column, expression, timeZone);
  return known ?? (await translated(expression, { columns: new Map(), timeZone, textCompares: false }, { column }));
}

function expressionSql(column: MysqlColumn, expression: string, timeZone: string | undefined): string | null {
  switch (column.kind) {
    case 'instant':
      return NOW.test(expression) ? 'now()' : null;
    case 'timestamp':
      return NOW.test(expression) ? (timeZone === undefined ? 'localtimestamp' : 'now()') : null;
    case 'date':
      return TODAY.test(expression) || NOW.test(expression) ? 'current_date' : null;
    case 'time':
      return TIME_NOW.test(expression) ? 'localtime' : null;
    case 'uuid':
      return NEW_UUID.test(expression) ? 'gen_random_uuid()' : null;
    case 'text':
      return NEW_UUID.test(expression) && (column.maxLength ?? Infinity) >= 36 ? 'gen_random_uuid()::text' : null;
    case 'bits': {
      const [, digits] = BITS.exec(expression) ?? [];
      return digits === undefined ? null : bitsSql(digits, column);
    }
    case 'bytes': {
      if (NEW_UUID_BYTES.test(expression)) {
        return 'uuid_send(gen_random_uuid())';
      }
      const [, hexadecimal] = BYTES.exec(expression) ?? [];
      return hexadecimal === undefined ? null : bytesSql(Buffer.from(hexadecimal, 'hex'), column);
    }
    default:
      return null;
  }
}

function valueSql(column: MysqlColumn, value: string, timeZone: string | undefined): string | null {
  switch (column.kind) {
    case 'integer':
    case 'decimal':
    case 'real':
    case 'double':
      return NUMBER.test(value) ? value : null;
    case 'boolean':
      return value === '0' ? 'false' : value === '1' ? 'true' : null;
    case 'enum':
      return column.members!.includes(value) ? literal(value) : null;
    case 'set': {
      const chosen = value === '' ? [] : value.split(',');
      return chosen.every((member) => column.members!.includes(member))
        ? `array[${chosen.map(literal).join(', ')}]::text[]`
        : null;
    }
    case 'date':
      return isDay(value) ? literal(value) : null;
    case 'timestamp':
      if (!isMoment(value)) {
        return null;
      }
      return timeZone === undefined
        ? literal(value)
        : `(timestamp ${literal(value)} at time zone ${literal(timeZone)})`;
    case 'instant':
      return isMoment(value) ? literal(`${value}+00`) : null;
    case 'time':
      return isTimeOfDay(value) ? literal(value) : null;
    case 'bits':
      return /^\d+$/u.test(value) ? bitsSql(BigInt(value).toString(2), column) : null;
    case 'bytes':
      // The catalog tells text: of other bytes it would have made question marks.
      return /^[\0-\u007F]*$/u.test(value) ? bytesSql(Buffer.from(value, 'latin1'), column) : null;
    default:
      return value.includes('\0') ? null : literal(value);
  }
}

function bitsSql(digits: string, { maxLength = 1 }: MysqlColumn): string {
  return `B'${digits.slice(-maxLength).padStart(maxLength, '0')}'`;
}

/** Values of a fixed length have NUL bytes up to it. */
function bytesSql(bytes: Buffer, { sourceType }: MysqlColumn): string {
  const [, length] = /^binary\((\d+)\)$/u.exec(sourceType) ?? [];
  const missing = Math.max(Number(length ?? 0) - bytes.length, 0);
  return `'\\x${bytes.toString('hex')}${'00'.repeat(missing)}'::bytea`;
}
