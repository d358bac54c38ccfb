import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Config, loadConfig } from '../src/config.js';
import { ConfigError } from '../src/config/config-error.js';

const SECRET = '5a1d0c9be2f34a7788b1c06d9e2f4a31';
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://laurel@db.example.com/laurel',
  TOKEN_SECRET: SECRET,
};
const ADMIN = {
  ADMIN_EMAIL: 'admin@example.com',
  ADMIN_NICKNAME: 'the admin',
  ADMIN_PASSWORD: 'twelve chars',
  ADMIN_BIRTH_DATE: '1990-01-02',
};

const PROVIDER = {
  name: 'google',
  issuer: 'https://accounts.google.com',
  clientId: 'the client',
  clientSecret: 'a secret of the client',
};

function problemsOf(environment: NodeJS.ProcessEnv): string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
}

const named = (environment: NodeJS.ProcessEnv) => problemsOf(environment).map((problem) => problem.split(':')[0]);

describe('settings', () => {
  test('without any, a development server with an embedded database', () => {
    expect(loadConfig({})).toEqual({
      production: false,
      port: 4000,
      host: '127.0.0.1',
      databaseUrl: undefined,
      databaseReplicaUrls: [],
      databasePoolSize: 10,
      databaseTimeout: 10,
      redisUrl: undefined,
      rateLimits: true,
      dataDir: '.laurel',
      backupDir: undefined,
      tokenSecret: undefined,
      apiKey: undefined,
      admin: undefined,
      seasonTimeZone: 'UTC',
      logLevel: 'info',
      slowOperationMilliseconds: 1000,
      metricsPort: undefined,
      metricsHost: '127.0.0.1',
      tracing: undefined,
      deletionGraceDays: 30,
      purgeDays: 90,
      minAge: 0,
      reservedNicknames: [
        'admin',
        'administrator',
        'moderator',
        'mod',
        'support',
        'system',
        'staff',
        'official',
        'laurel',
      ],
      smtpUrl: undefined,
      mailFrom: 'Laurel <laurel@localhost>',
      gameName: 'Laurel',
      appUrl: 'http://localhost:4000',
      oidcProviders: [],
      publicUrl: 'http://localhost:4000',
      signInReturnUrls: [],
      trustProxy: false,
      introspection: true,
      explorer: true,
      persistedOperations: undefined,
      persistedOnly: false,
      corsOrigins: ['https://studio.apollographql.com'],
    } satisfies Config);
  });

  test('all of them', () => {
    const config = loadConfig({
      ...PRODUCTION,
      ...ADMIN,
      PORT: '0',
      HOST: '0.0.0.0',
      DATABASE_REPLICA_URLS: 'postgres://a@one/laurel, postgresql://b@two/laurel',
      DATABASE_POOL_SIZE: '33',
      DATABASE_TIMEOUT: '3',
      REDIS_URL: 'redis://one:6379/2',
      RATE_LIMITS: 'false',
      DATA_DIR: '/data',
      BACKUP_DIR: '/backups',
      API_KEY: `${SECRET}-key`,
      SEASON_TIME_ZONE: 'Asia/Seoul',
      LOG_LEVEL: 'warn',
      SLOW_OPERATION_MS: '0',
      METRICS_PORT: '9464',
      METRICS_HOST: '0.0.0.0',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_SERVICE_NAME: 'the-game',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
      DELETION_GRACE_DAYS: '7',
      PURGE_DAYS: '365',
      MIN_AGE: '13',
      RESERVED_NICKNAMES: 'boss, 관리자',
      SMTP_URL: 'smtps://user:secret@mail.example.com:465',
      MAIL_FROM: 'The Game <game@example.com>',
      GAME_NAME: 'The Game',
      APP_URL: 'https://game.example.com',
      OIDC_PROVIDERS: JSON.stringify([PROVIDER]),
      PUBLIC_URL: 'https://api.game.example.com',
      SIGN_IN_RETURN_URLS: 'https://game.example.com/signed-in, mygame://signed-in',
      TRUST_PROXY: '10.0.0.0/8, loopback,::1',
      INTROSPECTION: 'true',
      EXPLORER: 'true',
      PERSISTED_OPERATIONS: '/manifest.json',
      PERSISTED_ONLY: 'true',
      CORS_ORIGINS: 'https://a.example.com, http://localhost:3000',
      SOMETHING_ELSE: 'ignored',
    });
    expect(config).toEqual({
      production: true,
      port: 0,
      host: '0.0.0.0',
      databaseUrl: PRODUCTION.DATABASE_URL,
      databaseReplicaUrls: ['postgres://a@one/laurel', 'postgresql://b@two/laurel'],
      databasePoolSize: 33,
      databaseTimeout: 3,
      redisUrl: 'redis://one:6379/2',
      rateLimits: false,
      dataDir: '/data',
      backupDir: '/backups',
      tokenSecret: SECRET,
      apiKey: `${SECRET}-key`,
      admin: { email: 'admin@example.com', nickname: 'the admin', password: 'twelve chars', birthDate: '1990-01-02' },
      seasonTimeZone: 'Asia/Seoul',
      logLevel: 'warn',
      slowOperationMilliseconds: 0,
      metricsPort: 9464,
      metricsHost: '0.0.0.0',
      tracing: {
        endpoint: 'http://collector:4318',
        serviceName: 'the-game',
        sampler: 'parentbased_traceidratio',
        ratio: 0.1,
      },
      deletionGraceDays: 7,
      purgeDays: 365,
      minAge: 13,
      reservedNicknames: ['boss', '관리자'],
      smtpUrl: 'smtps://user:secret@mail.example.com:465',
      mailFrom: 'The Game <game@example.com>',
      gameName: 'The Game',
      appUrl: 'https://game.example.com',
      oidcProviders: [{ ...PROVIDER, scopes: 'openid email profile', title: 'google' }],
      publicUrl: 'https://api.game.example.com',
      signInReturnUrls: ['https://game.example.com/signed-in', 'mygame://signed-in'],
      trustProxy: ['10.0.0.0/8', 'loopback', '::1'],
      introspection: true,
      explorer: true,
      persistedOperations: '/manifest.json',
      persistedOnly: true,
      corsOrigins: ['https://a.example.com', 'http://localhost:3000'],
    } satisfies Config);
  });

  test('a comma alone reserves no nickname', () => {
    expect(loadConfig({ RESERVED_NICKNAMES: ',' }).reservedNicknames).toEqual([]);
  });

  test('empty ones count as absent', () => {
    const empty = Object.fromEntries(
      ['PORT', 'DATABASE_URL', 'API_KEY', 'ADMIN_EMAIL', 'TRUST_PROXY'].map((n) => [n, '']),
    );
    expect(loadConfig(empty)).toEqual(loadConfig({}));
  });

  test('in production nothing is shown that is not asked for', () => {
    expect(loadConfig(PRODUCTION)).toMatchObject({ introspection: false, explorer: false, corsOrigins: [] });
  });

  test.each(['99999', 'abc', '4000.5'])('a number that is refused says which there can be: %s', (port) => {
    expect(() => loadConfig({ PORT: port, DATABASE_TIMEOUT: '0' })).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /PORT: must be a whole number from 0 to 65535\n.*DATABASE_TIMEOUT: must be a whole number of seconds from 1 to 600/,
        ),
      }),
    );
  });

  test.each([
    ['PORT', 'abc'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '4000.5'],
    ['DATABASE_URL', 'mysql://root@localhost/x'],
    ['DATABASE_URL', 'laurel'],
    ['DATABASE_REPLICA_URLS', 'postgres://a@one/laurel'],
    ['DATABASE_POOL_SIZE', '0'],
    ['DATABASE_POOL_SIZE', 'many'],
    ['DATABASE_TIMEOUT', '0'],
    ['REDIS_URL', '127.0.0.1:6379'],
    ['RATE_LIMITS', 'off'],
    ['PERSISTED_ONLY', 'true'],
    ['NODE_ENV', 'staging'],
    ['SEASON_TIME_ZONE', 'Seoul'],
    ['SEASON_TIME_ZONE', '+09:00'],
    ['LOG_LEVEL', 'loud'],
    ['SLOW_OPERATION_MS', '1s'],
    ['METRICS_PORT', '70000'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_SAMPLER_ARG', '2'],
    ['INTROSPECTION', 'yes'],
    ['EXPLORER', '1'],
    ['DELETION_GRACE_DAYS', '-1'],
    ['PURGE_DAYS', '0'],
    ['MIN_AGE', 'adult'],
    ['SMTP_URL', 'mail.example.com'],
    ['APP_URL', 'game'],
    ['PUBLIC_URL', 'game'],
    ['SIGN_IN_RETURN_URLS', 'http://game.example.com/'],
    ['SIGN_IN_RETURN_URLS', 'https://game.example.com/?state=1'],
    ['SIGN_IN_RETURN_URLS', 'javascript:alert(1)'],
    ['SIGN_IN_RETURN_URLS', '/signed-in'],
    ['TRUST_PROXY', 'yes'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.1, proxy.example.com'],
    ['CORS_ORIGINS', 'example.com'],
    ['CORS_ORIGINS', 'https://example.com/'],
    ['CORS_ORIGINS', '*, everything'],
  ])('%s=%s is refused by its name', (name, value) => {
    expect(named({ [name]: value })).toEqual([name]);
  });

  test('each replica needs an address as the database does', () => {
    const DATABASE_REPLICA_URLS = 'postgres://a@one/laurel,two';
    expect(named({ DATABASE_URL: PRODUCTION.DATABASE_URL, DATABASE_REPLICA_URLS })).toEqual(['DATABASE_REPLICA_URLS']);
  });

  test.each([
    ['true', true],
    ['false', false],
    ['127.0.0.1', ['127.0.0.1']],
  ])('TRUST_PROXY=%s is what Fastify takes', (value, trustProxy) => {
    expect(loadConfig({ TRUST_PROXY: value }).trustProxy).toEqual(trustProxy);
  });

  test('a number of trusted hops ends there', () => {
    const { trustProxy } = loadConfig({ TRUST_PROXY: '2' });
    const trusted = [0, 1, 2].map((hop) => typeof trustProxy === 'function' && trustProxy('10.0.0.1', hop));
    expect(trusted).toEqual([true, true, false]);
  });

  test('all problems are reported together, each on a line of its own', () => {
    const environment = {
      NODE_ENV: 'production',
      PORT: 'abc',
      LOG_LEVEL: 'loud',
      TOKEN_SECRET: 'short',
      API_KEY: 'short as well',
      ADMIN_EMAIL: 'nobody',
      ADMIN_PASSWORD: 'short',
      ADMIN_BIRTH_DATE: '2999-01-01',
    };
    const expected = ['ADMIN_BIRTH_DATE', 'ADMIN_EMAIL', 'ADMIN_NICKNAME', 'ADMIN_PASSWORD', 'API_KEY'];
    expected.push('DATABASE_URL', 'LOG_LEVEL', 'PORT', 'TOKEN_SECRET');
    expect(named(environment).toSorted((a, b) => (a! < b! ? -1 : 1))).toEqual(expected);
    expect(() => loadConfig(environment)).toThrow(/^The settings cannot be used:\n( {2}- .+\n?){9}$/);
  });

  test('no problem repeats a secret', () => {
    const environment = {
      NODE_ENV: 'production',
      TOKEN_SECRET: 'sec',
      API_KEY: 'sec',
      ADMIN_PASSWORD: 'sec',
      DATABASE_URL: 'sec',
      DATABASE_REPLICA_URLS: 'sec',
    };
    expect(problemsOf(environment).join('\n')).not.toMatch(/\bsec\b/);
  });
});

