/** Takes the bytes of a COPY. `write` resolves when more can be taken. */
export interface CopyIn {
  /** @param chunk whole rows: the embedded database takes every so many chunks as a COPY of their own */
  write(chunk: Buffer): Promise<void>;
  /** Ends the COPY. @returns how many rows it wrote */
  end(): Promise<number>;
  /** Ends it without its rows; the transaction has failed then. */
  abandon(): Promise<void>;
}

/**
 * One connection to the database that rows go to, Laurel's PostgreSQL server or the embedded database. Statements run
 * one after the other, in one transaction that whoever opened it begins and ends.
 */
export interface Target {
  readonly embedded: boolean;
  /** Runs one statement. bigint and numeric come as text from a server: cast in the statement what is to be a number. */
  query<T extends object>(sql: string, parameters?: readonly unknown[]): Promise<T[]>;
  /** @param sql `copy … from stdin …` */
  copyIn(sql: string): Promise<CopyIn>;
  /** @param sql `copy … to stdout …`, of data-changing statements with RETURNING too */
  copyOut(sql: string): AsyncIterable<Buffer>;
  /** Ends the statement under way from outside, where that can be done; it fails then. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}
