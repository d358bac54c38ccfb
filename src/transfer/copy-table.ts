import { type Checksum, minus, plus } from './checksum.js';
import { literal, quoted } from './identifier.js';
import type { Problems } from './problems.js';
import type { Rejects } from './rejects.js';
import { RowEncoder } from './row-encoder.js';
import { becomesInstant } from './row-hash.js';
import type { Source } from './source.js';
import type { Table } from './table.js';
import type { Target } from './target.js';
import { timeGaps } from './time-gaps.js';

/** A table whose rows have been written. */
export interface CopiedTable {
  /** Rows that the source gave. */
  read: bigint;
  /** Rows that the target took. */
  written: bigint;
  /**
   * What must be stored now, by what the source says of itself.
   * @param own the source's own checksum; null where it has none: then what was read is what counts
   */
  expected(own: Checksum | null): Checksum;
}

export interface CopyOptions {
  /** Where the rows go: a table of the target, with the columns of the source's. */
  into: string;
  /** The zone of times without one, where they become instants. */
  timeZone: string | undefined;
  /** Whether the source can tell its own checksum; otherwise one is made of what is read. */
  hasChecksum: boolean;
  onRows?: ((read: bigint) => void) | undefined;
  /** Ends the copying with an AbortError. */
  signal?: AbortSignal | undefined;
}

/**
 * Streams the rows of a table into one of the target, in its open transaction. Values are checked on the way; what is
 * wrong with them is in `problems` afterwards, and what was left out in `rejects`.
 */
export async function copyTable<T extends Table>(
  source: Source<T>,
  table: T,
  target: Target,
  problems: Problems,
  rejects: Rejects,
  { into, timeZone, hasChecksum, onRows, signal }: CopyOptions,
): Promise<CopiedTable> {
  const gaps =
    timeZone !== undefined && table.columns.some(becomesInstant) ? await timeGaps(target, timeZone) : undefined;
  const encoder = new RowEncoder(table, problems, rejects, !hasChecksum, gaps);
  const columns = table.columns.filter(({ generated }) => generated !== true).map(({ name }) => quoted(name));
  // Times of the source's clock become instants as COPY reads them.
  await target.query(`set local time zone ${literal(timeZone ?? 'UTC')}`);
  const copy = await target.copyIn(`copy ${quoted(into)} (${columns.join(', ')}) from stdin`);
  let written: bigint;
  try {
    for await (const rows of source.rows(table)) {
      signal?.throwIfAborted();
      for (const chunk of await encoder.encode(rows)) {
        await copy.write(chunk);
      }
      onRows?.(encoder.rows);
    }
    for (const chunk of encoder.end()) {
      await copy.write(chunk);
    }
    written = BigInt(await copy.end());
  } catch (error) {
    await copy.abandon().catch(() => undefined);
    throw error;
  }
  await target.query("set local time zone 'UTC'");
  return {
    read: encoder.rows,
    written,
    expected: (own) =>
      plus(minus(minus(own ?? encoder.read, encoder.rejected), encoder.repairedFrom), encoder.repairedTo),
  };
}
