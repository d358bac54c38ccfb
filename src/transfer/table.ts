/** How the bytes of a value read, whatever system they come from. */
export type ValueKind =
  | 'integer'
  | 'decimal'
  /** Single precision, in as many digits as it takes to give it back. */
  | 'real'
  | 'double'
  | 'text'
  | 'enum'
  /** Members with commas between them. */
  | 'set'
  | 'json'
  /** Bytes as they are, not text. */
  | 'bytes'
  /** 0s and 1s. */
  | 'bits'
  /** 0 or 1, or a word such as t, true or yes, in small letters or capitals. */
  | 'boolean'
  | 'date'
  /** A date and time of a clock on some wall: no zone, or one for the whole source. */
  | 'timestamp'
  /** A date and time in UTC, or with its offset. */
  | 'instant'
  | 'time'
  | 'uuid'
  /** Whatever PostgreSQL reads: its own text form of a type that nothing here knows. */
  | 'other';

/** A column as it comes, and what holds it here. */
export interface Column {
  name: string;
  /** As the source spells it, such as `int(10) unsigned`: for people. */
  sourceType: string;
  kind: ValueKind;
  /** The type here, as SQL, such as `bigint` or `varchar(100)`. */
  type: string;
  nullable: boolean;
  /** Integers: the smallest and the largest that the type here holds. */
  range?: { min: bigint; max: bigint };
  /** Text: characters, bits: digits, at most. */
  maxLength?: number;
  /** Decimals: digits in all and behind the point. */
  precision?: { digits: number; scale: number };
  /** Enums and sets. */
  members?: string[];
  /** Text: a character set of the source that cannot hold all characters, so that some may be gone, such as `utf8mb3`. */
  narrowCharset?: string;
  /** Instants: whether a value without its offset could be any of them. */
  needsOffset?: boolean;
  /** Instants that are held as what UTC's clock shows: the column here has no zone. */
  utcClock?: boolean;
  /** Times: digits behind the second that are kept here, where the source may have more. */
  fraction?: number;
  /** Floating-point numbers that come from another type, or as anybody has written them: none may lose a digit. */
  exact?: boolean;
  /** Written by anybody, in any way that PostgreSQL reads. */
  anySpelling?: boolean;
  /** Arrives as text, which PostgreSQL itself makes a value of: its text is another one then. */
  spelled?: boolean;
  /** How the file of rejected rows has it, as SQL of a row aliased `t`; left out: as it is. */
  inRejects?: string;
  /** Computed from other columns on this side: compared, never written. */
  generated?: boolean;
}

/** Whether a column has a sum that means something: integers, and decimals of so many digits. */
export function isSummed({ kind, precision }: Column): boolean {
  return kind === 'integer' || (kind === 'decimal' && precision !== undefined && precision.scale >= 0);
}

/** Columns of one table that refer to columns of another. */
export interface ForeignKey {
  name: string;
  columns: string[];
  /** `schema` where the other table is in another one than this. */
  references: { table: string; columns: string[]; schema?: string };
}

/** A table as it comes. Names are those of the source, and without quotes. */
export interface Table {
  name: string;
  columns: Column[];
  /** Empty where there is none. */
  primaryKey: string[];
  /** Other unique keys. */
  uniques: { name: string; columns: string[] }[];
  foreignKeys: ForeignKey[];
  /** The source's own guess of its rows, to tell how far a run is. */
  estimatedRows?: number;
  /** Its rows are in its partitions. */
  partitioned?: boolean;
}

/** A value as its source spells it, in UTF-8 where it is text; null for NULL. */
export type Value = Buffer | null;

/** The values of a row, in the order of the table's columns. */
export type Row = readonly Value[];
