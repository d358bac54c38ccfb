import { UsageError } from '../../migrate/errors.js';

/** How a CSV file differs from what is usual; each may be left out. */
export interface CsvOptions {
  /** Whether the first line has the names of the columns. */
  header?: boolean | undefined;
  /** Between fields: one ASCII character. */
  delimiter?: string | undefined;
  /** Around fields: one ASCII character, or none. */
  quote?: string | undefined;
  /** Before characters that stand for others, such as the backslash of MySQL: one ASCII character. */
  escape?: string | undefined;
  /** What stands for NULL where there are no quotes around it. */
  nullText?: string | undefined;
  /** As the Encoding Standard calls it, such as `windows-1252`. */
  encoding?: string | undefined;
}

export interface RecordFormat {
  header: boolean;
  delimiter: string;
  /** Null where there are none. */
  quote: string | null;
  /** Null where a quote in a field is doubled, and nothing else is escaped. */
  escape: string | null;
  /** Null where only an escaped N is. */
  nullText: string | null;
  /** Null where the bytes are UTF-8, or taken for it. */
  encoding: string | null;
}

/** RFC 4180, and what PostgreSQL makes of NULL: an empty field is one, an empty text has quotes. */
export const RFC_4180: RecordFormat = {
  header: true,
  delimiter: ',',
  quote: '"',
  escape: null,
  nullText: '',
  encoding: null,
};

/** What `SELECT … INTO OUTFILE` writes unless it is told otherwise. */
const OUTFILE: RecordFormat = {
  header: false,
  delimiter: '\t',
  quote: null,
  escape: '\\',
  nullText: null,
  encoding: null,
};

/**
 * The format of files. With an escape character, what is left out is as in MySQL's `INTO OUTFILE`: tabs, no quotes, no
 * header, and `\N` for NULL; otherwise it is as in PostgreSQL's `COPY … CSV HEADER`.
 * @throws UsageError for what cannot be a format
 */
export function formatOf({ header, delimiter, quote, escape, nullText, encoding }: CsvOptions): RecordFormat {
  const byDefault = escape === undefined || escape === quote ? RFC_4180 : OUTFILE;
  const format = {
    header: header ?? byDefault.header,
    delimiter: delimiter ?? byDefault.delimiter,
    quote: quote === '' ? null : (quote ?? byDefault.quote),
    escape: byDefault === OUTFILE ? escape! : null,
    nullText: nullText ?? byDefault.nullText,
    encoding: encoding === undefined || isUtf8(encoding) ? null : encoding,
  };
  refuseImpossible(format);
  return format;
}

function isUtf8(encoding: string): boolean {
  try {
    return new TextDecoder(encoding).encoding === 'utf-8';
  } catch {
    throw new UsageError(`${encoding} is not the name of an encoding, such as windows-1252. Nothing was changed.`);
  }
}

function refuseImpossible({ delimiter, quote, escape }: RecordFormat): void {
  const characters = Object.entries({ delimiter, quote, escape }).filter((entry) => entry[1] !== null);
  for (const [name, character] of characters) {
    // eslint-disable-next-line no-control-regex
    if (!/^[\u0001-\u0009\u000b\u000c\u000e-\u007f]$/.test(character!)) {
      throw new UsageError(
        `The ${name} ${JSON.stringify(character)} is not one ASCII character, other than a line break. Nothing was changed.`,
      );
    }
  }
  if (new Set(characters.map(([, character]) => character)).size < characters.length) {
    throw new UsageError('Delimiter, quote and escape must be different characters. Nothing was changed.');
  }
}
