import base from './jest.config.js';

// Only to make the migrated template of the other suites; the servers that are killed are the suite's own.
process.env.TEST_POSTGRES_URL ??= 'postgres://postgres@127.0.0.1:5432/postgres';

/** The server under load while it, its database or the network fails. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/faults/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
