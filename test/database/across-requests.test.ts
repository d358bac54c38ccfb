import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { acrossRequests } from '../../src/database/across-requests.js';
import { query, sql } from '../../src/database/query.js';
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

/** A request's own fork. */
const request = (of = database) => of.orm.em.fork();

const loadTitles = acrossRequests<string, string | null>(async (em, slugs) => {
  const rows = await query(
    em,
    sql<{ slug: string; title: string }>`select slug, title from leaderboards where slug = any(${slugs}::text[])`,
  );
  return slugs.map((slug) => rows.find((row) => row.slug === slug)?.title ?? null);
});

test('requests that ask at the same time share a statement, and each gets what it asked for', async () => {
  const answers = await Promise.all([
    loadTitles(request(), ['monthly', 'x']),
    loadTitles(request(), ['y', 'monthly']),
    loadTitles(request(), ['x']),
  ]);
  expect(answers).toEqual([['Monthly', null], [null, 'Monthly'], [null]]);
  expect(database.statements).toHaveLength(1);
});

test('a request sees what was written before it asked', async () => {
  const rename = (title: string) =>
    query(request(), sql`update leaderboards set title = ${title} where slug = 'monthly'`);
  const early = loadTitles(request(), ['monthly']);
  expect(await early).toEqual(['Monthly']);
  await rename('Renamed');
  expect(await loadTitles(request(), ['monthly'])).toEqual(['Renamed']);
  await rename('Monthly');
});

test('databases are told apart', async () => {
  await query(request(other), sql`update leaderboards set title = 'Other' where slug = 'monthly'`);
  const answers = await Promise.all([loadTitles(request(), ['monthly']), loadTitles(request(other), ['monthly'])]);
  expect(answers).toEqual([['Monthly'], ['Other']]);
});

test('a failure is told to every request in the statement, and to none after it', async () => {
  let broken = true;
  const load = acrossRequests<number, number>(async (_, keys) => {
    if (broken) {
      throw new Error('lost');
    }
    return [...keys];
  });
  const failed = await Promise.allSettled([load(request(), [1]), load(request(), [2])]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  broken = false;
  expect(await load(request(), [3])).toEqual([3]);
});

test('a crowd is served by several statements', async () => {
  const sizes: number[] = [];
  const load = acrossRequests<number, number>(async (_, keys) => {
    sizes.push(keys.length);
    return [...keys];
  });
  const keysOf = (index: number) => Array.from({ length: 100 }, (_, key) => 100 * index + key);
  const answers = await Promise.all(Array.from({ length: 15 }, (_, index) => load(request(), keysOf(index))));
  expect(answers).toEqual(Array.from({ length: 15 }, (_, index) => keysOf(index)));
  expect(sizes).toEqual([1000, 500]);
});
