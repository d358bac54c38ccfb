import 'reflect-metadata';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import type { SeasonRow } from '../../src/leaderboard/season.type.js';
import { laurel } from '../cli/process.js';
import { insertStandings, makeSeason } from '../leaderboard/support.js';
import { createEmptyDatabase, openTestDatabase, type TestDatabase } from '../support/database.js';
import { insertPlayers } from '../visit/support.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

let database: TestDatabase;
let settings: Record<string, string>;
let healthy: SeasonRow;
let damaged: SeasonRow;
beforeAll(async () => {
  database = await openTestDatabase();
  settings = { DATABASE_URL: database.url! };
  const players = await insertPlayers(em(), 'player-', 10);
  healthy = await makeSeason(em(), { slug: 'healthy' });
  damaged = await makeSeason(em(), { slug: 'damaged' });
  for (const season of [healthy, damaged]) {
    await insertStandings(
      em(),
      season.id,
      players.map((userId, score) => ({ userId, score, achievedAt: '2026-02-05 10:20:00+00' })),
    );
  }
});
afterAll(() => database.close());

const em = () => database.orm.em.fork();

function spoil(): Promise<unknown> {
  return query(em(), sql`update standing_counts set players = 5 where season_id = ${damaged.id} and bucket = -3`);
}

test('says that all is right, and ends with 0', async () => {
  const { code, output } = await laurel(['doctor'], settings);
  expect(output).toContain('Migrations: none pending');
  expect(output).toContain(`damaged ${damaged.key}: 10 players, right`);
  expect(output).toContain('All ranks are right.');
  expect(code).toBe(0);
});

test('names the season that differs, and ends with 1; repairs it, and ends with 0', async () => {
  await spoil();
  const found = await laurel(['doctor'], settings);
  expect(found.output).toContain(`damaged ${damaged.key}: 10 players, differs: 1 bucket of level 0`);
  expect(found.output).toContain(`healthy ${healthy.key}: 10 players, right`);
  expect(found.output).toContain('Ranks differ in 1 of 2 seasons.');
  expect(found.output).toContain('laurel doctor --repair');
  expect(found.code).toBe(1);

  const repaired = await laurel(['doctor', '--repair'], settings);
  expect(repaired.output).toContain(`damaged ${damaged.key}: repaired`);
  expect(repaired.code).toBe(0);
  expect((await laurel(['doctor'], settings)).code).toBe(0);
});

test('reports as JSON', async () => {
  await spoil();
  const season = { leaderboard: 'damaged', season: damaged.key, seasonId: damaged.id, players: 10 };
  const found = { levels: [1, 0, 0, 0, 0, 0, 0, 0], runs: 0, marks: 0, standings: 0 };
  const before = await laurel(['doctor', '--json'], settings);
  expect(JSON.parse(before.output)).toEqual({
    server: expect.stringMatching(/^\d+/),
    supported: true,
    pending: [],
    seasons: [
      { ...season, found, repaired: false, right: false },
      expect.objectContaining({ leaderboard: 'healthy', repaired: false, right: true }),
    ],
  });
  expect(before.code).toBe(1);
  const after = await laurel(['doctor', '--json', '--repair'], settings);
  expect(JSON.parse(after.output).seasons[0]).toEqual({ ...season, found, repaired: true, right: true });
  expect(after.code).toBe(0);
});

test('without migrations, without a server, with a wrong word: says what is missing', async () => {
  const empty = await createEmptyDatabase();
  try {
    const pending = await laurel(['doctor'], { DATABASE_URL: empty.url });
    expect(pending).toEqual({ code: 1, output: expect.stringContaining('`laurel migrate upgrade`') });
    const json = await laurel(['doctor', '--json'], { DATABASE_URL: empty.url });
    expect(JSON.parse(json.output)).toMatchObject({
      pending: expect.arrayContaining([expect.any(String)]),
      seasons: null,
    });
  } finally {
    await empty.drop();
  }
  const unreachable = await laurel(['doctor'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' });
  expect(unreachable).toEqual({ code: 1, output: expect.stringContaining('cannot be reached') });
  expect((await laurel(['doctor', '--mend'], settings)).code).toBe(2);
});
