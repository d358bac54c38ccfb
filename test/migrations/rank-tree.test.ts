import { describe } from '@jest/globals';
import { rankTreeSuite } from './rank-tree.js';
import { openPglite } from './support.js';

describe('migrations on PGlite', () => {
  rankTreeSuite(openPglite);
});
