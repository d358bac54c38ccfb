import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import cors from '@fastify/cors';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
  type FastifyError,
  type FastifyReply,
} from 'fastify';
import type { Logger } from 'pino';
import { authenticate } from './account/authentication.js';
import type { ServerConfig } from './config.js';
import { Context } from './context.js';
import type { Database } from './database/database.js';
import { openReplicas, type Replicas } from './database/replicas.js';
import { createErrorFormatter, toRequestError, unavailableStatusPlugin } from './error-format.js';
import { ErrorCode } from './errors.js';
import { CompiledExecution } from './execution/compiled-execution.js';
import { registerExplorer } from './explorer.js';
import { registerHealth } from './health.js';
import { readRouting } from './read-routing.js';
import { createSchema } from './schema.js';
import { primeViewer } from './viewer.js';

export const GRAPHQL_PATH = '/graphql';

const MAX_SELECTIONS = 5000;
const MAX_TOKENS = 2000;
const HTTP_SERVER_ERROR = 500;

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
}

/**
 * Everything but listening: the HTTP server with the API, the explorer and the health endpoints.
 * @param execution what executes operations before Apollo Server would
 * @param openedReplicas where left out, those of the settings; closed when the Apollo Server is stopped
 */
export async function createServer(
  database: Database,
  config: ServerConfig,
  log: Logger,
  execution: ApolloServerPlugin<Context> = new CompiledExecution(),
  openedReplicas?: Replicas,
): Promise<LaurelServer> {
  const logger: FastifyBaseLogger = log;
  const http: FastifyInstance = Fastify({
    loggerInstance: logger,
    trustProxy: config.trustProxy,
    logController: new LogController({ disableRequestLogging: true }),
    // Nothing logs by request, and a logger of its own for each takes its time.
    childLoggerFactory: (parent) => parent,
  });
  http.decorateRequest('arrivedAt', 0);
  http.addHook('onRequest', async (request) => {
    request.arrivedAt = performance.now();
  });
  const requestsInFlight = countRequests(http);
  http.setErrorHandler(async (error: FastifyError, _request, reply) => answerTransportError(error, reply, log));
  const replicas =
    openedReplicas ?? (config.databaseReplicaUrls.length > 0 ? await openReplicas(database, config, log) : undefined);
  const apollo = new ApolloServer<Context>({
    schema: createSchema(),
    introspection: config.introspection,
    // Far above any real operation; the parser is recursive, and what it cannot bear must not reach it.
    parseOptions: { maxTokens: MAX_TOKENS },
    // Fragments that spread each other twice double with each level.
    maxRecursiveSelections: MAX_SELECTIONS,
    hideSchemaDetailsFromClientErrors: !config.introspection,
    includeStacktraceInErrorResponses: false,
    formatError: createErrorFormatter(log),
    logger: log,
    stopOnTerminationSignals: false,
    plugins: [
      fastifyApolloDrainPlugin(http),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      unavailableStatusPlugin,
      ...(replicas === undefined ? [] : [readRouting(replicas)]),
      execution,
    ],
  });
  await apollo.start();

  if (config.corsOrigins.length > 0) {
    await http.register(cors, {
      origin: config.corsOrigins.includes('*') ? true : config.corsOrigins,
      methods: ['GET', 'POST'],
      maxAge: 86_400,
    });
  }
  await http.register(fastifyApollo(apollo), {
    path: GRAPHQL_PATH,
    context: (request: FastifyRequest) => createContext(database, config, log, request),
  });
  const health = registerHealth(http, database);
  if (config.explorer) {
    await registerExplorer(http, GRAPHQL_PATH);
  }
  return { http, apollo, markUnready: (reason) => health.markUnready(reason), requestsInFlight };
}

/** What fails before GraphQL sees it, such as malformed JSON, is answered in the same shape as every other error. */
function answerTransportError(error: FastifyError, reply: FastifyReply, log: Logger): FastifyReply {
  const status = error.statusCode ?? HTTP_SERVER_ERROR;
  const ours = status >= HTTP_SERVER_ERROR;
  if (ours) {
    log.error({ err: error }, 'A request failed by a fault of the server');
  }
  const message = ours ? 'The server failed to answer this.' : error.message;
  const code = ours ? ErrorCode.INTERNAL_SERVER_ERROR : 'BAD_REQUEST';
  return reply.code(status).send({ errors: [{ message, extensions: { code } }] });
}

function countRequests(http: FastifyInstance): () => number {
  let inFlight = 0;
  http.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith(GRAPHQL_PATH)) {
      inFlight += 1;
      // Closed, not finished: a client that hangs up is no longer waited for.
      reply.raw.once('close', () => {
        inFlight -= 1;
      });
    }
  });
  return () => inFlight;
}

async function createContext(
  database: Database,
  config: ServerConfig,
  log: Logger,
  request: FastifyRequest,
): Promise<Context> {
  const em = database.orm.em.fork();
  try {
    const caller = await authenticate(em, config, request.headers);
    const context = new Context(em, config, caller, log, request.arrivedAt);
    if (caller.kind === 'user') {
      primeViewer(context, caller);
    }
    return context;
  } catch (error) {
    throw toRequestError(error);
  }
}
