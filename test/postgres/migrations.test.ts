import { describe } from '@jest/globals';
import { chainSuite } from '../migrations/chain.js';
import { fixtureSuite } from '../migrations/fixture.js';
import { lookAlikeSuite } from '../migrations/look-alikes.js';
import { rankTreeSuite } from '../migrations/rank-tree.js';
import { refusalSuite } from '../migrations/refusals.js';
import { openPostgres } from '../migrations/support.js';

/** The suites of test/migrations again, on the server of TEST_POSTGRES_URL. */
describe('migrations on PostgreSQL', () => {
  chainSuite(openPostgres);
  fixtureSuite(openPostgres);
  lookAlikeSuite(openPostgres);
  rankTreeSuite(openPostgres);
  refusalSuite(openPostgres);
});
