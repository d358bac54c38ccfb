import { isIP } from 'node:net';
import { z } from 'zod';
import { checkBirthDate } from './account/birth-date.js';
import { normalizeNickname } from './account/nickname.js';
import { AppError } from './errors.js';
import { isHttpsOrLoopback, type ProviderSettings, readProviders } from './identity/provider-settings.js';
import { isReturnAddress } from './identity/return-address.js';
import { toTracing, tracingVariables, type TracingSettings } from './observability/tracing/settings.js';
import { isTimeZone } from './shared/time-zone.js';

/** Secrets that appear in examples and documentation: refused in production. */
const EXAMPLE_SECRETS = new Set([
  'change-me-change-me-change-me-change-me',
  'replace-with-the-output-of-openssl-rand-hex-32',
]);
const MIN_SECRET_BYTES = 32;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const POSTGRES_URL = /^postgres(ql)?:\/\//;

/** What players take for somebody who speaks for the game. */
const RESERVED_NICKNAMES = [
  'admin',
  'administrator',
  'moderator',
  'mod',
  'support',
  'system',
  'staff',
  'official',
  'laurel',
];

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const date = z.iso.date('must be a date, YYYY-MM-DD');
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const environmentSchema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: z.coerce.number('must be a number').int().min(0).max(65_535).default(4000),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATABASE_URL: z.string().regex(POSTGRES_URL, 'must start with postgres:// or postgresql://').optional(),
  DATABASE_REPLICA_URLS: list
    .refine(
      (urls) => urls.every((url) => POSTGRES_URL.test(url)),
      'must be URLs like that of DATABASE_URL, with commas between',
    )
    .optional(),
  DATABASE_POOL_SIZE: z.coerce.number('must be a number').int().min(1).max(1000).default(10),
  DATABASE_TIMEOUT: z.coerce.number('must be a number of seconds').int().min(1).max(600).default(10),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must start with redis:// or rediss://')
    .optional(),
  RATE_LIMITS: flag.default(true),
  DATA_DIR: z.string().min(1).default('.laurel'),
  BACKUP_DIR: z.string().min(1).optional(),
  TOKEN_SECRET: z.string().optional(),
  API_KEY: z.string().optional(),
  ADMIN_EMAIL: z.email('must be an email address').optional(),
  ADMIN_NICKNAME: z.string().optional(),
  ADMIN_PASSWORD: z.string().optional(),
  ADMIN_BIRTH_DATE: date.optional(),
  SEASON_TIME_ZONE: z.string().refine(isTimeZone, 'is not an IANA time zone name').default('UTC'),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  SLOW_OPERATION_MS: z.coerce.number('must be a number of milliseconds').int().min(0).max(600_000).default(1000),
  METRICS_PORT: z.coerce.number('must be a number').int().min(0).max(65_535).optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  ...tracingVariables,
  DELETION_GRACE_DAYS: z.coerce.number('must be a number').int().min(0).max(365).default(30),
  PURGE_DAYS: z.coerce.number('must be a number').int().min(1).max(3650).default(90),
  MIN_AGE: z.coerce.number('must be a number').int().min(0).max(99).default(0),
  RESERVED_NICKNAMES: list.default(RESERVED_NICKNAMES),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/[^/]+/, 'must be like smtp://user:password@host:587')
    .optional(),
  MAIL_FROM: z.string().min(3).default('Laurel <laurel@localhost>'),
  GAME_NAME: z.string().min(1).max(60).default('Laurel'),
  APP_URL: z.url({ protocol: /^https?$/, error: 'must be an address like https://game.example.com' }).optional(),
  OIDC_PROVIDERS: z
    .string()
    .transform(readProviders)
    .superRefine(({ problems }, context) => {
      for (const message of problems) {
        context.addIssue({ code: 'custom', message });
      }
    })
    .optional(),
  PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'must be an address like https://api.game.example.com' }).optional(),
  SIGN_IN_RETURN_URLS: list
    .refine(
      (addresses) => addresses.every(isReturnAddress),
      'must be https addresses, or such as mygame://signed-in, without a query, with commas between',
    )
    .optional(),
  TRUST_PROXY: z
    .string()
    .refine(isTrustProxy, 'must be true, false, a number of hops, or addresses and networks with commas between')
    .default('false'),
  INTROSPECTION: flag.optional(),
  EXPLORER: flag.optional(),
  PERSISTED_OPERATIONS: z.string().min(1).optional(),
  PERSISTED_ONLY: flag.default(false),
  CORS_ORIGINS: list
    .refine((origins) => origins.every(isOrigin), 'must be origins like https://example.com, with commas between, or *')
    .optional(),
});