describe('in production', () => {
  test('the least that it takes', () => {
    expect(problemsOf(PRODUCTION)).toEqual([]);
  });

  test.each([
    ['without a database', { DATABASE_URL: undefined }, ['DATABASE_URL']],
    ['without a secret', { TOKEN_SECRET: undefined }, ['TOKEN_SECRET']],
    ['with an empty secret', { TOKEN_SECRET: '' }, ['TOKEN_SECRET']],
    ['with a secret of 31 bytes', { TOKEN_SECRET: 'x'.repeat(31) }, ['TOKEN_SECRET']],
    ['with a secret of 32 bytes', { TOKEN_SECRET: '가'.repeat(10) + 'xy' }, []],
    ['with a secret from an example', { TOKEN_SECRET: 'change-me-change-me-change-me-change-me' }, ['TOKEN_SECRET']],
    ['with a key from an example', { API_KEY: 'replace-with-the-output-of-openssl-rand-hex-32' }, ['API_KEY']],
    ['with a short key', { API_KEY: 'x'.repeat(31) }, ['API_KEY']],
    ['with a key', { API_KEY: 'x'.repeat(32) }, []],
    ['with nothing', { DATABASE_URL: undefined, TOKEN_SECRET: undefined }, ['DATABASE_URL', 'TOKEN_SECRET']],
  ])('%s', (_what, change, problems) => {
    expect(named({ ...PRODUCTION, ...change })).toEqual(problems);
  });

  test('the same secrets do elsewhere', () => {
    expect(problemsOf({ TOKEN_SECRET: 'short', API_KEY: 'short' })).toEqual([]);
  });
});

