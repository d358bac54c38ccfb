import 'reflect-metadata';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import type { SeasonRow } from '../../src/leaderboard/season.type.js';
import { pageOfStandings, standingsAround } from './lists.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { RIGHT_TREE, treeFaults } from '../support/rank-tree.js';
import { insertPlayers } from '../visit/support.js';
import { deleteStandings, upsertStandings } from './hand-sql.js';
import { naiveList, shown, sliced } from './naive-list.js';
import { type Entry, insertStandings, makeSeason, setDeleted } from './support.js';

/* Many players with one score: the order among them is counted in runs. */

const SCORE = 700;
const SIZE = 1300;
let database: TestDatabase;
let crowd: string[];
beforeAll(async () => {
  database = await openTestDatabase();
  crowd = await insertPlayers(em(), 'crowd', SIZE);
});
afterAll(() => database.close());

const em = () => database.orm.em.fork();

/** Seconds and microseconds after noon; as text they sort as in time. */
const at = (second: number, micros = 0): string =>
  `2026-02-05 12:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}.${String(micros).padStart(6, '0')}+00`;

const some = (from: number, to: number, achievedAt: (index: number) => string, value = SCORE): Entry[] =>
  crowd.slice(from, to).map((userId, index) => ({ userId, score: value, achievedAt: achievedAt(from + index) }));

/** The tables themselves, then positions on both sides of every run's edge and in between. */
async function expectPlaces(season: SeasonRow, entries: Entry[]): Promise<void> {
  expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  const list = naiveList(entries, season.leaderboard.order);
  let edge = 0;
  const runs = await runsOf(season);
  const edges = runs.map((players) => (edge += players));
  for (let fromPosition = 1; fromPosition <= list.length + 1; fromPosition += 1) {
    const beside = edges.some((each) => Math.abs(each - fromPosition) <= 2);
    if (beside || fromPosition % 11 === 1 || fromPosition >= list.length) {
      const page = await pageOfStandings(em(), season, { fromPosition, first: 11 });
      expect(shown(page)).toEqual(sliced(list, list.slice(fromPosition - 1, fromPosition + 10)));
    }
  }
  for (const { userId, position, rank } of list.filter((_, index) => index % 41 === 0)) {
    const page = await standingsAround(em(), season, userId, 1);
    expect(page.nodes.find((node) => node.userId === userId)).toMatchObject({ position, rank });
  }
}

async function runsOf(season: SeasonRow): Promise<number[]> {
  const runs = await query(
    em(),
    sql<{ players: number }>`select players from standing_tie_counts where season_id = ${season.id}
      order by sort_score, achieved_at, user_id`,
  );
  return runs.map(({ players }) => players);
}

test('up to 512 are counted, more are cut into runs; when 63 are left the runs go', async () => {
  const season = await makeSeason(em());
  const entries = some(0, SIZE, (index) => at(0, index));
  await insertStandings(em(), season.id, entries.slice(0, 512));
  expect(await runsOf(season)).toEqual([]);
  await insertStandings(em(), season.id, entries.slice(512, 513));
  expect(await runsOf(season)).toEqual([256, 256, 1]);
  await expectPlaces(season, entries.slice(0, 513));

  // Drained from the middle and the end, many at once and one at a time: empty runs go, the others stay.
  const gone = entries.slice(100, 200).concat(entries.slice(250, 513));
  const goneIds = gone.map(({ userId }) => userId);
  await deleteStandings(em(), season.id, goneIds.slice(0, 250));
  for (const userId of goneIds.slice(250)) {
    await deleteStandings(em(), season.id, [userId]);
  }
  const left = entries.slice(0, 100).concat(entries.slice(200, 250));
  expect(await runsOf(season)).toEqual([150]);
  await expectPlaces(season, left);

  await deleteStandings(
    em(),
    season.id,
    left.slice(63).map(({ userId }) => userId),
  );
  expect(await runsOf(season)).toEqual([]);
  await expectPlaces(season, left.slice(0, 63));

  await insertStandings(em(), season.id, entries.slice(513, 1100));
  expect((await runsOf(season)).length).toBeGreaterThan(1);
  await expectPlaces(season, left.slice(0, 63).concat(entries.slice(513, 1100)));
});

test('more than a run can hold join one run: it splits, wherever it is', async () => {
  const season = await makeSeason(em(), { order: ScoreOrder.LOWER_IS_BETTER });
  const first = some(0, 600, (index) => at(100 + index));
  await insertStandings(em(), season.id, first);
  expect(await runsOf(season)).toEqual([256, 256, 88]);
  // All of them into the middle run, a few at a time.
  const joining = some(600, SIZE, (index) => at(500, index));
  for (let from = 0; from < joining.length; from += 70) {
    await insertStandings(em(), season.id, joining.slice(from, from + 70));
  }
  const runs = await runsOf(season);
  expect(runs.length).toBeGreaterThan(4);
  expect(Math.max(...runs)).toBeLessThanOrEqual(512);
  await expectPlaces(season, first.concat(joining));
});

test('at one instant, players join at the front and leave from the middle', async () => {
  const season = await makeSeason(em());
  const order = some(0, SIZE, () => at(0)).toSorted((a, b) => (a.userId < b.userId ? -1 : 1));
  await insertStandings(em(), season.id, order.slice(600));
  await expectPlaces(season, order.slice(600));
  for (let from = 500; from >= 0; from -= 100) {
    await insertStandings(em(), season.id, order.slice(from, from + 100));
  }
  expect(Math.max(...(await runsOf(season)))).toBeLessThanOrEqual(512);
  await expectPlaces(season, order);

  const middle = order.slice(300, 900).map(({ userId }) => userId);
  await setDeleted(em(), middle, true);
  const rest = order.filter(({ userId }) => !middle.includes(userId));
  await expectPlaces(season, rest);
  await setDeleted(em(), middle, false);
  await expectPlaces(season, order);
});

test('players move between crowds, and within one by a corrected time', async () => {
  const season = await makeSeason(em());
  const better = some(0, 650, (index) => at(index % 60, index), SCORE + 1);
  const worse = some(650, SIZE, (index) => at(index % 60, index));
  await insertStandings(em(), season.id, better.concat(worse));
  const left = better.slice(0, 100).concat(better.slice(300));

  const moved = better.slice(100, 300).map((entry) => ({ ...entry, score: SCORE }));
  await upsertStandings(em(), season.id, moved);
  await expectPlaces(season, [...left, ...moved, ...worse]);

  const retimed = worse.slice(200, 500).map((entry, index) => ({ ...entry, achievedAt: at(70, index) }));
  await upsertStandings(em(), season.id, retimed);
  const all = [...left, ...moved, ...worse.slice(0, 200), ...retimed, ...worse.slice(500)];
  await expectPlaces(season, all);
  expect((await runsOf(season)).reduce((sum, players) => sum + players, 0)).toBe(all.length);
});

test('one statement that inserts some of a crowd and updates the others counts each player once', async () => {
  const season = await makeSeason(em());
  await insertStandings(em(), season.id, some(0, 650, at, 1));
  await query(
    em(),
    sql`insert into standings (season_id, user_id, score) select ${season.id}::uuid, id, ${SCORE}::bigint
      from unnest(${crowd}::uuid[]) id
      on conflict (season_id, user_id) do update set score = excluded.score`,
  );
  expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  await query(em(), sql`delete from standings where season_id = ${season.id} and random() < 0.5`);
  expect(await treeFaults(em())).toEqual(RIGHT_TREE);
});
