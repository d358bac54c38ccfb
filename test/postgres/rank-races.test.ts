import 'reflect-metadata';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { type LeaderboardRow, ScoreAggregation, ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import { currentSeason } from '../../src/leaderboard/season.service.js';
import { pageOfStandings } from '../leaderboard/lists.js';
import { insertSeason, makeBoard } from '../leaderboard/support.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { RIGHT_TREE, treeFaults } from '../support/rank-tree.js';
import { insertPlayers } from '../visit/support.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

const PROCESSES = 2;
/** Connections of each process. */
const LANES = 4;
/** Of 100 submissions each, by each process; and those one by one. */
const BATCHES = 470;
const SINGLES = 3000;
const WORKER = fileURLToPath(new URL('rank-races.worker.js', import.meta.url));
// Most of a minute of writing on two cores, more on a busy machine.
jest.setTimeout(600_000);

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const em = () => database.orm.em.fork();

interface Report {
  submitted: number;
  /** Submissions that met a deleted player. */
  refused: number;
  errors: string[];
}

function runWorker(task: object): Promise<Report> {
  const child = fork(WORKER, { execArgv: [] });
  child.send(task);
  return new Promise((resolve, reject) => {
    child.once('message', (report) => resolve(report as Report));
    // Comes when everything that it has sent is here, unlike its exit.
    child.once('disconnect', () => reject(new Error('A worker ended before it had reported.')));
  });
}

function sumOf(reports: Report[], count: 'submitted' | 'refused'): number {
  return reports.reduce((sum, report) => sum + report[count], 0);
}

/** Every place against the database's own sorting. */
async function expectPlaces(board: LeaderboardRow): Promise<void> {
  const season = currentSeason(board);
  const expected = await query(
    em(),
    sql<{ userId: string; score: number; rank: number; position: number }>`select user_id as "userId",
        score::float8 as score, rank() over (order by sort_score)::int as rank,
        row_number() over (order by sort_score, achieved_at, user_id)::int as position
      from standings where season_id = ${season.id} and ranked order by position`,
  );
  for (let fromPosition = 1; fromPosition <= expected.length; fromPosition += 7) {
    const { nodes } = await pageOfStandings(em(), season, { fromPosition, first: 7 });
    expect(nodes.map(({ userId, score, rank, position }) => ({ userId, score, rank, position }))).toEqual(
      expected.slice(fromPosition - 1, fromPosition + 6),
    );
  }
}

test('100,000 submissions, corrections and deletions from two processes leave every rank right', async () => {
  const boards = [
    await makeBoard(em(), { period: 'ALL_TIME' }),
    await makeBoard(em(), {
      period: 'ALL_TIME',
      aggregation: ScoreAggregation.LATEST,
      order: ScoreOrder.LOWER_IS_BETTER,
    }),
    await makeBoard(em(), { period: 'ALL_TIME', aggregation: ScoreAggregation.SUM }),
  ];
  for (const board of boards) {
    await insertSeason(em(), currentSeason(board));
  }
  const stayers = await insertPlayers(em(), 'stayer-', 1200);
  const movers = await insertPlayers(em(), 'mover-', 200);
  const reports = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      runWorker({
        url: database.url,
        seed: 100 * index,
        lanes: LANES,
        slugs: boards.map(({ slug }) => slug),
        stayers,
        movers,
        reversed: index === 1,
        batches: BATCHES,
        singles: SINGLES,
      }),
    ),
  );
  expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
  const submitted = sumOf(reports, 'submitted');
  expect(submitted + sumOf(reports, 'refused')).toBe(PROCESSES * (BATCHES * 100 + SINGLES));
  const { deadlocks, scores } = await queryExactlyOne(
    em(),
    sql<{ deadlocks: number; scores: number }>`select deadlocks::int, (select count(*)::int from scores) as scores
      from pg_stat_database where datname = current_database()`,
  );
  expect({ deadlocks, scores }).toEqual({ deadlocks: 0, scores: submitted });

  expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  for (const board of boards) {
    await expectPlaces(board);
  }
});
