/** Codes a client can meet in `extensions.code`; published in the schema as the enum ErrorCode. */
export enum ErrorCode {
  UNAUTHENTICATED = 'UNAUTHENTICATED',
  FORBIDDEN = 'FORBIDDEN',
  NOT_FOUND = 'NOT_FOUND',
  BAD_USER_INPUT = 'BAD_USER_INPUT',
  CONFLICT = 'CONFLICT',
  RATE_LIMITED = 'RATE_LIMITED',
  SERVICE_UNAVAILABLE = 'SERVICE_UNAVAILABLE',
  INTERNAL_SERVER_ERROR = 'INTERNAL_SERVER_ERROR',
}

/** Tells apart the cases of one code, in `extensions.reason`; published as the enum ErrorReason. */
export enum ErrorReason {
  EMAIL_TAKEN = 'EMAIL_TAKEN',
  NICKNAME_TAKEN = 'NICKNAME_TAKEN',
  EMAIL_VERIFIED = 'EMAIL_VERIFIED',
  INVALID_CREDENTIALS = 'INVALID_CREDENTIALS',
  ACCOUNT_SUSPENDED = 'ACCOUNT_SUSPENDED',
  TOKEN_EXPIRED = 'TOKEN_EXPIRED',
  TOKEN_REVOKED = 'TOKEN_REVOKED',
  IDENTITY_TAKEN = 'IDENTITY_TAKEN',
  LAST_SIGN_IN = 'LAST_SIGN_IN',
  SELF_FRIENDSHIP = 'SELF_FRIENDSHIP',
  REQUEST_REJECTED = 'REQUEST_REJECTED',
  NO_PENDING_REQUEST = 'NO_PENDING_REQUEST',
  BLOCKED_BY_VIEWER = 'BLOCKED_BY_VIEWER',
  IDEMPOTENCY_KEY_REUSED = 'IDEMPOTENCY_KEY_REUSED',
  LAST_ADMIN = 'LAST_ADMIN',
  LEADERBOARD_PLAYED = 'LEADERBOARD_PLAYED',
  STALE_VERSION = 'STALE_VERSION',
  USERNAME_TAKEN = 'USERNAME_TAKEN',
  ALREADY_EMPLOYEE = 'ALREADY_EMPLOYEE',
  STATUS_NOT_ALLOWED = 'STATUS_NOT_ALLOWED',
}

interface AppErrorDetails {
  reason?: ErrorReason;
  /** Dotted path of the input that is at fault, e.g. `input.scores.3.userId`. */
  field?: string;
  /** Seconds after which the same call can succeed. */
  retryAfter?: number;
}

/** An error a client is meant to see: its message, code and details are sent as they are. */
export class AppError extends Error {
  readonly reason: ErrorReason | undefined;
  readonly field: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    details: AppErrorDetails = {},
  ) {
    super(message);
    this.name = 'AppError';
    this.reason = details.reason;
    this.field = details.field;
    this.retryAfter = details.retryAfter;
  }
}

/** The input named by `field` (dotted path) breaks a rule that `message` states. */
export function badInput(field: string, message: string): AppError {
  return new AppError(ErrorCode.BAD_USER_INPUT, message, { field });
}

/** What a mutation was asked to act on does not exist, or not for this caller. */
export function notFound(message: string, field?: string): AppError {
  return new AppError(ErrorCode.NOT_FOUND, message, field === undefined ? {} : { field });
}
