import { isNativeError } from 'node:util/types';
import { sqlState } from './sql-state.js';

/** Class 08 connection exceptions, 53 insufficient resources, 57 operator intervention, 55P03 lock timeout. */
const UNAVAILABLE_STATE = /^(08...|53...|57...|55P03)$/;
const UNAVAILABLE_MESSAGE =
  /^(timeout exceeded when trying to connect|Connection terminated|The embedded database has stopped)/;
/** Of Node's sockets and name lookups. */
const UNAVAILABLE_CODE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Whether a statement failed because the database could not be had, not by what it asked. */
export function isUnavailable(error: unknown): boolean {
  if (!isNativeError(error)) {
    return false;
  }
  return (
    UNAVAILABLE_STATE.test(sqlState(error) ?? '') ||
    UNAVAILABLE_MESSAGE.test(error.message) ||
    ('code' in error && UNAVAILABLE_CODE.has(String(error.code))) ||
    isUnavailable(error.cause)
  );
}