describe.each([
  ['development', {}],
  ['production', PRODUCTION],
])('the admin in %s', (_where, base) => {
  test('all settings', () => {
    expect(loadConfig({ ...base, ...ADMIN }).admin).toEqual({
      email: 'admin@example.com',
      nickname: 'the admin',
      password: 'twelve chars',
      birthDate: '1990-01-02',
    });
  });

  test.each(Object.keys(ADMIN))('not without %s', (name) => {
    expect(named({ ...base, ...ADMIN, [name]: undefined })).toEqual([name]);
  });

  test.each([
    ['ADMIN_EMAIL', 'admin'],
    ['ADMIN_PASSWORD', 'eleven char'],
    ['ADMIN_PASSWORD', 'x'.repeat(129)],
    ['ADMIN_NICKNAME', 'x'],
    ['ADMIN_NICKNAME', 'ad\u200bmin'],
    ['ADMIN_BIRTH_DATE', '2999-01-01'],
    ['ADMIN_BIRTH_DATE', '1990-02-30'],
    ['ADMIN_BIRTH_DATE', 'yesterday'],
  ])('not with %s=%s', (name, value) => {
    expect(named({ ...base, ...ADMIN, [name]: value })).toEqual([name]);
  });
});

describe('providers to sign in with', () => {
  const RETURN = { SIGN_IN_RETURN_URLS: 'https://game.example.com/' };
  const withProviders = (...providers: object[]) =>
    problemsOf({ ...RETURN, OIDC_PROVIDERS: JSON.stringify(providers) });

  test('can be in a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'laurel-providers-'));
    const path = join(folder, 'providers.json');
    try {
      writeFileSync(path, JSON.stringify([{ ...PROVIDER, title: 'Google', scopes: 'openid' }]));
      expect(loadConfig({ ...RETURN, OIDC_PROVIDERS: path }).oidcProviders).toEqual([
        { ...PROVIDER, title: 'Google', scopes: 'openid' },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const absent = 'OIDC_PROVIDERS: must be a JSON array of providers, or the path of a file with one';
    expect(problemsOf({ ...RETURN, OIDC_PROVIDERS: path })).toEqual([absent]);
    expect(problemsOf({ ...RETURN, OIDC_PROVIDERS: '[{"clientSecret": "a secret' })).toEqual([absent]);
  });

  test('are all looked at, and no secret is told', () => {
    expect(
      withProviders(
        { ...PROVIDER, name: 'My Google' },
        { ...PROVIDER, issuer: 'http://accounts.example.com' },
        { ...PROVIDER, clientSecret: '' },
        { ...PROVIDER, scopes: 'email' },
        { ...PROVIDER, secret: 'a secret of the client' },
      ),
    ).toEqual([
      'OIDC_PROVIDERS: provider 1, name must be of a-z, 0-9 and -',
      'OIDC_PROVIDERS: provider 2, issuer must be an https address',
      'OIDC_PROVIDERS: provider 3, clientSecret must not be empty',
      'OIDC_PROVIDERS: provider 4, scopes must have openid among them',
      'OIDC_PROVIDERS: provider 5 Unrecognized key: "secret"',
    ]);
    expect(withProviders(PROVIDER, PROVIDER)).toEqual(['OIDC_PROVIDERS: the name google is there more than once']);
    expect(withProviders({ ...PROVIDER, issuer: 'http://127.0.0.1:4001' })).toEqual([]);
  });

  test('take the addresses of this server and of the game with them', () => {
    const OIDC_PROVIDERS = JSON.stringify([PROVIDER]);
    expect(named({ OIDC_PROVIDERS })).toEqual(['SIGN_IN_RETURN_URLS']);
    expect(named({ ...PRODUCTION, ...RETURN, OIDC_PROVIDERS })).toEqual(['PUBLIC_URL']);
    expect(named({ ...RETURN, OIDC_PROVIDERS, PUBLIC_URL: 'http://api.example.com' })).toEqual(['PUBLIC_URL']);
    expect(named({ ...RETURN, OIDC_PROVIDERS, PUBLIC_URL: 'http://localhost:4000' })).toEqual([]);
  });
});
