import { type AdminSettings, toAdmin } from './config/admin-settings.js';
import { ConfigError } from './config/config-error.js';
import { type Environment, environmentSchema, type LOG_LEVELS } from './config/environment.js';
import { problemsBetween } from './config/problems.js';
import { toTrustProxy, type TrustProxy } from './config/trust-proxy.js';
import type { ProviderSettings } from './identity/provider-settings.js';
import { toTracing, type TracingSettings } from './observability/tracing/settings.js';

/** The settings, as they are read. */
export interface Config {
  production: boolean;
  port: number;
  host: string;
  /** Absent: the embedded database in `dataDir`. */
  databaseUrl: string | undefined;
  /** Standbys of `databaseUrl` that queries may read from. */
  databaseReplicaUrls: string[];
  databasePoolSize: number;
  /** Seconds that a statement of a request may take; half as long it may wait for a lock. */
  databaseTimeout: number;
  /** Where attempts are counted; absent: in the database. */
  redisUrl: string | undefined;
  /** Whether sign-ins and the like are limited. */
  rateLimits: boolean;
  dataDir: string;
  /** Where upgrades leave a backup; absent: only those that are asked to do. */
  backupDir: string | undefined;
  /** Absent outside production only: then a generated one is kept in `dataDir`. */
  tokenSecret: string | undefined;
  apiKey: string | undefined;
  admin: AdminSettings | undefined;
  /** IANA name: zone of the default board and of players without one of their own. */
  seasonTimeZone: string;
  /** How long a deleted account can be had back by signing in, in days. */
  deletionGraceDays: number;
  /** How long posts and the like can be restored after they were deleted, in days. */
  purgeDays: number;
  /** Years that a player must have lived; 0 for everybody. */
  minAge: number;
  /** Nicknames that players cannot take, nor what looks like them. */
  reservedNicknames: string[];
  /** Absent: outside production, mails are files in `dataDir`; in production none is sent. */
  smtpUrl: string | undefined;
  /** Who mails come from. */
  mailFrom: string;
  /** The game, as mails call it. */
  gameName: string;
  /** Where links in mails lead. */
  appUrl: string;
  /** With whom one can sign in, beside a password. */
  oidcProviders: ProviderSettings[];
  /** Where this server is reached from outside. */
  publicUrl: string;
  /** Addresses that a sign-in with a provider may return to. */
  signInReturnUrls: string[];
  logLevel: (typeof LOG_LEVELS)[number];
  /** Operations that take so long are logged; 0 for none. */
  slowOperationMilliseconds: number;
  /** Absent: there are no metrics. */
  metricsPort: number | undefined;
  metricsHost: string;
  /** Absent: nothing is traced. */
  tracing: TracingSettings | undefined;
  /** As Fastify's `trustProxy`: whether to believe forwarding headers, and whose. */
  trustProxy: TrustProxy;
  introspection: boolean;
  explorer: boolean;
  /** File with the operations that clients send by their id. */
  persistedOperations: string | undefined;
  /** Whether every other operation is refused. */
  persistedOnly: boolean;
  corsOrigins: string[];
}

/** The settings as the server runs with them. */
export interface ServerConfig extends Config {
  /** Signs access tokens: TOKEN_SECRET, or outside production one that is kept in `dataDir`. */
  tokenKey: Uint8Array;
}

/**
 * Reads and checks every setting at once.
 * @param environment variables by name; empty ones count as absent, as in an env file
 * @throws ConfigError with all problems together
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(present);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    // What can still be judged is judged, so that one start shows everything there is to mend.
    throw new ConfigError([...problems, ...problemsBetween(present)], productionDatabase(present));
  }
  const problems = problemsBetween(present);
  if (problems.length > 0) {
    throw new ConfigError(problems, productionDatabase(present));
  }
  return toConfig(parsed.data);
}

function productionDatabase(environment: NodeJS.ProcessEnv): { databaseUrl: string } | undefined {
  const url = environmentSchema.shape.DATABASE_URL.safeParse(environment.DATABASE_URL);
  if (environment.NODE_ENV !== 'production' || url.data === undefined) {
    return undefined;
  }
  return { databaseUrl: url.data };
}

function toConfig(environment: Environment): Config {
  const production = environment.NODE_ENV === 'production';
  return {
    production,
    port: environment.PORT,
    host: environment.HOST,
    databaseUrl: environment.DATABASE_URL,
    databaseReplicaUrls: environment.DATABASE_REPLICA_URLS ?? [],
    databasePoolSize: environment.DATABASE_POOL_SIZE,
    databaseTimeout: environment.DATABASE_TIMEOUT,
    redisUrl: environment.REDIS_URL,
    rateLimits: environment.RATE_LIMITS,
    dataDir: environment.DATA_DIR,
    backupDir: environment.BACKUP_DIR,
    tokenSecret: environment.TOKEN_SECRET,
    apiKey: environment.API_KEY,
    admin: toAdmin(environment),
    seasonTimeZone: environment.SEASON_TIME_ZONE,
    deletionGraceDays: environment.DELETION_GRACE_DAYS,
    purgeDays: environment.PURGE_DAYS,
    minAge: environment.MIN_AGE,
    reservedNicknames: environment.RESERVED_NICKNAMES,
    smtpUrl: environment.SMTP_URL,
    mailFrom: environment.MAIL_FROM,
    gameName: environment.GAME_NAME,
    appUrl: environment.APP_URL ?? `http://localhost:${environment.PORT}`,
    oidcProviders: environment.OIDC_PROVIDERS?.providers ?? [],
    publicUrl: environment.PUBLIC_URL ?? `http://localhost:${environment.PORT}`,
    signInReturnUrls: environment.SIGN_IN_RETURN_URLS ?? [],
    logLevel: environment.LOG_LEVEL,
    slowOperationMilliseconds: environment.SLOW_OPERATION_MS,
    metricsPort: environment.METRICS_PORT,
    metricsHost: environment.METRICS_HOST,
    tracing: toTracing(environment),
    trustProxy: toTrustProxy(environment.TRUST_PROXY),
    introspection: environment.INTROSPECTION ?? !production,
    explorer: environment.EXPLORER ?? !production,
    persistedOperations: environment.PERSISTED_OPERATIONS,
    persistedOnly: environment.PERSISTED_ONLY,
    corsOrigins: environment.CORS_ORIGINS ?? (production ? [] : ['https://studio.apollographql.com']),
  };
}
