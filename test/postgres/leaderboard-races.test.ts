import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { type LeaderboardRow, ScoreAggregation, ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import { currentSeason } from '../../src/leaderboard/season.service.js';
import { type Submission, type SubmittedScore, submitScores } from '../../src/leaderboard/submission.service.js';
import { errorsOf, makeBoard, submit, submitMany } from '../leaderboard/support.js';
import { PASSWORD, type Player, startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers } from '../visit/support.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

/** As many as the pool has connections. */
const CONNECTIONS = 8;
const ROUNDS = 56;
// Hundreds of rounds take a while on a busy machine.
jest.setTimeout(300_000);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

function submitOne(board: LeaderboardRow, userId: string, score: number, key: string | null = null) {
  const submission: Submission = { userId, slug: board.slug, score, idempotencyKey: key, field: 'input' };
  return submitScores(em(), [submission]).then(([submitted]) => submitted!);
}

interface Kept {
  score: string;
  achievedAt: string;
  scoreId: string;
}

function keptBy(board: LeaderboardRow, userId: string): Promise<Kept> {
  return queryExactlyOne(
    em(),
    sql<Kept>`select score, achieved_at as "achievedAt", score_id as "scoreId" from standings
      where season_id = ${currentSeason(board).id} and user_id = ${userId}`,
  );
}

/** In every round, a new player submits as many scores at once as there are connections. */
async function crowdedRounds(
  board: LeaderboardRow,
  check: (submitted: SubmittedScore[], kept: Kept) => void,
): Promise<void> {
  const players = await insertPlayers(em(), `crowd-${board.slug}-`, ROUNDS);
  for (const [round, userId] of players.entries()) {
    const scores = Array.from({ length: CONNECTIONS }, (_, index) => ((index * 5 + round) % CONNECTIONS) - 3);
    const submitted = await Promise.all(scores.map((score) => submitOne(board, userId, score)));
    check(submitted, await keptBy(board, userId));
  }
}

const byTime = (a: SubmittedScore, b: SubmittedScore): number => {
  const one = [a.score.createdAt, a.score.id];
  return one < [b.score.createdAt, b.score.id] ? -1 : 1;
};

describe('scores of one player submitted at once', () => {
  test.each([
    { order: ScoreOrder.HIGHER_IS_BETTER, best: 4 },
    { order: ScoreOrder.LOWER_IS_BETTER, best: -3 },
  ])('BEST, $order: the best wins, with its own time', async ({ order, best }) => {
    const board = await makeBoard(em(), { order });
    await crowdedRounds(board, (submitted, kept) => {
      const winner = submitted.find(({ score }) => score.value === best)!;
      expect(kept).toEqual({ score: String(best), achievedAt: winner.score.createdAt, scoreId: winner.score.id });
      expect(winner.improved).toBe(true);
      expect(submitted.filter(({ previousScore }) => previousScore === null)).toHaveLength(1);
    });
  });

  test('SUM: none is lost, and every one has seen another total', async () => {
    const board = await makeBoard(em(), { aggregation: ScoreAggregation.SUM });
    await crowdedRounds(board, (submitted, kept) => {
      const total = submitted.reduce((sum, { score }) => sum + score.value, 0);
      expect(kept.score).toBe(String(total));
      // Each was added to what the one before it had left: together they are one chain.
      const before = submitted.map(({ previousScore }) => previousScore ?? 0);
      const after = submitted.map(({ previousScore, score }) => (previousScore ?? 0) + score.value);
      expect([...before, total].toSorted()).toEqual([...after, 0].toSorted());
      const latest = submitted
        .filter(({ score }) => score.value !== 0)
        .toSorted(byTime)
        .at(-1)!;
      expect(kept.achievedAt).toBe(latest.score.createdAt);
    });
  });

  test('LATEST: the one submitted last stays', async () => {
    const board = await makeBoard(em(), { aggregation: ScoreAggregation.LATEST });
    await crowdedRounds(board, (submitted, kept) => {
      const { score } = submitted.toSorted(byTime).at(-1)!;
      expect(kept).toEqual({ score: String(score.value), achievedAt: score.createdAt, scoreId: score.id });
    });
  });
});

test('one idempotency key 50 times at once: one score, and everybody gets the same answer', async () => {
  const board = await makeBoard(em(), { aggregation: ScoreAggregation.SUM });
  const players = await insertPlayers(em(), 'repeater-', ROUNDS);
  for (const userId of players) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => submitOne(board, userId, 7, 'the same key')));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.score))).size).toBe(1);
    expect(answers).toEqual(
      answers.map(() => expect.objectContaining({ improved: true, previousScore: null, previousRank: null })),
    );
    expect((await keptBy(board, userId)).score).toBe('7');
  }
  const stored = await queryExactlyOne(
    em(),
    sql<{ scores: number }>`select count(*)::int as scores from scores where user_id = any(${players}::uuid[])`,
  );
  expect(stored.scores).toBe(ROUNDS);
});

