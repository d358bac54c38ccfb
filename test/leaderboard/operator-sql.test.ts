import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import type { SeasonRow } from '../../src/leaderboard/season.type.js';
import { pageOfStandings } from './lists.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { insertPlayers } from '../visit/support.js';
import { insertStandings, makeSeason, MAX } from './support.js';

const ACHIEVED = '2026-02-05 10:20:00+00';

let database: TestDatabase;
let players: string[];
beforeAll(async () => {
  database = await openTestDatabase();
  players = await insertPlayers(em(), 'crowd', 4);
});
afterAll(() => database.close());

const em = () => database.orm.em.fork();

async function places(season: SeasonRow): Promise<[number, number][]> {
  const { nodes } = await pageOfStandings(em(), season, {});
  return nodes.map(({ userId, rank }) => [players.indexOf(userId), rank]);
}

describe.each([
  { order: ScoreOrder.HIGHER_IS_BETTER, best: 1, worst: -1 },
  { order: ScoreOrder.LOWER_IS_BETTER, best: -1, worst: 1 },
])('SQL that names only season_id, user_id, score and achieved_at, $order', ({ order, best, worst }) => {
  async function played(): Promise<SeasonRow> {
    const season = await makeSeason(em(), { order });
    const scores = [0, best * MAX, worst * MAX, 0];
    const entries = scores.map((score, index) => ({ userId: players[index]!, score, achievedAt: ACHIEVED }));
    await insertStandings(em(), season.id, entries);
    return season;
  }

  test('inserts into the order of the board', async () => {
    expect(await places(await played())).toEqual([
      [1, 1],
      [0, 2],
      [3, 2],
      [2, 4],
    ]);
  });

  test('updates, to a negative of the old value too', async () => {
    const season = await played();
    await query(
      em(),
      sql`update standings set score = -score, achieved_at = now()
        where season_id = ${season.id} and user_id in (${players[1]}, ${players[2]})`,
    );
    expect(await places(season)).toEqual([
      [2, 1],
      [0, 2],
      [3, 2],
      [1, 4],
    ]);
    await query(
      em(),
      sql`update standings set score = ${best} where season_id = ${season.id} and user_id = ${players[3]}`,
    );
    expect(await places(season)).toEqual([
      [2, 1],
      [3, 2],
      [0, 3],
      [1, 4],
    ]);
  });

  test('inserts or updates', async () => {
    const season = await played();
    await query(
      em(),
      sql`insert into standings (season_id, user_id, score, achieved_at)
        values (${season.id}, ${players[3]}, ${best * 7}, now()), (${season.id}, ${players[0]}, ${worst * 7}, now())
        on conflict (season_id, user_id) do update set score = excluded.score, achieved_at = excluded.achieved_at`,
    );
    expect(await places(season)).toEqual([
      [1, 1],
      [3, 2],
      [0, 3],
      [2, 4],
    ]);
  });

  test('moves to a season of a board that counts the other way', async () => {
    const season = await played();
    const away = await makeSeason(em(), {
      order: order === ScoreOrder.HIGHER_IS_BETTER ? ScoreOrder.LOWER_IS_BETTER : ScoreOrder.HIGHER_IS_BETTER,
    });
    await query(em(), sql`update standings set season_id = ${away.id} where season_id = ${season.id}`);
    expect(await places(away)).toEqual([
      [2, 1],
      [0, 2],
      [3, 2],
      [1, 4],
    ]);
  });

  test('deletes', async () => {
    const season = await played();
    await query(em(), sql`delete from standings where season_id = ${season.id} and user_id = ${players[1]}`);
    expect(await places(season)).toEqual([
      [0, 1],
      [3, 1],
      [2, 3],
    ]);
  });

  test('cannot store what clients cannot read, or one player twice', async () => {
    const season = await played();
    for (const score of ['9007199254740992', '-9007199254740992']) {
      await expect(
        query(em(), sql`update standings set score = ${score}::bigint where season_id = ${season.id}`),
      ).rejects.toThrow('standings_safe_integer');
    }
    for (const achievedAt of ['-infinity', 'infinity', '0001-01-01 00:00:00+00 BC', '10000-01-01 00:00:00+00']) {
      await expect(
        query(em(), sql`update standings set achieved_at = ${achievedAt}::timestamptz where season_id = ${season.id}`),
      ).rejects.toThrow('standings_achieved_at_check');
    }
    await expect(
      insertStandings(em(), season.id, [{ userId: players[0]!, score: 1, achievedAt: ACHIEVED }]),
    ).rejects.toThrow('standings_pkey');
  });
});
