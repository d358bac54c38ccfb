import base from './jest.config.js';

// Servers on which these roles may create databases; each test file makes and drops its own.
process.env.TEST_MYSQL_URL ??= 'mysql://root@127.0.0.1:3306';
process.env.TEST_POSTGRES_URL ??= 'postgres://postgres@127.0.0.1:5432/postgres';

/** The suites that move data from a MariaDB or MySQL server. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/mysql/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
