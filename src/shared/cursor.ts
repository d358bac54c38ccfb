import { createHash } from 'node:crypto';
import { badInput } from '../errors.js';
import { isId } from './ids.js';
import { isInstantText } from './instant.js';
import { isDate } from './scalars.js';

/** How each value of a cursor's key is checked before it reaches a statement. */
const CHECKS = {
  id: isId,
  instant: isInstantText,
  date: isDate,
  /** As the database writes it. */
  time: (text: string) => /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?$|^24:00:00$/.test(text),
  integer: (text: string) => /^-?\d{1,16}$/.test(text),
  text: (text: string) => text.isWellFormed() && !text.includes('\0'),
};

export type KeyPart = keyof typeof CHECKS;

/** A list that cursors can belong to: what tells it from every other list, and the kinds of its sort key. */
export interface CursorList {
  name: string;
  key: readonly KeyPart[];
}

/** The opaque cursor of the row that has `key` as its sort key in `list`. */
export function encodeCursor(list: CursorList, key: readonly string[]): string {
  return Buffer.from(JSON.stringify([fingerprint(list), ...key])).toString('base64url');
}

/**
 * The sort key inside a cursor.
 * @param field the argument it came in, for the error
 * @throws AppError BAD_USER_INPUT where it is garbled or another list's
 */
export function decodeCursor(list: CursorList, cursor: string, field: string): string[] {
  const [owner, ...key] = parse(cursor);
  if (owner === undefined) {
    throw badInput(field, 'This is not a cursor. Pass one that this list has answered.');
  }
  if (owner !== fingerprint(list)) {
    throw badInput(field, 'This cursor belongs to another list.');
  }
  if (key.length !== list.key.length || !list.key.every((part, index) => CHECKS[part](key[index] ?? ''))) {
    throw badInput(field, 'This is not a cursor. Pass one that this list has answered.');
  }
  return key;
}

function parse(cursor: string): string[] {
  try {
    const bytes = Buffer.from(cursor, 'base64url');
    // Decoding passes over what is no base64url: only what encodes to the same again is a cursor.
    if (bytes.toString('base64url') !== cursor) {
      return [];
    }
    const content: unknown = JSON.parse(bytes.toString('utf8'));
    return Array.isArray(content) && content.every((part) => typeof part === 'string') ? content : [];
  } catch {
    return [];
  }
}

/** Of the list that was asked for last: every item of a page asks for the same. */
let last = { name: '', fingerprint: '' };

/** Short on purpose: it tells lists apart, it guards nothing. */
function fingerprint({ name }: CursorList): string {
  if (last.name !== name) {
    last = { name, fingerprint: createHash('sha256').update(name).digest('base64url').slice(0, 8) };
  }
  return last.fingerprint;
}
