import base from './jest.config.js';

// Each query is sent to both executors, and their answers are compared.
process.env.TEST_EXECUTORS = 'both';

/** The feature suites once more, to see that compiled and interpreted execution agree on every query in them. */
export default {
  ...base,
  testMatch: ['account', 'friendship', 'leaderboard', 'visit', '.'].map(
    (folder) => `<rootDir>/test/${folder}/*.test.ts`,
  ),
};
