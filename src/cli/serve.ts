import cluster from 'node:cluster';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { Logger } from 'pino';
import { ensureAdmin } from '../account/admin.service.js';
import { loadTokenKey } from '../account/token-key.js';
import { type Config, loadConfig } from '../config.js';
import { ConfigError } from '../config/config-error.js';
import { type Database, openDatabase } from '../database/database.js';
import { Jobs } from '../jobs/jobs.js';
import { jobKinds } from '../jobs/kinds.js';
import { JOBS_SCHEMA } from '../jobs/schema.js';
import { settleDefaultZone } from '../leaderboard/leaderboard.service.js';
import { createLog } from '../log.js';
import { createMailer } from '../mail/mailer.js';
import type { Metrics } from '../observability/metrics.js';
import { openMetrics, openWorkerMetrics, serveMetricsOfWorkers } from '../observability/serve-metrics.js';
import { pendingMigrations } from '../migrate/status.js';
import { upgrade } from '../migrate/upgrade.js';
import { DEMO_LOGIN, hasDemoLogin, isEmpty, seedDemo } from '../seed/seed.service.js';
import { createServer, GRAPHQL_PATH, type LaurelServer } from '../server.js';
import { CommandError, reportFailure } from './command.js';
import { superviseWorkers } from './workers.js';

/** How long readyz has answered 503 before the server stops listening, so that load balancers see it first. */
const NOTICE_MILLISECONDS = 5000;
/** How long requests in flight may take to finish; the usual grace period of orchestrators is 30 seconds. */
const DRAIN_MILLISECONDS = 20_000;
const POLL_MILLISECONDS = 20;

const MAX_WORKERS = 64;

/** `laurel serve`: the server. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('start the server')
    .option('--workers <number>', 'how many processes serve the port; takes a DATABASE_URL', workerCount, 1)
    .addHelpText('after', '\nExamples:\n  PORT=8080 laurel serve\n  laurel serve --workers 4')
    .action(serve);
}

function workerCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MAX_WORKERS) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_WORKERS}.`);
  }
  return count;
}

async function serve({ workers }: { workers: number }, command: Command): Promise<void> {
  const config = await loadSettings();
  const log = createLog(config.logLevel);
  if (cluster.isWorker) {
    await serveAsWorker(config, log);
    return;
  }
  if (workers > 1 && config.databaseUrl === undefined) {
    command.error('error: several workers need a PostgreSQL server: set DATABASE_URL');
  }
  if (workers > 1) {
    await serveByWorkers(workers, config, log);
    return;
  }
  await serveAlone(config, log);
}

async function serveAlone(config: Config, log: Logger): Promise<void> {
  const served = await openMetrics(config, log);
  const database = await openDatabase({ ...config, statementTimeout: config.databaseTimeout });
  try {
    const { prepared, demo } = await prepare(database, config, log);
    announce(await listen(database, config, prepared, log, served?.metrics), config, demo);
  } catch (error) {
    served?.server.close();
    await database.close();
    throw error;
  }
}

/** What is done once is done before the workers start. */
async function serveByWorkers(workers: number, config: Config, log: Logger): Promise<void> {
  loadTokenKey(config);
  const database = await openDatabase({ ...config, databasePoolSize: 1 });
  let demo: boolean;
  try {
    ({ demo } = await prepare(database, config, log));
  } finally {
    await database.close();
  }
  await serveMetricsOfWorkers(config, log);
  superviseWorkers(workers, log, (port) => announce(`http://${hostInUrl(config.host)}:${port}`, config, demo));
}

async function serveAsWorker(config: Config, log: Logger): Promise<void> {
  const metrics = await openWorkerMetrics(config);
  const database = await openDatabase({ ...config, statementTimeout: config.databaseTimeout });
  try {
    const pending = await pendingMigrations(database);
    await listen(database, config, pending.length === 0, log, metrics);
  } catch (error) {
    await database.close();
    // The channel to the supervisor would keep the process.
    cluster.worker?.disconnect();
    throw error;
  }
}

/** @returns the address */
async function listen(
  database: Database,
  config: Config,
  prepared: boolean,
  log: Logger,
  metrics: Metrics | undefined,
): Promise<string> {
  const work = prepared ? await startWork(database, config, log) : undefined;
  try {
    const serverConfig = { ...config, tokenKey: loadTokenKey(config) };
    const server = await createServer(database, serverConfig, log, undefined, undefined, work?.mails);
    metrics?.watch({
      database,
      requestsInFlight: () => server.requestsInFlight(),
      replicaConnections: () => server.replicaConnections(),
    });
    if (!prepared) {
      server.markUnready('started with migrations pending: run `laurel migrate upgrade`, then start again');
    }
    const address = await server.http.listen({ port: config.port, host: config.host });
    stopOnSignals({ server, database, work }, config.production ? NOTICE_MILLISECONDS : 0, log);
    return address;
  } catch (error) {
    // The job runner would keep the process.
    await work?.stop();
    throw error;
  }
}

