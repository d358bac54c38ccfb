import type { Kind, Policy } from '../policy.js';
import type { Column, Value } from '../table.js';
import type { TimeGaps } from '../time-gaps.js';
import { booleanCodec } from './boolean.js';
import { bytesCodec } from './bytes.js';
import type { CopyBuffer } from './copy-buffer.js';
import {
  dateCodec,
  instantCodec,
  offsetCodec,
  timeCodec,
  timestampCodec,
  withFraction,
  withOwnOffset,
  zonedTimestampCodec,
} from './date-time.js';
import { enumCodec, setCodec } from './members.js';
import { bitsCodec, decimalCodec, doubleCodec, exactCodec, integerCodec, realCodec } from './number.js';
import { jsonCodec, textCodec, uuidCodec, withLength } from './text.js';

/** How the values of one column are checked, written and compared. */
export interface Codec {
  /**
   * Writes a value as PostgreSQL is to read it.
   * @returns what is wrong with it, where it cannot be written as it is: then what was written is to be undone
   */
  write(value: Buffer, to: CopyBuffer): Kind | undefined;
  /** A value in which something is wrong as the policy wants it; it may be wrong in another way still. */
  repair(value: Buffer, kind: Kind, policy: Policy): Value;
  /** The text that row-hash.ts has for the value, in UTF-8. Only for values that can be written. */
  canonical(value: Buffer): Buffer;
}

/**
 * The codec for a column's kind and limits.
 * @param gaps of the zone in which its times become instants; undefined where they do not, or where none are left out
 */
export function codecOf(column: Column, gaps?: TimeGaps): Codec {
  const codec = codecOfKind(column, gaps);
  const limited = column.fraction === undefined ? codec : withFraction(codec, column.fraction);
  return column.spelled ? { ...limited, canonical: withLength } : limited;
}

function codecOfKind(column: Column, gaps: TimeGaps | undefined): Codec {
  switch (column.kind) {
    case 'integer':
      return integerCodec(column);
    case 'decimal':
      return decimalCodec(column);
    case 'real':
      return column.exact ? exactCodec(realCodec, Math.fround) : realCodec;
    case 'double':
      return column.exact ? exactCodec(doubleCodec, Number) : doubleCodec;
    case 'text':
    case 'other':
      return textCodec(column);
    case 'enum':
      return enumCodec(column);
    case 'set':
      return setCodec(column);
    case 'json':
      return jsonCodec;
    case 'bytes':
      return bytesCodec;
    case 'bits':
      return bitsCodec(column);
    case 'boolean':
      return booleanCodec;
    case 'date':
      return dateCodec;
    case 'timestamp':
      if (gaps === undefined) {
        return timestampCodec;
      }
      return column.spelled ? withOwnOffset(zonedTimestampCodec(gaps)) : zonedTimestampCodec(gaps);
    case 'instant':
      return column.needsOffset === true ? offsetCodec : instantCodec;
    case 'time':
      return timeCodec;
    case 'uuid':
      return uuidCodec;
  }
}
