import type { Column } from '../table.js';
import type { Codec } from './codec.js';
import { withLength } from './text.js';

/** One of the members. */
export function enumCodec({ members = [], nullable }: Pick<Column, 'members' | 'nullable'>): Codec {
  const known = new Set(members);
  return {
    write(value, to) {
      if (!known.has(value.toString())) {
        return 'values';
      }
      to.escaped(value);
      return undefined;
    },
    // The first member is what the source itself has where nothing else is given.
    repair: () => (nullable || members[0] === undefined ? null : Buffer.from(members[0])),
    canonical: withLength,
  };
}

/** Some of the members, with commas between them; here an array. */
export function setCodec({ members = [] }: Pick<Column, 'members'>): Codec {
  const known = new Set(members);
  return {
    write(value, to) {
      const chosen = split(value);
      if (!chosen.every((member) => known.has(member))) {
        return 'values';
      }
      to.escaped(Buffer.from(arrayOfMembers(value.toString())));
      return undefined;
    },
    repair: (value) =>
      Buffer.from(
        split(value)
          .filter((member) => known.has(member))
          .join(','),
      ),
    canonical: (value) => value,
  };
}

/** Members with commas between them, as PostgreSQL writes an array of them. */
export function arrayOfMembers(text: string): string {
  return `{${text === '' ? '' : text.split(',').map(quotedElement).join(',')}}`;
}

function split(value: Buffer): string[] {
  return value.length === 0 ? [] : value.toString().split(',');
}

/** An element of an array in PostgreSQL's text form. */
function quotedElement(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
