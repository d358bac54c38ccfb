import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { querySharing } from '../../src/database/shared-query.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let other: TestDatabase;
beforeAll(async () => {
  [database, other] = await Promise.all([openTestDatabase(), openTestDatabase()]);
});
afterAll(() => Promise.all([database.close(), other.close()]));
beforeEach(() => {
  database.statements.length = 0;
});

const titleOf = (slug: string, of = database) =>
  querySharing(of.orm.em.fork(), sql<{ title: string }>`select title from leaderboards where slug = ${slug}`);

test('the same statement of several requests at once is sent once', async () => {
  const answers = await Promise.all([titleOf('monthly'), titleOf('monthly'), titleOf('none'), titleOf('monthly')]);
  expect(answers).toEqual([[{ title: 'Monthly' }], [{ title: 'Monthly' }], [], [{ title: 'Monthly' }]]);
  expect(database.statements).toHaveLength(2);
});

test('whoever asks later reads again, and sees what was written before', async () => {
  expect(await titleOf('monthly')).toEqual([{ title: 'Monthly' }]);
  await query(database.orm.em.fork(), sql`update leaderboards set title = 'Renamed' where slug = 'monthly'`);
  expect(await titleOf('monthly')).toEqual([{ title: 'Renamed' }]);
  await query(database.orm.em.fork(), sql`update leaderboards set title = 'Monthly' where slug = 'monthly'`);
});

test('databases are told apart', async () => {
  await query(other.orm.em.fork(), sql`update leaderboards set title = 'Other' where slug = 'monthly'`);
  expect(await Promise.all([titleOf('monthly'), titleOf('monthly', other)])).toEqual([
    [{ title: 'Monthly' }],
    [{ title: 'Other' }],
  ]);
});

test('a failure is told to all who share it, and to none after them', async () => {
  const divide = (by: number) => querySharing(database.orm.em.fork(), sql`select 1 / ${by}::int as result`);
  const failed = await Promise.allSettled([divide(0), divide(0)]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await divide(1)).toEqual([{ result: 1 }]);
  await expect(divide(0)).rejects.toThrow('division by zero');
});
