import type { Checksum } from './checksum.js';
import type { Row, Table } from './table.js';

/** Where rows come from: one consistent snapshot of a database, or files. */
export interface Source<T extends Table = Table> {
  /** For people, such as `MariaDB 10.11 at db.example.com/game`; without a password. */
  readonly name: string;
  /** The tables that are to be read, in an order in which none refers to a later one where that is possible. */
  readonly tables: readonly T[];
  /** The rows of a table in batches, in the order of its columns. One table is read at a time. */
  rows(table: T): AsyncIterable<Row[]>;
  /**
   * A table with some of its columns alone, as `rows` and `checksum` take it.
   * @param places of the columns, in the order in which they are wanted
   * @returns undefined where it can only be read as a whole
   */
  only(table: T, places: readonly number[]): T | undefined;
  /** Whether the source can compute the checksum of a table itself. */
  hasChecksum(table: T): boolean;
  /**
   * Rows and hash as the source itself computes them from the same snapshot.
   * @returns null where it cannot: then what was read is what counts
   */
  checksum(table: T): Promise<Checksum | null>;
  close(): Promise<void>;
}
