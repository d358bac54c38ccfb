import 'reflect-metadata';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { ScoreAggregation } from '../../src/leaderboard/leaderboard.type.js';
import { checkRanks, isRight } from '../../src/leaderboard/rank-check.service.js';
import { repairRanks } from '../../src/leaderboard/rank-repair.service.js';
import { currentSeason } from '../../src/leaderboard/season.service.js';
import { submitScores } from '../../src/leaderboard/submission.service.js';
import { insertSeason, insertStandings, makeBoard } from '../leaderboard/support.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { RIGHT_TREE, treeFaults } from '../support/rank-tree.js';
import { insertPlayers } from '../visit/support.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

const ROUNDS = 5;

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const em = () => database.orm.em.fork();

test('two repairs at once, beside submissions and corrections, leave the tree right', async () => {
  const board = await makeBoard(em(), { aggregation: ScoreAggregation.LATEST, period: 'ALL_TIME' });
  const season = currentSeason(board);
  await insertSeason(em(), season);
  const players = await insertPlayers(em(), 'player-', 1200);
  await insertStandings(
    em(),
    season.id,
    players.map((userId, index) => ({ userId, score: index % 3, achievedAt: '2026-02-05 10:20:00+00' })),
  );
  let submitted = 0;
  const done = new AbortController();
  const writer = async (lane: number): Promise<void> => {
    for (let turn = lane; !done.signal.aborted; turn += 7) {
      const batch = Array.from({ length: 1 + (turn % 20) }, (_, index) => ({
        userId: players[(turn * 13 + index) % players.length]!,
        slug: board.slug,
        score: turn % 5 === 0 ? turn - 1000 : turn % 3,
        idempotencyKey: null,
        field: 'input',
      }));
      await submitScores(em(), batch);
      submitted += batch.length;
    }
  };
  const writers = [writer(0), writer(1), writer(2), writer(3)];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      await query(
        em(),
        sql`with damaged as (
            select level, bucket from standing_counts where season_id = ${season.id}
            order by level, bucket for update
          )
          update standing_counts c set players = c.players + 1 + ${round}::int, has_runs = not c.has_runs
          from damaged d where c.season_id = ${season.id} and c.level = d.level and c.bucket = d.bucket`,
      );
      expect(isRight(await checkRanks(em(), season.id))).toBe(false);
      await Promise.all([repairRanks(em(), season.id), repairRanks(em(), season.id)]);
      expect(await checkRanks(em(), season.id)).toMatchObject({ levels: Array(8).fill(0), runs: 0, marks: 0 });
    }
  } finally {
    done.abort();
    await Promise.all(writers);
  }
  // Else the repairs have met nobody.
  expect(submitted).toBeGreaterThan(100);
  expect(await treeFaults(em())).toEqual(RIGHT_TREE);
});
