import { isNativeError } from 'node:util/types';
import { type DestinationStream, type Logger, pino } from 'pino';
import { sqlState } from './database/sql-state.js';
import { currentRequest } from './observability/request-scope.js';

/** What must never reach a log, wherever it is nested in what is logged. */
const SECRET_KEYS = [
  'authorization',
  'x-api-key',
  'cookie',
  'set-cookie',
  'password',
  'currentPassword',
  'newPassword',
  'passwordHash',
  'accessToken',
  'refreshToken',
  'token',
  'email',
  'birthDate',
  'parameters',
];

/** Paths for pino's redaction, which has no "at any depth". */
const DEPTHS = ['', '*.', '*.*.', '*.*.*.'];

/**
 * The server's log: JSON lines without secrets or personal data, each with the id of the request that it comes from.
 * @param destination standard output where left out
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      redact: {
        paths: SECRET_KEYS.flatMap((key) => DEPTHS.map((depth) => redactionPath(depth, key))),
        censor: '[redacted]',
      },
      serializers: { err: describeError },
      mixin: () => {
        const request = currentRequest();
        return request === undefined ? {} : { requestId: request.id };
      },
    },
    destination,
  );
}

function redactionPath(depth: string, key: string): string {
  return key.includes('-') ? `${depth.replace(/\.$/, '')}["${key}"]` : `${depth}${key}`;
}

/**
 * Driver errors quote the row they fail on in `detail`, and in class 22 (data exceptions) the value in the message;
 * only what names no data is kept.
 */
function describeError(error: unknown): Record<string, unknown> {
  if (!isNativeError(error)) {
    return { message: 'not an Error' };
  }
  const { name } = error;
  const quotesData = sqlState(error)?.startsWith('22') ?? false;
  const message = quotesData ? withoutQuotes(error.message) : error.message;
  const stack = quotesData ? error.stack?.replace(error.message, () => message) : error.stack;
  const fields = error as Error & { code?: unknown; constraint?: unknown; table?: unknown; column?: unknown };
  const { code, constraint, table, column } = fields;
  return { name, message, stack, code, constraint, table, column };
}

function withoutQuotes(message: string): string {
  return message.replaceAll(/"[^]*"/g, '"…"');
}
