import { describe } from '@jest/globals';
import { lookAlikeSuite } from './look-alikes.js';
import { openPglite } from './support.js';

describe('migrations on PGlite', () => {
  lookAlikeSuite(openPglite);
});
