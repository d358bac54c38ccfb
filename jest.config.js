/** Shared by every suite; `npm test` runs what needs no server, the others are named in package.json. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: false, useDefineForClassFields: false },
        },
        module: { type: 'es6' },
      },
    ],
  },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/postgres/',
    '<rootDir>/test/mysql/',
    '<rootDir>/test/browser/',
    '<rootDir>/test/faults/',
    // Many commands, many databases or the whole history: quicker on a server (npm run test:postgres).
    '<rootDir>/test/attack/(?:starts|table)\\.test\\.ts$',
    '<rootDir>/test/cli/(?:admin|api-key)\\.test\\.ts$',
    '<rootDir>/test/(?:home-screen|limits/limiter|post/feed)\\.test\\.ts$',
    '<rootDir>/test/leaderboard/(?:carried-over|operator-sql|rank-tree|rank-tree-crowds|statements)\\.test\\.ts$',
    '<rootDir>/test/migrate/(?:check|losses|run|run-faults|staged|stamp)\\.test\\.ts$',
    '<rootDir>/test/migrations/(?:fixture|look-alikes|rank-tree|refusals)\\.test\\.ts$',
    '<rootDir>/test/transfer/(?:community-import|game-faults|game-merge)\\.test\\.ts$',
  ],
  globalSetup: '<rootDir>/test/support/global-setup.js',
  globalTeardown: '<rootDir>/test/support/global-teardown.js',
  testTimeout: 180_000,
  maxWorkers: 2,
};