/** The names of all settings. */
export const settingNames: readonly string[] = Object.keys(environmentSchema.shape);

export interface AdminSettings {
  email: string;
  nickname: string;
  password: string;
  /** YYYY-MM-DD */
  birthDate: string;
}

/** No proxy or any, these addresses, or as many hops as the function allows. */
export type TrustProxy = boolean | string[] | ((address: string, hop: number) => boolean);

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

/** The settings cannot be used. `problems` has one line for each, naming the variable. */
export class ConfigError extends Error {
  /** @param production the database to look at for further reasons, where a production start is refused */
  constructor(
    readonly problems: string[],
    readonly production?: { databaseUrl: string },
  ) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
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

/** What is wrong with settings that are each well-formed. */
function problemsBetween(environment: NodeJS.ProcessEnv): string[] {
  return [
    ...replicaProblems(environment),
    ...persistedProblems(environment),
    ...signInProblems(environment),
    ...productionProblems(environment),
    ...adminProblems(environment),
  ];
}

function replicaProblems(environment: NodeJS.ProcessEnv): string[] {
  return environment.DATABASE_REPLICA_URLS === undefined || environment.DATABASE_URL !== undefined
    ? []
    : ['DATABASE_REPLICA_URLS: the embedded database has no replicas; set DATABASE_URL too'];
}

function persistedProblems(environment: NodeJS.ProcessEnv): string[] {
  return environment.PERSISTED_ONLY === 'true' && environment.PERSISTED_OPERATIONS === undefined
    ? ['PERSISTED_ONLY: there are no operations to allow; set PERSISTED_OPERATIONS too']
    : [];
}

function signInProblems(environment: NodeJS.ProcessEnv): string[] {
  const { OIDC_PROVIDERS: providers, PUBLIC_URL: publicUrl, SIGN_IN_RETURN_URLS: returnUrls } = environment;
  if (providers === undefined) {
    return [];
  }
  const problems: string[] = [];
  if (publicUrl === undefined && environment.NODE_ENV === 'production') {
    problems.push('PUBLIC_URL: required with OIDC_PROVIDERS; providers send people back to it');
  }
  if (publicUrl !== undefined && URL.canParse(publicUrl) && !isHttpsOrLoopback(publicUrl)) {
    problems.push('PUBLIC_URL: must be an https address, where people sign in with others');
  }
  if (returnUrls === undefined) {
    problems.push('SIGN_IN_RETURN_URLS: required with OIDC_PROVIDERS; it is where sign-ins return to');
  }
  return problems;
}

function productionDatabase(environment: NodeJS.ProcessEnv): { databaseUrl: string } | undefined {
  const url = environmentSchema.shape.DATABASE_URL.safeParse(environment.DATABASE_URL);
  if (environment.NODE_ENV !== 'production' || url.data === undefined) {
    return undefined;
  }
  return { databaseUrl: url.data };
}

function productionProblems(environment: NodeJS.ProcessEnv): string[] {
  if (environment.NODE_ENV !== 'production') {
    return [];
  }
  const problems: string[] = [];
  if (environment.DATABASE_URL === undefined) {
    problems.push('DATABASE_URL: required in production; the embedded database is for development');
  }
  if (environment.TOKEN_SECRET === undefined) {
    problems.push('TOKEN_SECRET: required in production; make one with `openssl rand -hex 32`');
  }
  if (environment.SMTP_URL !== undefined && environment.APP_URL === undefined) {
    problems.push('APP_URL: required with SMTP_URL; it is where links in mails lead');
  }
  if (environment.SMTP_URL !== undefined && environment.MAIL_FROM === undefined) {
    problems.push('MAIL_FROM: required with SMTP_URL; it is who mails come from');
  }
  for (const name of ['TOKEN_SECRET', 'API_KEY'] as const) {
    problems.push(...secretProblems(name, environment[name]));
  }
  return problems;
}

function secretProblems(name: string, secret: string | undefined): string[] {
  if (secret === undefined) {
    return [];
  }
  if (EXAMPLE_SECRETS.has(secret)) {
    return [`${name}: this value is known from an example; make one with \`openssl rand -hex 32\``];
  }
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    return [`${name}: shorter than ${MIN_SECRET_BYTES} bytes; make one with \`openssl rand -hex 32\``];
  }
  return [];
}

