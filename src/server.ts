import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import cors from '@fastify/cors';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { authenticate } from './account/authentication.js';
import type { ServerConfig } from './config.js';
import { Context } from './context.js';
import type { Connections, Database } from './database/database.js';
import { openReplicas, type Replicas } from './database/replicas.js';
import { createErrorFormatter, toRequestError } from './error-format.js';
import { CompiledExecution } from './execution/compiled-execution.js';
import { registerExplorer } from './explorer.js';
import { registerHealth } from './health.js';
import { answerClientError, answerInJson, answerTransportError, refuseUnfit } from './http/answers.js';
import { addSecurityHeaders } from './http/security-headers.js';
import { statusPlugin } from './http/status.js';
import { registerSignIn } from './identity/sign-in.routes.js';
import type { Jobs } from './jobs/jobs.js';
import { Limiter } from './limits/limiter.js';
import { readPersistedOperations, refuseOtherOperations } from './limits/persisted-operations.js';
import { limitCost } from './limits/query-limits.js';
import { limitShape } from './limits/query-shape.js';
import { shedLoad } from './limits/shedding.js';
import { openCounterStore } from './limits/store.js';
import { observeOperations } from './observability/operations.js';
import { requestIds } from './observability/request-id.js';
import { followRequests } from './observability/request-scope.js';
import type { Tracing } from './observability/tracing/tracing.js';
import { readRouting } from './read-routing.js';
import { createSchema } from './schema.js';
import { registerCalendar } from './staff/calendar.routes.js';
import { primeViewer } from './viewer.js';

export const GRAPHQL_PATH = '/graphql';

const MAX_SELECTIONS = 5000;
const MAX_TOKENS = 2000;
/** Room for the longest post there is, 100,000 characters, with each written as two escapes. */
const MAX_BODY_BYTES = 1280 * 1024;
/** Milliseconds in which a request must have arrived as a whole. */
const ARRIVAL_TIMEOUT = 30_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** When the request arrived, by `performance.now()`. */
    arrivedAt: number;
  }
}

export interface LaurelServer {
  http: FastifyInstance;
  apollo: ApolloServer<Context>;
  /** From now on readyz answers 503 with that reason, so that no new traffic is sent here. */
  markUnready(reason: string): void;
  /** API requests that have not been answered yet. */
  requestsInFlight(): number;
  /** The connections to all read replicas together; undefined where there are none. */
  replicaConnections(): Connections | undefined;
}

/**
 * Everything but listening: the HTTP server with the API, the explorer and the health endpoints.
 * @param execution what executes operations before Apollo Server would
 * @param openedReplicas where left out, those of the settings; closed when the Apollo Server is stopped
 * @param jobs does work beside requests; where left out, no mail is sent
 */
