import { type Logger, pino } from 'pino';

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

/** The server's log: JSON lines on standard output, without secrets or personal data. */
export function createLog(level: string): Logger {
  return pino({
    level,
    redact: {
      paths: SECRET_KEYS.flatMap((key) => DEPTHS.map((depth) => redactionPath(depth, key))),
      censor: '[redacted]',
    },
    serializers: { err: describeError },
  });
}

function redactionPath(depth: string, key: string): string {
  return key.includes('-') ? `${depth.replace(/\.$/, '')}["${key}"]` : `${depth}${key}`;
}

/** Driver errors quote the row they fail on in `detail`; only what names no data is kept. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) {
    return { message: 'not an Error' };
  }
  const { name, message, stack } = error;
  const fields = error as Error & { code?: unknown; constraint?: unknown; table?: unknown; column?: unknown };
  const { code, constraint, table, column } = fields;
  return { name, message, stack, code, constraint, table, column };
}