function adminProblems(environment: NodeJS.ProcessEnv): string[] {
  const names = ['ADMIN_EMAIL', 'ADMIN_NICKNAME', 'ADMIN_PASSWORD', 'ADMIN_BIRTH_DATE'] as const;
  const missing = names.filter((name) => environment[name] === undefined);
  if (missing.length === names.length) {
    return [];
  }
  const problems = missing.map((name) => `${name}: missing; set all ADMIN_ settings or none`);
  const password = environment.ADMIN_PASSWORD;
  if (password !== undefined && !/^.{12,128}$/su.test(password)) {
    problems.push('ADMIN_PASSWORD: must have 12 to 128 characters');
  }
  const { ADMIN_NICKNAME: nickname, ADMIN_BIRTH_DATE: birthDate, SEASON_TIME_ZONE: zone = 'UTC' } = environment;
  if (nickname !== undefined) {
    problems.push(...brokenRule('ADMIN_NICKNAME', () => normalizeNickname(nickname, 'ADMIN_NICKNAME')));
  }
  if (isDate(birthDate) && isTimeZone(zone)) {
    problems.push(...brokenRule('ADMIN_BIRTH_DATE', () => checkBirthDate(birthDate, zone, 'ADMIN_BIRTH_DATE')));
  }
  return problems;
}

/** The admin's account follows the rules of every account, which say what is wrong by throwing. */
function brokenRule(name: string, check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof AppError) {
      return [`${name}: ${error.message}`];
    }
    throw error;
  }
}

function toConfig(environment: z.infer<typeof environmentSchema>): Config {
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

function toAdmin(environment: z.infer<typeof environmentSchema>): AdminSettings | undefined {
  const { ADMIN_EMAIL: email, ADMIN_NICKNAME: nickname } = environment;
  const { ADMIN_PASSWORD: password, ADMIN_BIRTH_DATE: birthDate } = environment;
  if (email === undefined || nickname === undefined || password === undefined || birthDate === undefined) {
    return undefined;
  }
  return { email, nickname, password, birthDate };
}

function toTrustProxy(value: string): TrustProxy {
  if (value === 'true' || value === 'false') {
    return value === 'true';
  }
  if (/^\d+$/.test(value)) {
    const hops = Number(value);
    return (_address, hop) => hop < hops;
  }
  return value.split(',').map((address) => address.trim());
}

function isDate(value: string | undefined): value is string {
  return date.safeParse(value).success;
}

function isTrustProxy(value: string): boolean {
  return /^(true|false|\d+)$/.test(value) || value.split(',').every((item) => isNetwork(item.trim()));
}

/** An address, a network as address/bits, or one of the ranges that Fastify knows by name. */
function isNetwork(value: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(value)) {
    return true;
  }
  const [address = '', bits, ...rest] = value.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) {
    return false;
  }
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function isOrigin(value: string): boolean {
  return value === '*' || (URL.canParse(value) && new URL(value).origin === value);
}
