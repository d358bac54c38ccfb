import base from './jest.config.js';

/** The pages, in a real Chromium: CHROMIUM_PATH, else /usr/bin/chromium. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
