import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApolloServerPlugin } from '@apollo/server';
import {
  type Context as SpanContext,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { TracerProvider } from '@opentelemetry/sdk-trace';
import {
  ATTR_DB_QUERY_TEXT,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_URL_PATH,
  DB_SYSTEM_NAME_VALUE_POSTGRESQL,
} from '@opentelemetry/semantic-conventions';
import type { FastifyInstance } from 'fastify';
import { type GraphQLSchema, isObjectType } from 'graphql';
import type { Logger } from 'pino';
import type { Context } from '../../context.js';
import { ErrorCode } from '../../errors.js';
import { type FinishedStatement, statementFinished } from '../topics.js';
import { openProvider } from './provider.js';
import type { TracingSettings } from './settings.js';
import { textsReady, verbOf, withoutValues } from './statement-text.js';

/** Spans of resolvers in one request; a page of a hundred has one for each of its items otherwise. */
const MAX_RESOLVER_SPANS = 100;
const MAX_NAME_LENGTH = 64;
/** What is asked every few seconds by machines, and tells nothing. */
const UNTRACED = new Set(['/livez', '/readyz']);
/** Milliseconds until the end does not wait for the receiver any more. */
const FLUSH_PATIENCE = 5000;
const HTTP_SERVER_ERROR = 500;
/** Codes that are the server's fault; the others are the client's. */
const FAULTS: ReadonlySet<string> = new Set([ErrorCode.INTERNAL_SERVER_ERROR, ErrorCode.SERVICE_UNAVAILABLE]);

/** Where spans of a piece of work belong. */
interface Place {
  parent: SpanContext;
  request: { span: Span; resolverSpansLeft: number };
}

declare module 'fastify' {
  interface FastifyRequest {
    place: Place | null;
  }
}

/** Begins to trace. @throws where OpenTelemetry cannot be set up */
export async function openTracing(settings: TracingSettings, log: Logger): Promise<Tracing> {
  await textsReady();
  return new Tracing(openProvider(settings, log));
}

/** Spans of one server: of a request, in it of its operation, in it of resolvers and of SQL statements. */
export class Tracing {
  readonly #tracer: Tracer;
  readonly #places = new AsyncLocalStorage<Place>();
  readonly #propagator = new W3CTraceContextPropagator();
  readonly #endListening: () => void;

  constructor(private readonly provider: TracerProvider) {
    this.#tracer = provider.getTracer('laurel');
    this.#endListening = statementFinished.listen((statement) => this.addStatement(statement));
  }

  /** Traces the requests of that server, as part of the trace that `traceparent` names. */
  followRequests(http: FastifyInstance): void {
    http.decorateRequest('place', null);
    http.addHook('onRequest', (request, _reply, done) => {
      const route = request.routeOptions.url;
      if (route !== undefined && UNTRACED.has(route)) {
        done();
        return;
      }
      const parent = this.#propagator.extract(ROOT_CONTEXT, request.headers, HEADERS);
      const attributes = {
        [ATTR_HTTP_REQUEST_METHOD]: request.method,
        // Of what leads nowhere, and of queries, nothing is told: clients write what they like there.
        ...(route !== undefined && { [ATTR_HTTP_ROUTE]: route, [ATTR_URL_PATH]: request.url.split('?')[0] }),
        'laurel.request_id': request.id,
      };
      const name = route === undefined ? request.method : `${request.method} ${route}`;
      const span = this.#tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
      if (!span.isRecording()) {
        // Not sampled, and so is nothing in it.
        done();
        return;
      }
      request.place = {
        parent: trace.setSpan(parent, span),
        request: { span, resolverSpansLeft: MAX_RESOLVER_SPANS },
      };
      this.#places.run(request.place, done);
    });
    // A body arrives by events of its socket, which know nothing of the request.
    http.addHook('preValidation', (request, _reply, done) => {
      if (request.place === null) {
        done();
        return;
      }
      this.#places.run(request.place, done);
    });
    http.addHook('onResponse', (request, reply, done) => {
      const span = request.place?.request.span;
      span?.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, reply.statusCode);
      if (reply.statusCode >= HTTP_SERVER_ERROR) {
        span?.setStatus({ code: SpanStatusCode.ERROR });
      }
      span?.end();
      done();
    });
  }

  /** Traces operations, from parsing to the answer. */
  operations(): ApolloServerPlugin<Context> {
    return {
      requestDidStart: async () => {
        const place = this.#places.getStore();
        if (place === undefined) {
          return;
        }
        const { parent } = place;
        const span = this.#tracer.startSpan('GraphQL', {}, parent);
        // From here on, what the request does belongs to its operation.
        place.parent = trace.setSpan(parent, span);
        return {
          didResolveOperation: async ({ operation }) => {
            if (operation === undefined) {
              return;
            }
            const name = operation.name?.value.slice(0, MAX_NAME_LENGTH);
            span.updateName(name === undefined ? operation.operation : `${operation.operation} ${name}`);
            span.setAttribute('graphql.operation.type', operation.operation);
            if (name !== undefined) {
              span.setAttribute('graphql.operation.name', name);
            }
          },
          willSendResponse: async ({ response: { body }, queryHash }) => {
            if (queryHash !== undefined) {
              span.setAttribute('laurel.document', queryHash);
            }
            const code = body.kind === 'single' ? body.singleResult.errors?.[0]?.extensions?.['code'] : undefined;
            if (typeof code === 'string') {
              span.setAttribute(ATTR_ERROR_TYPE, code);
              if (FAULTS.has(code)) {
                span.setStatus({ code: SpanStatusCode.ERROR });
              }
            }
            span.end();
            place.parent = parent;
          },
        };
      },
    };
  }

  /** Traces the schema's resolvers, however they are executed; of those that answer at once there is no span. */
  wrapResolvers(schema: GraphQLSchema): void {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type) || type.name.startsWith('__')) {
        continue;
      }
      for (const field of Object.values(type.getFields())) {
        const { resolve } = field;
        if (resolve === undefined) {
          continue;
        }
        const name = `${type.name}.${field.name}`;
        field.resolve = (source, values, context, info) =>
          this.resolver(name, () => resolve(source, values, context, info));
      }
    }
  }

  /** Sends what there is, for a few seconds at most, and traces no more. */
  async close(): Promise<void> {
    this.#endListening();
    // A receiver that is away has been logged, and must not keep the server from its end.
    const sent = this.provider.shutdown().catch(() => undefined);
    await Promise.race([sent, sleep(FLUSH_PATIENCE, undefined, { ref: false })]);
  }

  private resolver(name: string, resolve: () => unknown): unknown {
    const place = this.#places.getStore();
    if (place === undefined || place.request.resolverSpansLeft === 0) {
      return resolve();
    }
    const span = this.#tracer.startSpan(name, {}, place.parent);
    const inside = { ...place, parent: trace.setSpan(place.parent, span) };
    const result = this.#places.run(inside, resolve);
    if (!(result instanceof Promise)) {
      // It was never under way: the span is not ended, and so never sent.
      return result;
    }
    place.request.resolverSpansLeft -= 1;
    result.then(
      () => span.end(),
      () => fail(span),
    );
    return result;
  }

  private addStatement({ text, startedAt, milliseconds, error }: FinishedStatement): void {
    const place = this.#places.getStore();
    if (place === undefined) {
      return;
    }
    const span = this.#tracer.startSpan(
      verbOf(text),
      {
        kind: SpanKind.CLIENT,
        startTime: startedAt,
        attributes: {
          [ATTR_DB_SYSTEM_NAME]: DB_SYSTEM_NAME_VALUE_POSTGRESQL,
          [ATTR_DB_QUERY_TEXT]: withoutValues(text),
        },
      },
      place.parent,
    );
    if (error !== undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(startedAt + milliseconds);
  }
}

const HEADERS = {
  get: (headers: NodeJS.Dict<string | string[]>, key: string) => headers[key],
  keys: (headers: NodeJS.Dict<string | string[]>) => Object.keys(headers),
};

function fail(span: Span): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
