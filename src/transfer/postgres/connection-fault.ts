import { isNativeError } from 'node:util/types';
import { TransferError } from '../errors.js';

/** What the driver says of a connection that is gone has no code. */
const LOST = /^Connection terminated|^Client has encountered a connection error/;

/**
 * What is to be thrown in place of an error: what the system or the server says has a code; anything else is a fault of
 * ours and stays as it is.
 * @param where what was being read, for people: without a password
 */
export function readingFault(error: unknown, where: string): unknown {
  return isNativeError(error) && (codeOf(error) !== undefined || LOST.test(error.message))
    ? transferError(error, where)
    : error;
}

/** Likewise while connecting, where the driver's own words have no code either. */
export function connectionFault(error: unknown, where: string): unknown {
  return isNativeError(error) ? transferError(error, where) : error;
}

function transferError(error: Error, where: string): TransferError {
  // Where all of several addresses fail, there is a code alone.
  return new TransferError(
    `The source could not be read (${where}): ${error.message || codeOf(error)}. Nothing was changed.`,
  );
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
