import type { Codec } from './codec.js';

/** As PostgreSQL reads them too. */
const WORDS: ReadonlyMap<string, boolean> = new Map([
  ['0', false],
  ['1', true],
  ...['f', 'false', 'n', 'no', 'off'].map((word) => [word, false] as const),
  ...['t', 'true', 'y', 'yes', 'on'].map((word) => [word, true] as const),
]);
const INTEGER = /^[+-]?\d+$/;
const TRUE = Buffer.from('t');
const FALSE = Buffer.from('f');

export const booleanCodec: Codec = {
  write(value, to) {
    const text = value.toString('latin1');
    const is = isOf(text);
    if (is === undefined) {
      return INTEGER.test(text) ? 'numbers' : 'values';
    }
    to.raw(is ? TRUE : FALSE);
    return undefined;
  },
  // Clamped: a number that is neither 0 nor 1 counts as true, as it does in the source's own conditions.
  repair: (_value, kind) => (kind === 'numbers' ? TRUE : null),
  canonical(value) {
    const is = isOf(value.toString('latin1'));
    return is === undefined ? value : Buffer.from(is ? '1' : '0');
  },
};

/** Whether the text says yes or no; some write the words in capitals. */
function isOf(text: string): boolean | undefined {
  return WORDS.get(text) ?? WORDS.get(text.toLowerCase());
}
