import { type Checksum, checksumOf, type ChecksumText, equal } from '../checksum.js';
import { checksumSql } from '../row-hash.js';
import { type Column, isSummed } from '../table.js';
import type { Target } from '../target.js';
import type { Comparison } from './report.js';

/**
 * Rows, hash and sums of what is in the target.
 * @param from a table or a subquery, as SQL
 * @param timeZone of the source's times without one, where they became instants
 */
export async function storedChecksum(
  target: Target,
  from: string,
  columns: readonly Column[],
  timeZone?: string,
): Promise<Checksum> {
  const [sum] = await target.query<ChecksumText>(checksumSql(from, columns, { timeZone }));
  return checksumOf(sum!, columns);
}

/** Puts two checksums of the same rows side by side. @param between for people */
export function comparisonOf(
  between: string,
  expected: Checksum,
  found: Checksum,
  columns: readonly Column[],
): Comparison {
  const summed = expected.sums !== undefined && found.sums !== undefined ? columns.filter(isSummed) : [];
  return {
    between,
    expected: textOf(expected),
    found: textOf(found),
    sums: summed.map(({ name, precision }, index) => ({
      column: name,
      expected: numberText(expected.sums![index]!, precision?.scale ?? 0),
      found: numberText(found.sums![index]!, precision?.scale ?? 0),
    })),
    equal: equal(expected, found),
  };
}

function textOf({ rows, hash }: Checksum): Comparison['expected'] {
  return { rows: String(rows), hash: String(hash) };
}

function numberText(units: bigint, scale: number): string {
  if (scale === 0) {
    return String(units);
  }
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
