import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { ensureAdmin } from '../account/admin.service.js';
import { loadTokenKey } from '../account/token-key.js';
import { type Config, ConfigError, loadConfig } from '../config.js';
import { type Database, openDatabase } from '../database/database.js';
import { settleDefaultZone } from '../leaderboard/leaderboard.service.js';
import { createLog } from '../log.js';
import { pendingMigrations } from '../migrate/status.js';
import { upgrade } from '../migrate/upgrade.js';
import { DEMO_LOGIN, hasDemoLogin, isEmpty, seedDemo } from '../seed/seed.service.js';
import { createServer, GRAPHQL_PATH, type LaurelServer } from '../server.js';
import { reportFailure } from './command.js';

/** How long readyz has answered 503 before the server stops listening, so that load balancers see it first. */
const NOTICE_MILLISECONDS = 5000;
/** How long requests in flight may take to finish; the usual grace period of orchestrators is 30 seconds. */
const DRAIN_MILLISECONDS = 20_000;
const POLL_MILLISECONDS = 20;

/** `laurel serve`: the server. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('start the server')
    .addHelpText('after', '\nExample:\n  PORT=8080 laurel serve')
    .action(serve);
}

async function serve(): Promise<void> {
  const config = await loadSettings();
  const log = createLog(config.logLevel);
  const database = await openDatabase(config);
  try {
    const { prepared, demo } = await prepare(database, config, log);
    const server = await createServer(database, { ...config, tokenKey: loadTokenKey(config) }, log);
    if (!prepared) {
      server.markUnready('started with migrations pending: run `laurel migrate upgrade`, then start again');
    }
    const address = await server.http.listen({ port: config.port, host: config.host });
    console.log(
      `Laurel is ready at ${address}${config.explorer ? '' : GRAPHQL_PATH}` +
        (demo ? `\nTo look around, sign in as ${DEMO_LOGIN.email} with the password ${DEMO_LOGIN.password}` : ''),
    );
    stopOnSignals(server, database, config.production ? NOTICE_MILLISECONDS : 0, log);
  } catch (error) {
    await database.close();
    throw error;
  }
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
    await ensureAdmin(em, config.admin);
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

function stopOnSignals(server: LaurelServer, database: Database, noticeMs: number, log: Logger): void {
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
    await database.close();
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
