import base from './jest.config.js';

// A server on which this role may create databases; each test file makes and drops its own.
process.env.TEST_POSTGRES_URL ??= 'postgres://postgres@127.0.0.1:5432/postgres';

/** The suites that need a PostgreSQL server, and the feature suites once more on it. */
export default {
  ...base,
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/browser/',
    '<rootDir>/test/faults/',
    '<rootDir>/test/migrations/',
    '<rootDir>/test/cli/',
    '<rootDir>/test/mysql/',
    // These open no database.
    '<rootDir>/test/(?:config|deployment|schema)\\.test\\.ts$',
    '<rootDir>/test/shared/',
    '<rootDir>/test/(?:account/token|execution/eligibility|leaderboard/season-calendar|seed/nickname)\\.test\\.ts$',
    // These look at files, by way of databases in memory; of verify there is a suite for servers.
    // These are about the embedded database, or about no database at all.
    '<rootDir>/test/transfer/(?:csv-source|embedded-backup|game-shape|row-encoder|staged-check)\\.test\\.ts$',
    // What these are about is not the database.
    '<rootDir>/test/http/',
    '<rootDir>/test/(?:explorer|log)\\.test\\.ts$',
    // Of stamps there is test/postgres/adoption.test.ts.
    '<rootDir>/test/migrate/stamp\\.test\\.ts$',
    '<rootDir>/test/limits/(?:address|query-cost|query-limits|shedding)\\.test\\.ts$',
    '<rootDir>/test/identity/(?:nickname-of|provider-failure)\\.test\\.ts$',
    '<rootDir>/test/attack/login-timing\\.test\\.ts$',
    '<rootDir>/test/migrate/(?:lint|revision|verify)\\.test\\.ts$',
  ],
};
