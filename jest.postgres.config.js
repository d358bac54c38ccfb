import base from './jest.config.js';

// A server on which this role may create databases; each test file makes and drops its own.
process.env.TEST_POSTGRES_URL ??= 'postgres://postgres@127.0.0.1:5432/postgres';

/** The suites that need a PostgreSQL server, and once more on it the suites of what the database itself has a part in. */
export default {
  ...base,
  testMatch: [
    '<rootDir>/test/postgres/**/*.test.ts',
    '<rootDir>/test/attack/{starts,table}.test.ts',
    '<rootDir>/test/cli/{admin,api-key}.test.ts',
    '<rootDir>/test/leaderboard/{carried-over,operator-sql,rank-tree,rank-tree-crowds,statements}.test.ts',
    '<rootDir>/test/migrate/{check,losses,run,run-faults,staged,stamp}.test.ts',
    '<rootDir>/test/transfer/{community-import,game-faults,game-merge}.test.ts',
    '<rootDir>/test/{limits/limiter,post/feed,home-screen}.test.ts',
  ],
  testPathIgnorePatterns: ['/node_modules/'],
};
