import base from './jest.config.js';

// Each query is sent to both executors, and their answers are compared.
process.env.TEST_EXECUTORS = 'both';

/** The feature suites once more, to see that compiled and interpreted execution agree on every query in them. */
export default {
  ...base,
  testMatch: ['friendship', 'leaderboard', 'visit', '.'].map((folder) => `<rootDir>/test/${folder}/*.test.ts`),
  // These send no query through the test server, or mutations only, and would only be the same again.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/(?:config|deployment|explorer|log|schema)\\.test\\.ts$',
    '<rootDir>/test/visit/visit-streak\\.test\\.ts$',
    '<rootDir>/test/leaderboard/(?:leaderboard-service|operator-sql|rank-repair|rank-tree-crowds)\\.test\\.ts$',
    '<rootDir>/test/leaderboard/(?:ranked-submissions|season-calendar|submit-scores)\\.test\\.ts$',
  ],
};
