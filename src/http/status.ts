import type { ApolloServerPlugin, GraphQLRequestContextWillSendResponse, HeaderMap } from '@apollo/server';
import type { GraphQLFormattedError } from 'graphql';
import type { Context } from '../context.js';
import { ErrorCode } from '../errors.js';

const HTTP_OK = 200;
const HTTP_BAD_REQUEST = 400;
const HTTP_TOO_MANY_REQUESTS = 429;
const HTTP_UNAVAILABLE = 503;

/** What a document is refused with, or its variables: GraphQL's answer to them, whatever HTTP's. */
const REFUSED_DOCUMENT = new Set(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT']);

/**
 * The HTTP status where it is not Apollo Server's. Where nothing could be answered: 503 because the database could not
 * be had or the server is overloaded, 429 because it was too often, each with when to try again. And 200 with a refused
 * document for who takes application/json alone, which says nothing about statuses.
 */
export const statusPlugin: ApolloServerPlugin<Context> = {
  async requestDidStart() {
    return listener;
  },
};

const listener = { willSendResponse: setStatus };

async function setStatus({
  request,
  response: { http, body },
}: GraphQLRequestContextWillSendResponse<Context>): Promise<void> {
  if (body.kind !== 'single') {
    return;
  }
  const { data, errors } = body.singleResult;
  if (errors === undefined) {
    return;
  }
  if (Object.values(data ?? {}).every((answer) => answer === null)) {
    const status = statusOfRefusal(errors);
    if (status !== undefined) {
      http.status = status;
      setRetryAfter(http.headers, errors);
    }
  }
  const isRefused =
    data === undefined && errors.every(({ extensions }) => REFUSED_DOCUMENT.has(String(extensions?.['code'])));
  if (http.status === HTTP_BAD_REQUEST && isRefused && takesPlainJsonAlone(request.http?.headers.get('accept'))) {
    http.status = HTTP_OK;
  }
}

function statusOfRefusal(errors: readonly GraphQLFormattedError[]): number | undefined {
  const codes = new Set(errors.map(({ extensions }) => extensions?.['code']));
  if (codes.has(ErrorCode.SERVICE_UNAVAILABLE)) {
    return HTTP_UNAVAILABLE;
  }
  return codes.has(ErrorCode.RATE_LIMITED) ? HTTP_TOO_MANY_REQUESTS : undefined;
}

function setRetryAfter(headers: HeaderMap, errors: readonly GraphQLFormattedError[]): void {
  const waits = errors.flatMap(({ extensions }) =>
    typeof extensions?.['retryAfter'] === 'number' ? [extensions['retryAfter']] : [],
  );
  if (waits.length > 0) {
    headers.set('retry-after', String(Math.ceil(Math.max(...waits))));
  }
}

function takesPlainJsonAlone(accept: string | undefined): boolean {
  return accept !== undefined && accept.split(',').every((type) => /^\s*application\/json\s*(;|$)/i.test(type));
}
