import { once } from 'node:events';
import { type CastingFunction, CsvError, parse } from 'csv-parse';
import type { Row, Value } from '../table.js';
import { fileFault } from './file-fault.js';
import type { RecordFormat } from './record-format.js';

/** A row is larger only where a quote is never closed: that is seen before the whole file is in memory. */
const MAX_RECORD_BYTES = 256 * 1024 * 1024;

/**
 * The records of a CSV file in which quotes are doubled, in the batches in which they come.
 * @param file its name, for messages
 * @throws TransferError naming the line where it is not such a file
 */
export async function* rfcRecords(
  chunks: AsyncIterable<Buffer>,
  { delimiter, quote, nullText }: RecordFormat,
  file: string,
): AsyncIterable<Row[]> {
  let rows: Row[] = [];
  const parser = parse({
    // A character for each byte: whether the bytes are text, the checks of rows find out.
    encoding: 'latin1',
    delimiter,
    quote,
    escape: quote,
    record_delimiter: ['\r\n', '\n'],
    max_record_size: MAX_RECORD_BYTES,
    cast: bytesOrNull(nullText),
  });
  parser.on('data', (row: Row) => rows.push(row));
  let failure: unknown;
  parser.on('error', (error) => {
    failure = error;
  });
  const ended = once(parser, 'end').catch(() => undefined);
  const take = (): Row[] => {
    if (failure !== undefined) {
      throw explained(failure, file);
    }
    const taken = rows;
    rows = [];
    return taken;
  };
  try {
    for await (const chunk of chunks) {
      await new Promise<void>((resolve) => {
        parser.write(chunk, (error) => {
          failure ??= error ?? undefined;
          resolve();
        });
      });
      yield take();
    }
    parser.end();
    await ended;
    yield take();
  } finally {
    parser.destroy();
  }
}

/** Gives the bytes of a field, or NULL where it is one. */
function bytesOrNull(nullText: string | null): CastingFunction {
  const sign = nullText === null ? undefined : Buffer.from(nullText).toString('latin1');
  return (value, { quoting }): Value => (!quoting && value === sign ? null : Buffer.from(value, 'latin1'));
}

/** Messages of csv-parse quote the row, which nobody is to read in a log. */
function explained(error: unknown, file: string): unknown {
  if (!(error instanceof CsvError)) {
    return error;
  }
  const { lines = 0, record } = error as { lines?: number; record?: unknown[] };
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return fileFault(file, lines, `a row of ${record?.length ?? 'other'} fields, unlike those before it`);
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return fileFault(file, lines, 'a quote that is not closed');
    case 'CSV_INVALID_CLOSING_QUOTE':
      return fileFault(file, lines, 'something between a closing quote and the next field');
    case 'INVALID_OPENING_QUOTE':
      return fileFault(file, lines, 'a quote within a field that does not begin with one');
    default:
      return fileFault(file, lines, `not readable (${error.code})`);
  }
}
