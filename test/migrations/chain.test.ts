import { describe } from '@jest/globals';
import { chainSuite } from './chain.js';
import { openPglite } from './support.js';

describe('migrations on PGlite', () => {
  chainSuite(openPglite);
});
