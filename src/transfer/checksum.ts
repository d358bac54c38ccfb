import { hash } from 'node:crypto';
import { HASH_DIGITS } from './row-hash.js';
import type { Value } from './table.js';

/**
 * What the rows of a table are, whatever their order: how many, and the sum of a hash of each. The hash of a row is
 * the first 60 bits of the MD5 of all its values in their canonical text; sums, unlike exclusive ors, do not cancel
 * out what is there twice. They can be added and subtracted, so that what was rejected or repaired on the way is
 * accounted for exactly.
 */
export interface Checksum {
  rows: bigint;
  hash: bigint;
}

const SEPARATOR = Buffer.from('|');
const NULL = Buffer.from('-');

/** Adds up the hashes of rows that pass through this process. */
export class ChecksumSum implements Checksum {
  rows = 0n;
  hash = 0n;

  /** @param values the canonical text of each, as in row-hash.ts */
  add(values: readonly Value[]): void {
    const parts = values.flatMap((value, index) => (index === 0 ? [value ?? NULL] : [SEPARATOR, value ?? NULL]));
    this.rows += 1n;
    this.hash += BigInt(`0x${hash('md5', Buffer.concat(parts)).slice(0, HASH_DIGITS)}`);
  }
}

export function plus(one: Checksum, other: Checksum): Checksum {
  return { rows: one.rows + other.rows, hash: one.hash + other.hash };
}

export function minus(one: Checksum, other: Checksum): Checksum {
  return { rows: one.rows - other.rows, hash: one.hash - other.hash };
}

export function equal(one: Checksum, other: Checksum): boolean {
  return one.rows === other.rows && one.hash === other.hash;
}
