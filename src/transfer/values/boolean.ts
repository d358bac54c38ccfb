import type { Codec } from './codec.js';

const WORDS: Readonly<Record<string, boolean>> = { '0': false, '1': true, f: false, t: true, false: false, true: true };
const TRUE = Buffer.from('t');
const FALSE = Buffer.from('f');

export const booleanCodec: Codec = {
  write(value, to) {
    const is = WORDS[value.toString('latin1')];
    if (is === undefined) {
      return 'numbers';
    }
    to.raw(is ? TRUE : FALSE);
    return undefined;
  },
  // Clamped: what is neither 0 nor 1 counts as true, as it does in the source's own conditions.
  repair: () => TRUE,
  canonical(value) {
    const is = WORDS[value.toString('latin1')];
    return is === undefined ? value : Buffer.from(is ? '1' : '0');
  },
};