export async function createServer(
  database: Database,
  config: ServerConfig,
  log: Logger,
  execution: ApolloServerPlugin<Context> = new CompiledExecution(),
  openedReplicas?: Replicas,
  jobs?: Jobs,
): Promise<LaurelServer> {
  const logger: FastifyBaseLogger = log;
  const http: FastifyInstance = Fastify({
    loggerInstance: logger,
    trustProxy: config.trustProxy,
    genReqId: requestIds(config.trustProxy),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: ARRIVAL_TIMEOUT,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      answerTransportError(error, reply, log);
    },
    logController: new LogController({ disableRequestLogging: true }),
    // Nothing logs by request, and a logger of its own for each takes its time.
    childLoggerFactory: (parent) => parent,
  });
  const tracing = await startTracing(http, config, log);
  followRequests(http);
  http.decorateRequest('arrivedAt', 0);
  http.addHook('onRequest', (request, _reply, done) => {
    request.arrivedAt = performance.now();
    done();
  });
  await addSecurityHeaders(http, config.production);
  answerInJson(http, GRAPHQL_PATH, log);
  const replicas =
    openedReplicas ?? (config.databaseReplicaUrls.length > 0 ? await openReplicas(database, config, log) : undefined);
  const operations =
    config.persistedOperations === undefined ? undefined : readPersistedOperations(config.persistedOperations);
  const schema = createSchema();
  tracing?.wrapResolvers(schema);
  const apollo = new ApolloServer<Context>({
    schema,
    introspection: config.introspection,
    // Far above any real operation; the parser is recursive, and what it cannot bear must not reach it.
    parseOptions: { maxTokens: MAX_TOKENS },
    // Fragments that spread each other twice double with each level.
    maxRecursiveSelections: MAX_SELECTIONS,
    validationRules: [limitShape],
    hideSchemaDetailsFromClientErrors: !config.introspection,
    ...(operations !== undefined && { persistedQueries: { cache: operations, ttl: null } }),
    includeStacktraceInErrorResponses: false,
    formatError: createErrorFormatter(log, config.introspection),
    logger: log,
    stopOnTerminationSignals: false,
    plugins: [
      fastifyApolloDrainPlugin(http),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      statusPlugin,
      ...(tracing === undefined ? [] : [tracing.operations()]),
      observeOperations({ ...config, hasPersistedOperations: operations !== undefined }, log),
      limitCost(!config.production),
      ...(replicas === undefined ? [] : [readRouting(replicas)]),
      execution,
    ],
  });
  await apollo.start();
  const limiter = config.rateLimits ? openLimiter(http, database, config, log) : undefined;

  if (config.corsOrigins.length > 0) {
    await http.register(cors, {
      origin: config.corsOrigins.includes('*') ? true : config.corsOrigins,
      methods: ['GET', 'POST'],
      exposedHeaders: ['x-request-id'],
      // What is no preflight is answered as it is anywhere else.
      strictPreflight: false,
      maxAge: 86_400,
    });
  }
  let requestsInFlight = (): number => 0;
  // A scope of its own: its hooks are for whatever reaches the API, however its address is written.
  await http.register(async (api) => {
    requestsInFlight = countRequests(api);
    await shedLoad(api, requestsInFlight, config.production);
    refuseUnfit(api);
    if (operations !== undefined && config.persistedOnly) {
      refuseOtherOperations(api, operations);
    }
    await api.register(fastifyApollo(apollo), {
      path: GRAPHQL_PATH,
      method: ['GET', 'POST'],
      context: (request: FastifyRequest) => createContext(database, config, log, request, jobs, limiter),
    });
  });
  registerSignIn(http, database, config, log, limiter);
  registerCalendar(http, database, config);
  const health = registerHealth(http, database);
  if (config.explorer) {
    await registerExplorer(http, GRAPHQL_PATH);
  }
  return {
    http,
    apollo,
    markUnready: (reason) => health.markUnready(reason),
    requestsInFlight: () => requestsInFlight(),
    replicaConnections: () => replicas?.connections(),
  };
}

/** Nothing of it is loaded where nothing is traced. Closed with the HTTP server. */
async function startTracing(http: FastifyInstance, config: ServerConfig, log: Logger): Promise<Tracing | undefined> {
  if (config.tracing === undefined) {
    return undefined;
  }
  const { openTracing } = await import('./observability/tracing/tracing.js');
  const tracing = await openTracing(config.tracing, log);
  tracing.followRequests(http);
  http.addHook('onClose', () => tracing.close());
  return tracing;
}

/** Closed with the HTTP server. */
function openLimiter(http: FastifyInstance, database: Database, config: ServerConfig, log: Logger): Limiter {
  const store = openCounterStore(database, config.redisUrl, log);
  http.addHook('onClose', async () => store.close());
  return new Limiter(store, config.tokenKey);
}

function countRequests(api: FastifyInstance): () => number {
  let inFlight = 0;
  api.addHook('onRequest', (_request, reply, done) => {
    inFlight += 1;
    // Closed, not finished: a client that hangs up is no longer waited for.
    reply.raw.once('close', () => {
      inFlight -= 1;
    });
    done();
  });
  return () => inFlight;
}

async function createContext(
  database: Database,
  config: ServerConfig,
  log: Logger,
  request: FastifyRequest,
  jobs: Jobs | undefined,
  limiter: Limiter | undefined,
): Promise<Context> {
  const em = database.orm.em.fork();
  try {
    const caller = await authenticate(em, config, request.headers);
    const client = { address: request.ip, userAgent: request.headers['user-agent'] ?? null };
    const context = new Context(em, config, caller, log, request.arrivedAt, client, jobs, limiter);
    if (caller.kind === 'user') {
      primeViewer(context, caller);
    }
    return context;
  } catch (error) {
    throw toRequestError(error);
  }
}
