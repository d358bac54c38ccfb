import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ScoreAggregation, ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import { newId } from '../../src/shared/ids.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers } from '../visit/support.js';
import {
  type Attempt,
  countRows,
  errorsOf,
  makeAdmin,
  makeBoard,
  MAX,
  refusedWith,
  setDeleted,
  submitMany,
  submitted,
  type SubmitInput,
  type SubmitPayload,
} from './support.js';

let server: TestServer;
let player: Player;
let stranger: Player;
let admin: Player;
beforeAll(async () => {
  server = await startTestServer();
  [player, stranger, admin] = await Promise.all([server.player(), server.player(), server.player()]);
  await makeAdmin(em(), admin);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

async function submittedMany(as: Player | 'service', scores: SubmitInput[]): Promise<SubmitPayload[]> {
  const { data, errors } = await submitMany(server, as, scores);
  expect(errors).toBeUndefined();
  return data.submitScores!.results;
}

/** Submits, and answers how that failed and how many rows are more than before. */
async function attempt(as: Player | 'service' | null, scores: SubmitInput[]): Promise<Attempt> {
  const before = await countRows(em());
  const answer = await submitMany(server, as, scores);
  const after = await countRows(em());
  return {
    errors: errorsOf(answer),
    payload: answer.data?.submitScores ?? null,
    written: after.scores + after.standings + after.seasons - before.scores - before.standings - before.seasons,
  };
}

describe('a batch', () => {
  test('is answered in its order, for several players and boards', async () => {
    const board = await makeBoard(em());
    const race = await makeBoard(em(), { order: ScoreOrder.LOWER_IS_BETTER, aggregation: ScoreAggregation.SUM });
    const [one, two, three] = await insertPlayers(em(), 'batch-', 3);
    const results = await submittedMany('service', [
      { leaderboardSlug: board.slug, userId: two!, score: 20 },
      { leaderboardSlug: race.slug, userId: one!, score: 61 },
      { leaderboardSlug: board.slug, userId: three!, score: 30 },
      { leaderboardSlug: board.slug, userId: one!, score: 10 },
      { leaderboardSlug: race.slug, userId: two!, score: 60 },
      { leaderboardSlug: board.slug, userId: one!, score: 25 },
    ]);
    expect(
      results.map(({ score, previousScore, previousRank, improved, standing }) => [
        standing?.user.id,
        score.value,
        previousScore,
        previousRank,
        improved,
        standing?.score,
        standing?.rank,
      ]),
    ).toEqual([
      [two, 20, null, null, true, 20, 3],
      [one, 61, null, null, true, 61, 2],
      [three, 30, null, null, true, 30, 1],
      [one, 10, null, null, true, 25, 2],
      [two, 60, null, null, true, 60, 1],
      [one, 25, 10, 3, true, 25, 2],
    ]);
  });

  test('of one player is aggregated score by score', async () => {
    const latest = await makeBoard(em(), { aggregation: ScoreAggregation.LATEST });
    const sum = await makeBoard(em(), { aggregation: ScoreAggregation.SUM });
    const scores = [5, -3, 5, 2].flatMap((score) => [
      { leaderboardSlug: latest.slug, score },
      { leaderboardSlug: sum.slug, score },
    ]);
    const results = await submittedMany(player, scores);
    expect(results.map(({ previousScore }) => previousScore)).toEqual([null, null, 5, 5, -3, 2, 5, 7]);
    expect(results.map(({ improved }) => improved)).toEqual([true, true, false, false, true, true, false, true]);
    expect(results.map(({ standing }) => standing?.score)).toEqual([2, 9, 2, 9, 2, 9, 2, 9]);
  });

  test('of 100 is taken', async () => {
    const { slug } = await makeBoard(em(), { aggregation: ScoreAggregation.SUM });
    const players = await insertPlayers(em(), 'hundred-', 100);
    const results = await submittedMany(
      admin,
      players.map((userId, score) => ({ leaderboardSlug: slug, userId, score })),
    );
    expect(results.map(({ standing }) => standing?.rank)).toEqual(players.map((_, index) => 100 - index));
  });

  test('of none or of 101 is not', async () => {
    const refused = { code: 'BAD_USER_INPUT', field: 'input.scores' };
    expect(await attempt(player, [])).toEqual(refusedWith(refused));
    expect(
      await attempt(
        player,
        Array.from({ length: 101 }, () => ({ score: 1 })),
      ),
    ).toEqual(refusedWith(refused));
  });

  test('repeated with its keys, counts once', async () => {
    const { slug } = await makeBoard(em(), { aggregation: ScoreAggregation.SUM });
    const scores = [player, stranger].map(({ id }, index) => ({
      leaderboardSlug: slug,
      userId: id,
      score: 7 + index,
      idempotencyKey: `batch on ${slug}`,
    }));
    const first = await submittedMany('service', scores);
    const rows = await countRows(em());
    expect(await submittedMany('service', scores)).toEqual(first);
    expect(await countRows(em())).toEqual(rows);
  });

  test('with one key twice, counts it once', async () => {
    const { slug } = await makeBoard(em(), { aggregation: ScoreAggregation.SUM });
    const item = { leaderboardSlug: slug, score: 7, idempotencyKey: `twice on ${slug}` };
    const [first, second] = await submittedMany(player, [item, item]);
    expect(second).toEqual(first);
    expect(first?.standing?.score).toBe(7);
  });
});

describe('a batch with a fault is refused as a whole, and the item named', () => {
  const good = { score: 1 };

  test('a player who does not exist or is deleted', async () => {
    const [deleted] = await insertPlayers(em(), 'deleted-', 1);
    await setDeleted(em(), [deleted!], true);
    const { slug } = await makeBoard(em());
    for (const userId of [newId(), 'nobody', deleted!]) {
      expect(
        await attempt('service', [
          { leaderboardSlug: slug, userId: player.id, score: 1 },
          { leaderboardSlug: slug, userId, score: 1 },
        ]),
      ).toEqual(refusedWith({ code: 'NOT_FOUND', field: 'input.scores.1.userId' }));
    }
  });

  test('a board that does not exist', async () => {
    const { slug } = await makeBoard(em());
    const scores = [{ leaderboardSlug: slug, score: 1 }, good, { score: 1, leaderboardSlug: 'nowhere' }];
    expect(await attempt(player, scores)).toEqual(
      refusedWith({ code: 'NOT_FOUND', field: 'input.scores.2.leaderboardSlug' }),
    );
  });

  test('the score of another player', async () => {
    const scores = [good, { score: 1, userId: stranger.id }];
    expect(await attempt(player, scores)).toEqual(refusedWith({ code: 'FORBIDDEN', field: 'input.scores.1.userId' }));
    expect(await attempt(null, [good])).toEqual(refusedWith({ code: 'UNAUTHENTICATED' }));
  });

  test('a score of nobody', async () => {
    const scores = [{ score: 1, userId: player.id }, good];
    expect(await attempt('service', scores)).toEqual(
      refusedWith({ code: 'BAD_USER_INPUT', field: 'input.scores.1.userId' }),
    );
  });

  test('a score beyond 2^53', async () => {
    const scores = [good, good, { score: 2 ** 53 }];
    expect(await attempt(player, scores)).toEqual(
      refusedWith({ code: 'BAD_USER_INPUT', field: 'input.scores.2.score' }),
    );
  });

  test('a sum beyond 2^53', async () => {
    const { slug } = await makeBoard(em(), { aggregation: ScoreAggregation.SUM });
    const scores = [MAX, -1, 1, 1].map((score) => ({ leaderboardSlug: slug, score }));
    expect(await attempt(player, scores)).toEqual(
      refusedWith({ code: 'BAD_USER_INPUT', field: 'input.scores.3.score' }),
    );
  });

  test('a key too long or empty', async () => {
    for (const idempotencyKey of ['x'.repeat(65), '']) {
      const scores = [good, { score: 1, idempotencyKey }];
      expect(await attempt(player, scores)).toEqual(
        refusedWith({ code: 'BAD_USER_INPUT', field: 'input.scores.1.idempotencyKey' }),
      );
    }
  });

  test('a key used before, in this batch or earlier', async () => {
    const { slug } = await makeBoard(em());
    const used = { leaderboardSlug: slug, score: 1, idempotencyKey: `used on ${slug}` };
    const conflict = { code: 'CONFLICT', reason: 'IDEMPOTENCY_KEY_REUSED', field: 'input.scores.1.idempotencyKey' };
    expect(await attempt(player, [used, { ...used, score: 2 }])).toEqual(refusedWith(conflict));
    await submitted(server, player, used);
    expect(await attempt(player, [good, { ...used, score: 2 }])).toEqual(refusedWith(conflict));
  });
});
