import { isUtf8 } from 'node:buffer';
import type { Column } from '../table.js';
import type { Codec } from './codec.js';
import { fromWindows1252 } from './windows-1252.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The length of a text before it: no other values then make the same row. */
export function withLength(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${value.length}:`, 'latin1'), value]);
}

/** Text of at most so many characters. */
export function textCodec({ maxLength = Infinity }: Pick<Column, 'maxLength'>): Codec {
  return {
    write(value, to) {
      const shape = shapeOf(value);
      if (shape === 'nul') {
        return 'nul-bytes';
      }
      if (shape === 'beyond ASCII' && !isUtf8(value)) {
        return 'encoding';
      }
      if (value.length > maxLength && charactersOf(value) > maxLength) {
        return 'length';
      }
      to.escaped(value);
      return undefined;
    },
    repair(value, kind, policy) {
      switch (kind) {
        case 'nul-bytes':
          return Buffer.from(value.filter((byte) => byte !== 0));
        case 'encoding':
          return Buffer.from(policy === 'latin1' ? fromWindows1252(value) : new TextDecoder().decode(value));
        case 'length':
          return Buffer.from(Array.from(value.toString()).slice(0, maxLength).join(''));
        default:
          return null;
      }
    },
    canonical: withLength,
  };
}

export const jsonCodec: Codec = {
  write(value, to) {
    if (!isUtf8(value)) {
      return 'encoding';
    }
    try {
      JSON.parse(value.toString());
    } catch {
      return 'values';
    }
    to.escaped(value);
    return undefined;
  },
  repair: (value, kind, policy) => (kind === 'encoding' ? textCodec({}).repair(value, kind, policy) : null),
  canonical: withLength,
};

export const uuidCodec: Codec = {
  write(value, to) {
    if (!UUID.test(value.toString('latin1'))) {
      return 'values';
    }
    to.raw(value);
    return undefined;
  },
  repair: () => null,
  canonical: (value) => Buffer.from(value.toString('latin1').toLowerCase(), 'latin1'),
};

function shapeOf(value: Buffer): 'ASCII' | 'beyond ASCII' | 'nul' {
  let seen = 0;
  for (let index = 0; index < value.length; index++) {
    const byte = value[index]!;
    if (byte === 0) {
      return 'nul';
    }
    seen |= byte;
  }
  return seen < 0x80 ? 'ASCII' : 'beyond ASCII';
}

/** PostgreSQL counts code points, each of which has one byte that does not continue another's. */
function charactersOf(value: Buffer): number {
  let characters = 0;
  for (const byte of value) {
    if ((byte & 0xc0) !== 0x80) {
      characters += 1;
    }
  }
  return characters;
}
