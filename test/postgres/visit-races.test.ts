import 'reflect-metadata';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { recordVisitOn } from '../../src/visit/visit.service.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { insertPlayers } from '../visit/support.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

/** As many as the pool has connections. */
const CONNECTIONS = 8;
const CALLS = 200;

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

test('of visits recorded at once none is lost and none fails', async () => {
  const [userId] = await insertPlayers(database.orm.em.fork(), 'crowd', 1);
  const counts: number[] = [];
  const client = async () => {
    for (let call = 0; call < CALLS / CONNECTIONS; call += 1) {
      const recorded = await recordVisitOn(database.orm.em.fork(), userId!, '2026-02-05');
      counts.push(recorded!.visit.count);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));

  expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: CALLS }, (_, index) => index + 1));
  const rows = await query(
    database.orm.em.fork(),
    sql`select visit_count as count from visits where user_id = ${userId}`,
  );
  expect(rows).toEqual([{ count: CALLS }]);
});
