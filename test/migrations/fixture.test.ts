import { describe } from '@jest/globals';
import { fixtureSuite } from './fixture.js';
import { openPglite } from './support.js';

describe('migrations on PGlite', () => {
  fixtureSuite(openPglite);
});
