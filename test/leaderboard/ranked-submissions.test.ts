import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { query, sql } from '../../src/database/query.js';
import { type LeaderboardRow, ScoreAggregation, ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import { currentSeason } from '../../src/leaderboard/season.service.js';
import { pageOfStandings } from './lists.js';
import { RIGHT_TREE, treeFaults } from '../support/rank-tree.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers } from '../visit/support.js';
import { naiveList, shown, sliced } from './naive-list.js';
import { makeBoard, submitMany, submitted } from './support.js';

const PLAYERS = 12;
/** A failure is reported with the smallest example found by then. */
const SHRINKING_MS = 30_000;

let server: TestServer;
let players: string[];
beforeAll(async () => {
  server = await startTestServer();
  players = await insertPlayers(em(), 'submitter', PLAYERS);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

interface Submission {
  player: number;
  score: number;
}

const submission: fc.Arbitrary<Submission> = fc.record({
  player: fc.nat(PLAYERS - 1),
  score: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(127, 128, -128, -129, 128 ** 4, -(128 ** 4) - 1) },
  ),
});
/** Calls one after the other, each with one score or several. */
const calls = fc.array(fc.array(submission, { minLength: 1, maxLength: 20, size: 'max' }), {
  minLength: 8,
  maxLength: 8,
});

/** The season's scores by player, as the board's rules say. */
class Scores {
  readonly byPlayer = new Map<string, number>();

  constructor(readonly board: LeaderboardRow) {}

  /** What the answer to this submission has to say of the standing before. */
  submit(userId: string, score: number) {
    const { aggregation, order } = this.board;
    const sign = order === ScoreOrder.HIGHER_IS_BETTER ? 1 : -1;
    const previousScore = this.byPlayer.get(userId) ?? null;
    const previousRank =
      previousScore === null
        ? null
        : [...this.byPlayer.values()].filter((other) => sign * (other - previousScore) > 0).length + 1;
    const kept = previousScore ?? 0;
    const next = {
      [ScoreAggregation.BEST]: previousScore === null || sign * (score - kept) > 0 ? score : kept,
      [ScoreAggregation.LATEST]: score,
      [ScoreAggregation.SUM]: kept + score,
    }[aggregation];
    this.byPlayer.set(userId, next);
    return { improved: previousScore === null || sign * (next - kept) > 0, previousScore, previousRank };
  }
}

const rulesOfBoards = Object.values(ScoreAggregation).flatMap((aggregation) =>
  Object.values(ScoreOrder).map((order) => ({ aggregation, order })),
);

test.each(rulesOfBoards)('$aggregation, $order: every answer and every place is right', async (rules) => {
  const property = fc.asyncProperty(calls, async (drawn) => {
    const board = await makeBoard(em(), rules);
    const season = currentSeason(board);
    const scores = new Scores(board);
    for (const call of drawn) {
      const inputs = call.map(({ player, score }) => ({
        leaderboardSlug: board.slug,
        userId: players[player]!,
        score,
      }));
      const expected = inputs.map(({ userId, score }) => scores.submit(userId, score));
      const answers =
        inputs.length === 1
          ? [await submitted(server, 'service', inputs[0]!)]
          : (await submitMany(server, 'service', inputs)).data.submitScores!.results;
      expect(
        answers.map(({ improved, previousScore, previousRank }) => ({ improved, previousScore, previousRank })),
      ).toEqual(expected);

      const times = await query(
        em(),
        sql<{ userId: string; achievedAt: string }>`select user_id as "userId", achieved_at as "achievedAt"
          from standings where season_id = ${season.id}`,
      );
      const entries = times.map((entry) => ({ ...entry, score: scores.byPlayer.get(entry.userId)! }));
      const list = naiveList(entries, rules.order);
      expect(list).toHaveLength(scores.byPlayer.size);
      expect(shown(await pageOfStandings(em(), season, { first: 50 }))).toEqual(sliced(list, list));
      for (const { userId, standing } of answers.map((answer, index) => ({ ...inputs[index]!, ...answer }))) {
        const { rank, score } = list.find((place) => place.userId === userId)!;
        expect(standing).toMatchObject({ rank, score, user: { id: userId } });
      }
    }
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });
  await fc.assert(property, { numRuns: 4, interruptAfterTimeLimit: SHRINKING_MS });
});
