import { randomUUID } from 'node:crypto';
import { isNativeError } from 'node:util/types';
import { HeaderMap } from '@apollo/server';
import type { GraphQLFormattedError } from 'graphql';
import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { isUnavailable } from './database/unavailable.js';
import { AppError, ErrorCode } from './errors.js';

const HTTP_UNAVAILABLE = 503;
/** Seconds a client is told to wait when the database could not be had. */
const RETRY_AFTER_SECONDS = 1;

/** Which variable is wrong, and what inside it: graphql-js says it in words only, around the value as JSON. */
const WRONG_VARIABLE = /^Variable "\$(\w+)" /;
const WRONG_PATH = /^Variable .* at "([^"]+)"; /s;
const WRONG_FIELD = /; Field "(\w+)" (?:of required type|is not defined by type) [^;]+$/;

/**
 * The one formatter of errors: an AppError is sent as it is, errors of the GraphQL layer keep their code, and
 * everything else is masked behind an id that is in the log.
 * @param suggests whether an error may go on with names of the schema that look like what was sent
 */
export function createErrorFormatter(log: Logger, suggests: boolean) {
  const told = (message: string): string => (suggests ? message : withoutSuggestion(message));
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const original = rootCause(error);
    if (original instanceof AppError) {
      return { ...withoutExtensions(formatted), message: original.message, extensions: extensionsOf(original) };
    }
    if (isUnavailable(original)) {
      log.error({ err: original }, 'The database could not be had');
      return unavailable(formatted);
    }
    if (original instanceof GraphQLError && isClientMistake(original)) {
      return mistake(formatted, told(original.message));
    }
    if (original instanceof GraphQLError && isGraphQLCode(formatted)) {
      return { ...formatted, message: told(formatted.message), extensions: graphqlExtensions(formatted) };
    }
    if (isTooDeep(formatted, original)) {
      return { message: 'The document is nested too deeply.', extensions: { code: PARSE_FAILED } };
    }
    const errorId = randomUUID();
    log.error({ err: original, errorId }, 'A request failed by a fault of the server');
    return {
      ...withoutExtensions(formatted),
      message: `The server failed to answer this. The error is in its log as ${errorId}.`,
      extensions: { code: ErrorCode.INTERNAL_SERVER_ERROR, errorId },
    };
  };
}

/**
 * What failed a request before its execution, with the HTTP status to answer with: AppErrors, and a database that
 * could not be had. Anything else is returned as it is, and masked by the formatter.
 */
export function toRequestError(error: unknown): unknown {
  if (error instanceof AppError) {
    const status = error.code === ErrorCode.UNAUTHENTICATED ? 401 : 400;
    return new GraphQLError(error.message, {
      originalError: error,
      extensions: { ...extensionsOf(error), http: { status } },
    });
  }
  if (isNativeError(error) && isUnavailable(error)) {
    return new GraphQLError('The database could not be had.', {
      originalError: error,
      extensions: {
        http: { status: HTTP_UNAVAILABLE, headers: new HeaderMap([['retry-after', `${RETRY_AFTER_SECONDS}`]]) },
      },
    });
  }
  return error;
}

/** What graphql-js ends a message with where something of the schema has a similar name. */
const SUGGESTION = ' Did you mean ';

function withoutSuggestion(message: string): string {
  const start = message.lastIndexOf(SUGGESTION);
  return start !== -1 && message.endsWith('?') ? message.slice(0, start) : message;
}

/** What was thrown: graphql-js and Apollo wrap it, a failure of the request's context included. */
function rootCause(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError !== undefined ? rootCause(error.originalError) : error;
}

function extensionsOf(error: AppError): Record<string, unknown> {
  return {
    code: error.code,
    ...(error.reason !== undefined && { reason: error.reason }),
    ...(error.field !== undefined && { field: error.field }),
    ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }),
  };
}

function withoutExtensions({ locations, path }: GraphQLFormattedError): Omit<GraphQLFormattedError, 'message'> {
  return { ...(locations && { locations }), ...(path && { path }) };
}

function unavailable(formatted: GraphQLFormattedError): GraphQLFormattedError {
  return {
    ...withoutExtensions(formatted),
    message: 'The server cannot reach its database right now. Try again in a moment.',
    extensions: { code: ErrorCode.SERVICE_UNAVAILABLE, retryAfter: RETRY_AFTER_SECONDS },
  };
}

/** What graphql-js finds only while executing, and gives no code: null for an argument, an operation we have not. */
const NULL_ARGUMENT = /^Argument "(\w+)" of /;
const UNKNOWN_OPERATION = /^Schema is not configured to execute /;

function isClientMistake({ message, extensions }: GraphQLError): boolean {
  return extensions['code'] === undefined && (NULL_ARGUMENT.test(message) || UNKNOWN_OPERATION.test(message));
}

function mistake(formatted: GraphQLFormattedError, message: string): GraphQLFormattedError {
  const field = NULL_ARGUMENT.exec(message)?.[1];
  return {
    ...withoutExtensions(formatted),
    message,
    extensions: { code: ErrorCode.BAD_USER_INPUT, ...(field !== undefined && { field }) },
  };
}

const PARSE_FAILED = 'GRAPHQL_PARSE_FAILED';

/** The parser is recursive: of brackets within brackets, fewer than it has tokens for exhaust its stack. */
function isTooDeep({ extensions }: GraphQLFormattedError, original: unknown): boolean {
  return original instanceof RangeError && extensions?.['code'] === PARSE_FAILED;
}

function isGraphQLCode({ extensions }: GraphQLFormattedError): boolean {
  return extensions?.['code'] !== undefined && extensions['code'] !== ErrorCode.INTERNAL_SERVER_ERROR;
}

function graphqlExtensions({ message, extensions }: GraphQLFormattedError): Record<string, unknown> {
  const { stacktrace: _, ...rest } = extensions ?? {};
  const variable = WRONG_VARIABLE.exec(message)?.[1];
  if (rest['code'] !== ErrorCode.BAD_USER_INPUT || variable === undefined || 'field' in rest) {
    return rest;
  }
  const path = WRONG_PATH.exec(message)?.[1] ?? variable;
  const child = WRONG_FIELD.exec(message)?.[1];
  const field = child === undefined ? path : `${path}.${child}`;
  return { ...rest, field: field.replaceAll(/\[(\d+)\]/g, '.$1') };
}
