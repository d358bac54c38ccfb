import { hash } from 'node:crypto';
import { HASH_DIGITS } from './row-hash.js';
import { type Column, isSummed, type Value } from './table.js';

/**
 * What the rows of a table are, whatever their order: how many, and the sum of a hash of each. The hash of a row is
 * the first 60 bits of the MD5 of all its values in their canonical text; sums, unlike exclusive ors, do not cancel
 * out what is there twice. They can be added and subtracted, so that what was rejected or repaired on the way is
 * accounted for exactly.
 */
export interface Checksum {
  rows: bigint;
  hash: bigint;
  /**
   * The sums of the columns of numbers, in their order, decimals in units of their last digit; undefined where nobody
   * has added them up. They are there for people: the hash says more.
   */
  sums?: readonly bigint[] | undefined;
}

const SEPARATOR = Buffer.from('|');
const NULL = Buffer.from('-');

/** Adds up the hashes of rows that pass through this process. */
export class ChecksumSum implements Checksum {
  rows = 0n;
  hash = 0n;
  readonly sums: bigint[];
  readonly #summed: readonly { index: number; scale: number }[];

  constructor(columns: readonly Column[]) {
    this.#summed = columns.flatMap((column, index) =>
      isSummed(column) ? { index, scale: column.precision?.scale ?? 0 } : [],
    );
    this.sums = this.#summed.map(() => 0n);
  }

  /** @param values the canonical text of each, as in row-hash.ts */
  add(values: readonly Value[]): void {
    this.#summed.forEach(({ index, scale }, place) => {
      this.sums[place]! += unitsOf(values[index]?.toString('latin1') ?? '', scale);
    });
    const parts = values.flatMap((value, index) => (index === 0 ? [value ?? NULL] : [SEPARATOR, value ?? NULL]));
    this.rows += 1n;
    this.hash += BigInt(`0x${hash('md5', Buffer.concat(parts)).slice(0, HASH_DIGITS)}`);
  }
}

/** The checksum of no rows. */
export const NOTHING: Checksum = { rows: 0n, hash: 0n };

/** What a database answers to a query of row-hash.ts. */
export interface ChecksumText {
  rows: string;
  hash: string;
  /** As the database writes them, in the order of the columns. */
  sums: readonly string[];
}

/** @param columns those that the query was made for */
export function checksumOf(text: ChecksumText, columns: readonly Column[]): Checksum {
  const units = columns
    .filter(isSummed)
    .map(({ precision }, index) => unitsOf(text.sums[index] ?? '', precision?.scale ?? 0));
  return { rows: BigInt(text.rows), hash: BigInt(text.hash), sums: units };
}

export function plus(one: Checksum, other: Checksum): Checksum {
  return { rows: one.rows + other.rows, hash: one.hash + other.hash, sums: sumsOf(one, other, (a, b) => a + b) };
}

export function minus(one: Checksum, other: Checksum): Checksum {
  return { rows: one.rows - other.rows, hash: one.hash - other.hash, sums: sumsOf(one, other, (a, b) => a - b) };
}

export function equal(one: Checksum, other: Checksum): boolean {
  const differences = sumsOf(one, other, (a, b) => a - b) ?? [];
  return one.rows === other.rows && one.hash === other.hash && differences.every((difference) => difference === 0n);
}

function sumsOf(
  { sums }: Checksum,
  other: Checksum,
  operation: (a: bigint, b: bigint) => bigint,
): readonly bigint[] | undefined {
  return other.sums === undefined ? undefined : sums?.map((sum, index) => operation(sum, other.sums?.[index] ?? 0n));
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?$/;

/** A number in units of its last digit; what is none counts as nothing. */
function unitsOf(text: string, scale: number): bigint {
  const [, sign, whole, fraction = ''] = NUMBER.exec(text) ?? [];
  if (whole === undefined) {
    return 0n;
  }
  const units = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
  return sign === '-' ? -units : units;
}