test('one idempotency key with different scores at once: one counts, the others are conflicts', async () => {
  const board = await makeBoard(em(), { aggregation: ScoreAggregation.SUM });
  const players = await insertPlayers(em(), 'undecided-', ROUNDS);
  for (const userId of players) {
    const answers = await Promise.allSettled(
      Array.from({ length: CONNECTIONS }, (_, index) => submitOne(board, userId, index + 1, 'the same key')),
    );
    const accepted = answers.filter((answer) => answer.status === 'fulfilled');
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(accepted).toHaveLength(1);
    expect(refused.map(({ reason }) => reason.reason)).toEqual(refused.map(() => 'IDEMPOTENCY_KEY_REUSED'));
    expect((await keptBy(board, userId)).score).toBe(String(accepted[0]?.value.score.value));
  }
});

test('submissions and readers beside the deletion of the account: no ranked standing is left, no page fails', async () => {
  const board = await makeBoard(em());
  const leavers: Player[] = [];
  for (let round = 0; round < ROUNDS / CONNECTIONS; round += 1) {
    leavers.push(...(await Promise.all(Array.from({ length: CONNECTIONS }, () => server.player()))));
  }
  const DELETE = 'mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { userId } }';
  const READ = `query ($slug: String!) {
    leaderboard(slug: $slug) { currentSeason { standings { nodes { user { nickname } } } } } }`;
  const refusals: unknown[] = [];
  for (const leaver of leavers) {
    // The password is checked first, which takes a while: the others go on until the account is gone.
    const gone = new AbortController();
    const deletion = server.graphql(DELETE, { input: { password: PASSWORD } }, leaver).finally(() => gone.abort());
    const submitter = async (score: number): Promise<void> => {
      while (!gone.signal.aborted) {
        const answer = await submit(server, 'service', { leaderboardSlug: board.slug, userId: leaver.id, score });
        refusals.push(...(answer.errors ?? []));
      }
    };
    const reader = async (): Promise<void> => {
      while (!gone.signal.aborted) {
        expect(errorsOf(await server.graphql(READ, { slug: board.slug }))).toBeUndefined();
      }
    };
    const [deleted] = await Promise.all([deletion, submitter(1), submitter(2), submitter(3), reader(), reader()]);
    expect(deleted.errors).toBeUndefined();
  }
  // Else the deletions and the submissions have not met.
  expect(refusals.length).toBeGreaterThan(0);
  expect(refusals).toEqual(
    refusals.map(() => expect.objectContaining({ extensions: { code: 'NOT_FOUND', field: 'input.userId' } })),
  );
  const standings = await query(
    em(),
    sql<{ ranked: boolean; players: number }>`select ranked, count(*)::int as players from standings
      where season_id = ${currentSeason(board).id} group by ranked`,
  );
  expect(standings).toEqual([{ ranked: false, players: ROUNDS }]);
});

test('batches with the same players and boards in opposite order get through', async () => {
  const boards = [await makeBoard(em()), await makeBoard(em(), { aggregation: ScoreAggregation.SUM })];
  const players = await insertPlayers(em(), 'batched-', 10);
  const scores = boards.flatMap(({ slug }) => players.map((userId) => ({ leaderboardSlug: slug, userId, score: 1 })));
  const orders = [scores, scores.toReversed()];
  for (let round = 0; round < ROUNDS / CONNECTIONS; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, index) => submitMany(server, 'service', orders[index % 2]!)),
    );
    expect(answers.map(errorsOf)).toEqual(answers.map(() => undefined));
  }
  const totals = await query(
    em(),
    sql<{ score: string }>`select distinct score from standings where season_id = ${currentSeason(boards[1]!).id}`,
  );
  expect(totals).toEqual([{ score: String(ROUNDS) }]);
});

test('the first submissions of new seasons at once make one season each', async () => {
  const players = await insertPlayers(em(), 'first-', CONNECTIONS);
  for (let round = 0; round < ROUNDS; round += 1) {
    const boards = [await makeBoard(em()), await makeBoard(em())];
    const submitted = await Promise.all(
      players.map((userId, index) =>
        submitScores(
          em(),
          (index % 2 === 0 ? boards : boards.toReversed()).map(({ slug }, item) => ({
            userId,
            slug,
            score: index,
            idempotencyKey: null,
            field: `input.scores.${item}`,
          })),
        ),
      ),
    );
    expect(submitted.flat()).toHaveLength(2 * CONNECTIONS);
    for (const board of boards) {
      const rows = await query(
        em(),
        sql<{ id: string; players: number }>`select s.id, count(*)::int as players from seasons s
          join standings t on t.season_id = s.id where s.leaderboard_id = ${board.id} group by s.id`,
      );
      expect(rows).toEqual([{ id: currentSeason(board).id, players: CONNECTIONS }]);
    }
  }
});
