import type { Kind, Policy } from './policy.js';
import type { Problems } from './problems.js';
import type { Rejects } from './rejects.js';
import { ChecksumSum } from './checksum.js';
import type { Column, Row, Table, Value } from './table.js';
import { becomesInstant } from './row-hash.js';
import type { TimeGaps } from './time-gaps.js';
import { type Codec, codecOf } from './values/codec.js';
import { CopyBuffer } from './values/copy-buffer.js';

/** A value can be wrong in several ways, each of which the repair of another can bring out. */
const MAX_REPAIRS = 5;

const QUESTION_MARK = 0x3f;

/**
 * Checks the rows of a table one by one and writes them as COPY's text. What is wrong with a value is noted, and
 * repaired or the row rejected, as the policies say. Checksums are kept of what did not go through as it came.
 */
export class RowEncoder {
  /** All rows that came, where `all` was asked for. */
  readonly read: ChecksumSum;
  /** Rows that were left out, as they came. */
  readonly rejected: ChecksumSum;
  /** Rows that were repaired, as they came and as they were written. */
  readonly repairedFrom: ChecksumSum;
  readonly repairedTo: ChecksumSum;
  readonly #buffer = new CopyBuffer();
  readonly #columns: readonly { column: Column; codec: Codec; index: number }[];
  readonly #all: readonly Codec[];
  #rows = 0;

  /**
   * @param all whether a checksum of all rows is wanted, because the source itself has none
   * @param gaps of the zone in which times without one become instants
   */
  constructor(
    private readonly table: Table,
    private readonly problems: Problems,
    private readonly rejects: Rejects,
    private readonly all: boolean,
    gaps?: TimeGaps,
  ) {
    const { columns } = table;
    this.read = new ChecksumSum(columns);
    this.rejected = new ChecksumSum(columns);
    this.repairedFrom = new ChecksumSum(columns);
    this.repairedTo = new ChecksumSum(columns);
    this.#all = columns.map((column) => codecOf(column, becomesInstant(column) ? gaps : undefined));
    this.#columns = columns
      .map((column, index) => ({ column, codec: this.#all[index]!, index }))
      .filter(({ column }) => column.generated !== true);
  }

  /** How many rows came. */
  get rows(): bigint {
    return BigInt(this.#rows);
  }

  /** @returns chunks of whole rows for COPY, of these rows and earlier ones */
  async encode(rows: readonly Row[]): Promise<Buffer[]> {
    for (const row of rows) {
      this.#rows += 1;
      if (this.all) {
        this.read.add(this.canonical(row));
      }
      if (!this.write(row)) {
        await this.writeRepaired(row);
      }
    }
    return this.#buffer.takeChunks();
  }

  /** @returns what is left for COPY */
  end(): Buffer[] {
    return this.#buffer.takeRest();
  }

  /** @returns whether the row could be written as it is */
  private write(row: Row): boolean {
    const buffer = this.#buffer;
    for (const { column, codec, index } of this.#columns) {
      const value = row[index]!;
      buffer.startValue();
      if (value === null) {
        if (!column.nullable) {
          buffer.undoRow();
          return false;
        }
        buffer.null();
      } else if (codec.write(value, buffer) !== undefined || isSuspect(column, value)) {
        buffer.undoRow();
        return false;
      }
    }
    buffer.endRow();
    return true;
  }

  private async writeRepaired(row: Row): Promise<void> {
    const reasons: string[] = [];
    const repaired: Value[] = [...row];
    for (const { column, codec, index } of this.#columns) {
      this.#buffer.startValue();
      const settled = this.settle(row, column, codec, row[index]!);
      if (settled.reason === undefined) {
        repaired[index] = settled.value;
      } else {
        reasons.push(`${settled.reason}: ${column.name}`);
      }
    }
    this.#buffer.undoRow();
    if (reasons.length > 0) {
      this.problems.rejected(this.table.name, 1);
      this.rejected.add(this.canonical(row));
      await this.rejects.add(this.table, row, reasons.join('; '));
      return;
    }
    this.repairedFrom.add(this.canonical(row));
    this.repairedTo.add(this.canonical(repaired));
    for (const { codec, index } of this.#columns) {
      const value = repaired[index]!;
      this.#buffer.startValue();
      if (value === null) {
        this.#buffer.null();
      } else {
        codec.write(value, this.#buffer);
      }
    }
    this.#buffer.endRow();
  }

  /** @returns the value as it can be written, or the kind that the row is left out for */
  private settle(row: Row, column: Column, codec: Codec, given: Value): { value: Value; reason?: Kind } {
    let value = given;
    if (value !== null && isSuspect(column, value)) {
      const policy = this.note(row, column, 'charset');
      if (policy === 'fail' || policy === 'reject') {
        return { value, reason: 'charset' };
      }
    }
    for (let repairs = 0; value !== null && repairs < MAX_REPAIRS; repairs++) {
      const kind = codec.write(value, this.#buffer);
      this.#buffer.undoValue();
      if (kind === undefined) {
        return { value };
      }
      const policy = this.note(row, column, kind);
      if (policy === 'fail' || policy === 'reject') {
        return { value, reason: kind };
      }
      value = codec.repair(value, kind, policy);
    }
    if (value === null && !column.nullable) {
      this.note(row, column, 'null-values');
      return { value, reason: 'null-values' };
    }
    return { value };
  }

  private note(row: Row, { name }: Column, kind: Kind): Policy {
    return this.problems.found({ kind, table: this.table.name, column: name, rows: 1, samples: [this.keyOf(row)] });
  }

  /** What names the row to people: its key, or else which one it is. */
  private keyOf(row: Row): string {
    const { primaryKey, columns } = this.table;
    if (primaryKey.length === 0) {
      return `row ${this.rows}`;
    }
    const values = primaryKey.map((name) => row[columns.findIndex((column) => column.name === name)]?.toString() ?? '');
    return `${primaryKey.join(', ')} ${values.join(', ')}`;
  }

  private canonical(row: Row): readonly Value[] {
    return row.map((value, index) => (value === null ? null : this.#all[index]!.canonical(value)));
  }
}

/** Where a character set lacked a character, the source has put a question mark in its place. */
function isSuspect({ narrowCharset }: Column, value: Buffer): boolean {
  return narrowCharset !== undefined && value.includes(QUESTION_MARK);
}
