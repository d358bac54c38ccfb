import { describe, expect, test } from '@jest/globals';
import { type Config, ConfigError, loadConfig } from '../src/config.js';

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
      dataDir: '.laurel',
      backupDir: undefined,
      tokenSecret: undefined,
      apiKey: undefined,
      admin: undefined,
      seasonTimeZone: 'UTC',
      logLevel: 'info',
      trustProxy: false,
      introspection: true,
      explorer: true,
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
      DATA_DIR: '/data',
      BACKUP_DIR: '/backups',
      API_KEY: `${SECRET}-key`,
      SEASON_TIME_ZONE: 'Asia/Seoul',
      LOG_LEVEL: 'warn',
      TRUST_PROXY: '10.0.0.0/8, loopback,::1',
      INTROSPECTION: 'true',
      EXPLORER: 'true',
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
      dataDir: '/data',
      backupDir: '/backups',
      tokenSecret: SECRET,
      apiKey: `${SECRET}-key`,
      admin: { email: 'admin@example.com', nickname: 'the admin', password: 'twelve chars', birthDate: '1990-01-02' },
      seasonTimeZone: 'Asia/Seoul',
      logLevel: 'warn',
      trustProxy: ['10.0.0.0/8', 'loopback', '::1'],
      introspection: true,
      explorer: true,
      corsOrigins: ['https://a.example.com', 'http://localhost:3000'],
    } satisfies Config);
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
    ['NODE_ENV', 'staging'],
    ['SEASON_TIME_ZONE', 'Seoul'],
    ['SEASON_TIME_ZONE', '+09:00'],
    ['LOG_LEVEL', 'loud'],
    ['INTROSPECTION', 'yes'],
    ['EXPLORER', '1'],
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
