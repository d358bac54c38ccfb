import { z } from 'zod';
import { readProviders } from '../identity/provider-settings.js';
import { isReturnAddress } from '../identity/return-address.js';
import { tracingVariables } from '../observability/tracing/settings.js';
import { isTimeZone } from '../shared/time-zone.js';
import { dateSetting } from './admin-settings.js';
import { isTrustProxy } from './trust-proxy.js';

/** Severities of what is logged, and none. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

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
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

function wholeNumber(least: number, most: number, unit?: string): z.ZodCoercedNumber {
  const number = unit === undefined ? 'whole number' : `whole number of ${unit}`;
  return z.coerce.number(`must be a ${number} from ${least} to ${most}`).int().min(least).max(most);
}

/** Every setting by itself: what it may be, and what it is where it is not set. */
export const environmentSchema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: wholeNumber(0, 65_535).default(4000),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATABASE_URL: z.string().regex(POSTGRES_URL, 'must start with postgres:// or postgresql://').optional(),
  DATABASE_REPLICA_URLS: list
    .refine(
      (urls) => urls.every((url) => POSTGRES_URL.test(url)),
      'must be URLs like that of DATABASE_URL, with commas between',
    )
    .optional(),
  DATABASE_POOL_SIZE: wholeNumber(1, 1000).default(10),
  DATABASE_TIMEOUT: wholeNumber(1, 600, 'seconds').default(10),
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
  ADMIN_BIRTH_DATE: dateSetting.optional(),
  SEASON_TIME_ZONE: z.string().refine(isTimeZone, 'is not an IANA time zone name').default('UTC'),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  SLOW_OPERATION_MS: wholeNumber(0, 600_000, 'milliseconds').default(1000),
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  ...tracingVariables,
  DELETION_GRACE_DAYS: wholeNumber(0, 365).default(30),
  PURGE_DAYS: wholeNumber(1, 3650).default(90),
  MIN_AGE: wholeNumber(0, 99).default(0),
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

/** The settings as they are written, each checked by itself. */
export type Environment = z.infer<typeof environmentSchema>;

/** The names of all settings. */
export const settingNames: readonly string[] = Object.keys(environmentSchema.shape);

function isOrigin(value: string): boolean {
  return value === '*' || (URL.canParse(value) && new URL(value).origin === value);
}
