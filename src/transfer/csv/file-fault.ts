import { TransferError } from '../errors.js';

/** A line of a file that cannot be read as rows. */
export function fileFault(file: string, line: number, what: string): TransferError {
  return new TransferError(
    `${file}, line ${line}: ${what}. Nothing was changed. Correct the file, or say how it is written (delimiter, quote, escape, header).`,
  );
}
