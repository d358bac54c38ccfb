import type { ApolloServerPlugin, GraphQLRequestContextWillSendResponse } from '@apollo/server';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import type { Context } from '../context.js';
import { isUnavailable } from '../database/unavailable.js';
import { AppError, ErrorCode } from '../errors.js';
import { currentRequest, type RequestScope } from './request-scope.js';
import { operationFinished, type Outcome } from './topics.js';

/** Characters of an operation's name in the log; clients choose it. */
const MAX_NAME_LENGTH = 64;

/** What tells more than the other errors of an answer. */
const GRAVE: ReadonlySet<unknown> = new Set([ErrorCode.INTERNAL_SERVER_ERROR, ErrorCode.SERVICE_UNAVAILABLE]);

export interface ObservedOperations {
  /** Operations that take so long are logged; 0 for none. */
  slowOperationMilliseconds: number;
  /** Whether ids of operations are looked up in the operator's file, and nowhere else. */
  hasPersistedOperations: boolean;
}

/** Tells of each operation when its answer is ready, and logs the slow ones: what it was, but no variables. */
export function observeOperations(
  { slowOperationMilliseconds, hasPersistedOperations }: ObservedOperations,
  log: Logger,
): ApolloServerPlugin<Context> {
  const slowFrom = slowOperationMilliseconds === 0 ? Infinity : slowOperationMilliseconds;
  const listener = {
    async willSendResponse(request: GraphQLRequestContextWillSendResponse<Context>): Promise<void> {
      const scope = currentRequest();
      if (scope === undefined) {
        return;
      }
      const milliseconds = performance.now() - scope.startedAt;
      if (milliseconds >= slowFrom) {
        log.warn(describe(request, scope, milliseconds), 'An operation was slow');
      }
      if (operationFinished.isHeard) {
        const { operation, metrics, response } = request;
        operationFinished.tell({
          name: operation?.name?.value,
          isPersisted: hasPersistedOperations && metrics.persistedQueryHit === true,
          type: operation?.operation,
          outcome: outcomeOf(response.body.kind === 'single' ? response.body.singleResult.errors : undefined),
          milliseconds,
        });
      }
    },
  };
  return {
    async requestDidStart() {
      return listener;
    },
    async contextCreationDidFail({ error }) {
      operationFinished.tell({
        name: undefined,
        isPersisted: false,
        type: undefined,
        outcome: outcomeOfFailure(error),
        milliseconds: 0,
      });
    },
  };
}

function describe(
  { operation, queryHash, response: { body } }: GraphQLRequestContextWillSendResponse<Context>,
  { statements, sqlMilliseconds }: RequestScope,
  milliseconds: number,
): Record<string, unknown> {
  return {
    operation: operation?.name?.value.slice(0, MAX_NAME_LENGTH) ?? 'anonymous',
    type: operation?.operation,
    document: queryHash,
    outcome: outcomeOf(body.kind === 'single' ? body.singleResult.errors : undefined),
    milliseconds: Math.round(milliseconds),
    statements,
    sqlMilliseconds: Math.round(sqlMilliseconds),
  };
}

function outcomeOf(errors: readonly GraphQLFormattedError[] | undefined): Outcome {
  if (errors === undefined || errors.length === 0) {
    return 'ok';
  }
  const codes = errors.map(({ extensions }) => extensions?.['code']);
  return String(codes.find((code) => GRAVE.has(code)) ?? codes[0]);
}

function outcomeOfFailure(error: unknown): Outcome {
  const original = error instanceof GraphQLError ? error.originalError : error;
  if (original instanceof AppError) {
    return original.code;
  }
  return isUnavailable(original) ? ErrorCode.SERVICE_UNAVAILABLE : ErrorCode.INTERNAL_SERVER_ERROR;
}
