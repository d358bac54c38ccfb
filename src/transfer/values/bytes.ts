import type { Codec } from './codec.js';

export const bytesCodec: Codec = {
  write(value, to) {
    // PostgreSQL's form is \x and hexadecimal digits, and COPY wants the backslash twice.
    to.raw(Buffer.from(`\\\\x${value.toString('hex')}`, 'latin1'));
    return undefined;
  },
  repair: () => null,
  canonical: (value) => Buffer.from(value.toString('hex'), 'latin1'),
};