interface Work {
  /** Where mails can be asked for; undefined where this server sends none. */
  mails: Jobs | undefined;
  stop(): Promise<void>;
}

/** Begins with what is done beside requests. */
async function startWork(database: Database, config: Config, log: Logger): Promise<Work> {
  const mailer = createMailer(config, log);
  const kinds = jobKinds(config, mailer);
  const jobs = await Jobs.open(database, config.databaseUrl, kinds, log).catch((error: Error) => {
    mailer?.close();
    throw new CommandError(
      `The job runner could not be started: ${error.message}. It makes its tables in the schema ${JOBS_SCHEMA} by itself: grant the role of DATABASE_URL create on the database.`,
    );
  });
  await jobs.work(database.orm.em, kinds);
  return {
    mails: mailer && jobs,
    stop: async () => {
      await jobs.stop();
      mailer?.close();
    },
  };
}

function announce(address: string, config: Config, demo: boolean): void {
  console.log(
    `Laurel is ready at ${address}${config.explorer ? '' : GRAPHQL_PATH}` +
      (demo ? `\nTo look around, sign in as ${DEMO_LOGIN.email} with the password ${DEMO_LOGIN.password}` : ''),
  );
}

function hostInUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** In production, a start that is refused names every reason at once: pending migrations beside the settings. */
async function loadSettings(): Promise<Config> {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError) || error.production === undefined) {
      throw error;
    }
    throw new ConfigError([...error.problems, ...(await databaseProblems(error.production.databaseUrl))]);
  }
}

async function databaseProblems(databaseUrl: string): Promise<string[]> {
  try {
    const database = await openDatabase({ databaseUrl, databasePoolSize: 1, dataDir: '' });
    try {
      return pendingProblems(await pendingMigrations(database));
    } finally {
      await database.close();
    }
  } catch {
    return ['DATABASE_URL: the database cannot be reached'];
  }
}

function pendingProblems(pending: string[]): string[] {
  return pending.length === 0 ? [] : [`${pending.length} migrations are pending; run \`laurel migrate upgrade\` first`];
}

/**
 * Brings the database to where the server can work with it, or refuses.
 * @returns whether it is there, and whether there is a demo login to tell of
 */
async function prepare(database: Database, config: Config, log: Logger): Promise<{ prepared: boolean; demo: boolean }> {
  if (database.embedded) {
    await upgrade(database);
  } else if (!(await checkMigrations(database, config, log))) {
    return { prepared: false, demo: false };
  }
  const em = database.orm.em.fork();
  await settleDefaultZone(em, config.seasonTimeZone);
  if (database.embedded && (await isEmpty(em))) {
    const { rows } = await seedDemo(em);
    log.info({ rows }, 'The empty database has got demo data');
  }
  if (config.admin !== undefined) {
    const admin = await ensureAdmin(em, config.admin);
    if (admin === undefined) {
      log.warn('ADMIN_EMAIL is of an account whose address nobody has confirmed: it was not made an admin');
    }
  }
  return { prepared: true, demo: await hasDemoLogin(em) };
}

/** @returns whether the schema is current */
async function checkMigrations(database: Database, config: Config, log: Logger): Promise<boolean> {
  const pending = await pendingMigrations(database);
  if (pending.length === 0) {
    return true;
  }
  if (config.production) {
    throw new ConfigError(pendingProblems(pending));
  }
  log.warn(
    { pending },
    'Migrations are pending: run `laurel migrate upgrade` and start again. Until then readyz answers 503',
  );
  return false;
}

interface Running {
  server: LaurelServer;
  database: Database;
  work: Work | undefined;
}

function stopOnSignals({ server, database, work }: Running, noticeMs: number, log: Logger): void {
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) {
      return;
    }
    stopping = true;
    log.info({ signal }, 'Shutting down: requests in flight are finished first');
    server.markUnready('shutting down');
    await sleep(noticeMs);
    await drain(server);
    await server.apollo.stop();
    await server.http.close();
    await work?.stop();
    await database.close();
    // The channel to a supervisor would keep the process.
    cluster.worker?.disconnect();
    log.info('Shut down');
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stop(signal).catch(reportFailure);
    });
  }
}

/** Waits until no request is in flight, still listening, so that readyz can answer 503 meanwhile. */
async function drain(server: LaurelServer): Promise<void> {
  const deadline = performance.now() + DRAIN_MILLISECONDS;
  while (server.requestsInFlight() > 0 && performance.now() < deadline) {
    await sleep(POLL_MILLISECONDS);
  }
}
