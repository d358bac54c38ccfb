import { describe } from '@jest/globals';
import { refusalSuite } from './refusals.js';
import { openPglite } from './support.js';

describe('migrations on PGlite', () => {
  refusalSuite(openPglite);
});
