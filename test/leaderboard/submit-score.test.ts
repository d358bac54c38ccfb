import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { query, sql } from '../../src/database/query.js';
import { type LeaderboardRow, ScoreAggregation, ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import { seasonByKey } from '../../src/leaderboard/season.service.js';
import { newId } from '../../src/shared/ids.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers } from '../visit/support.js';
import {
  type Attempt,
  countRows,
  errorsOf,
  insertSeason,
  makeAdmin,
  makeBoard,
  MAX,
  refusedWith,
  setDeleted,
  submit,
  submitted,
  type SubmitInput,
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

const { BEST, SUM, LATEST } = ScoreAggregation;
const { HIGHER_IS_BETTER, LOWER_IS_BETTER } = ScoreOrder;
const RULES = [BEST, SUM, LATEST].flatMap((aggregation) =>
  [HIGHER_IS_BETTER, LOWER_IS_BETTER].map((order) => ({ aggregation, order })),
);

/** Submits these scores one after the other, and answers what a player looks at. */
async function submitAll(board: LeaderboardRow, scores: number[]) {
  const payloads = [];
  for (const score of scores) {
    payloads.push(await submitted(server, player, { leaderboardSlug: board.slug, score }));
  }
  return payloads.map(({ improved, previousScore, previousRank, standing, score }) => ({
    improved,
    previousScore,
    previousRank,
    score: standing?.score,
    isOwn: standing?.achievedAt === score.createdAt,
  }));
}

/** Submits, and answers how that failed and how many rows are more than before. */
async function attempt(as: Player | 'service' | null, input: SubmitInput): Promise<Attempt> {
  const before = await countRows(em());
  const answer = await submit(server, as, input);
  const after = await countRows(em());
  return {
    errors: errorsOf(answer),
    payload: answer.data?.submitScore ?? null,
    written: after.scores + after.standings + after.seasons - before.scores - before.standings - before.seasons,
  };
}

describe('what a standing keeps', () => {
  test.each(RULES)('$aggregation, $order, against a naive model', async ({ aggregation, order }) => {
    const sign = order === HIGHER_IS_BETTER ? 1 : -1;
    const players = await insertPlayers(em(), `model-${aggregation}-${order}-`, 3);
    const submissions = fc.array(fc.record({ who: fc.nat(2), score: fc.integer({ min: -3, max: 3 }) }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(submissions, async (moves) => {
        const { slug } = await makeBoard(em(), { aggregation, order });
        const kept = new Map<number, { score: number; achievedAt: string }>();
        const rankOf = (who: number): number =>
          1 + [...kept.values()].filter(({ score }) => sign * (score - kept.get(who)!.score) > 0).length;
        for (const { who, score } of moves) {
          const before = kept.get(who);
          const previousRank = before === undefined ? null : rankOf(who);
          const input = { leaderboardSlug: slug, userId: players[who]!, score };
          const payload = await submitted(server, 'service', input);
          const { createdAt } = payload.score;
          const now = {
            [BEST]: before === undefined || sign * (score - before.score) > 0 ? score : before.score,
            [SUM]: (before?.score ?? 0) + score,
            [LATEST]: score,
          }[aggregation];
          const moved = before === undefined || now !== before.score || aggregation === LATEST;
          kept.set(who, { score: now, achievedAt: moved ? createdAt : before.achievedAt });
          expect(payload).toMatchObject({
            score: { value: score },
            improved: before === undefined || sign * (now - before.score) > 0,
            previousScore: before?.score ?? null,
            previousRank,
            standing: { ...kept.get(who), rank: rankOf(who), user: { id: players[who] } },
          });
        }
      }),
      { numRuns: 6 },
    );
  });

  test('BEST: an equal score changes nothing, its time neither', async () => {
    const board = await makeBoard(em());
    expect(await submitAll(board, [10, 10, 9, 11])).toEqual([
      { improved: true, previousScore: null, previousRank: null, score: 10, isOwn: true },
      { improved: false, previousScore: 10, previousRank: 1, score: 10, isOwn: false },
      { improved: false, previousScore: 10, previousRank: 1, score: 10, isOwn: false },
      { improved: true, previousScore: 10, previousRank: 1, score: 11, isOwn: true },
    ]);
  });

  test('SUM: adding 0 changes nothing, taking away makes worse', async () => {
    const board = await makeBoard(em(), { aggregation: SUM });
    expect(await submitAll(board, [0, 5, 0, -7])).toEqual([
      { improved: true, previousScore: null, previousRank: null, score: 0, isOwn: true },
      { improved: true, previousScore: 0, previousRank: 1, score: 5, isOwn: true },
      { improved: false, previousScore: 5, previousRank: 1, score: 5, isOwn: false },
      { improved: false, previousScore: 5, previousRank: 1, score: -2, isOwn: true },
    ]);
  });

  test('LATEST: replaces by worse and by equal ones too', async () => {
    const board = await makeBoard(em(), { aggregation: LATEST, order: LOWER_IS_BETTER });
    expect(await submitAll(board, [60, 70, 70, 50])).toEqual([
      { improved: true, previousScore: null, previousRank: null, score: 60, isOwn: true },
      { improved: false, previousScore: 60, previousRank: 1, score: 70, isOwn: true },
      { improved: false, previousScore: 70, previousRank: 1, score: 70, isOwn: true },
      { improved: true, previousScore: 70, previousRank: 1, score: 50, isOwn: true },
    ]);
  });

  test.each(RULES)('$aggregation, $order: the largest and the smallest scores', async (rules) => {
    const board = await makeBoard(em(), rules);
    const first = await submitted(server, player, { leaderboardSlug: board.slug, score: MAX });
    expect(first).toMatchObject({ score: { value: MAX }, standing: { score: MAX, rank: 1 } });
    const second = await submitted(server, stranger, { leaderboardSlug: board.slug, score: -MAX });
    const rank = rules.order === HIGHER_IS_BETTER ? 2 : 1;
    expect(second).toMatchObject({ score: { value: -MAX }, standing: { score: -MAX, rank } });
    const negative = await submitted(server, admin, { leaderboardSlug: board.slug, score: -0 });
    expect(negative).toMatchObject({ score: { value: 0 }, standing: { score: 0, rank: 2 } });
  });

  test.each([1, -1])('SUM: up to the end of SafeInt and not beyond it (%i)', async (sign) => {
    const { slug } = await makeBoard(em(), { aggregation: SUM });
    await submitted(server, player, { leaderboardSlug: slug, score: sign * (MAX - 1) });
    const reached = await submitted(server, player, { leaderboardSlug: slug, score: sign });
    expect(reached.standing?.score).toBe(sign * MAX);
    for (const score of [sign, sign * MAX]) {
      const refused = { code: 'BAD_USER_INPUT', field: 'input.score' };
      expect(await attempt(player, { leaderboardSlug: slug, score, idempotencyKey: `beyond ${slug}` })).toEqual(
        refusedWith(refused),
      );
    }
    const back = await submitted(server, player, { leaderboardSlug: slug, score: sign * -MAX });
    expect(back).toMatchObject({ previousScore: sign * MAX, standing: { score: 0 } });
  });

  test('the board that clients mean when they name none is monthly', async () => {
    const anybody = await server.player();
    await submitted(server, anybody, { score: 7, leaderboardSlug: null });
    const { data } = await server.graphql(
      'query ($id: ID!) { user(id: $id) { standing(leaderboardSlug: "monthly") { score } } leaderboard { slug } }',
      { id: anybody.id },
    );
    expect(data).toEqual({ user: { standing: { score: 7 } }, leaderboard: { slug: 'monthly' } });
  });

  test('a standing that is not ranked is not shown', async () => {
    const { slug } = await makeBoard(em());
    const first = await submitted(server, player, { leaderboardSlug: slug, score: 1, idempotencyKey: slug });
    await query(em(), sql`update standings set ranked = false where season_id = ${first.score.season.id}`);
    expect(await submitted(server, player, { leaderboardSlug: slug, score: 2 })).toMatchObject({
      improved: true,
      previousScore: 1,
      previousRank: null,
      standing: null,
    });
    const replayed = await submitted(server, player, { leaderboardSlug: slug, score: 1, idempotencyKey: slug });
    expect(replayed).toMatchObject({ improved: true, standing: null });
  });
});

describe('idempotency', () => {
  test('a repeated key answers as the first time, with the standing of today, and counts once', async () => {
    const { slug } = await makeBoard(em(), { aggregation: SUM });
    const input = { leaderboardSlug: slug, score: 5, idempotencyKey: `round 1 of ${slug}` };
    const first = await submitted(server, player, input);
    expect(first).toMatchObject({ improved: true, previousScore: null, standing: { score: 5, rank: 1 } });
    await submitted(server, player, { leaderboardSlug: slug, score: 1 });
    await submitted(server, stranger, { leaderboardSlug: slug, score: 100 });
    const before = await countRows(em());
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const again = await submitted(server, player, input);
      expect({ ...again, standing: null }).toEqual({ ...first, standing: null });
      expect(again.standing).toMatchObject({ score: 6, rank: 2 });
    }
    expect(await countRows(em())).toEqual(before);
  });

  test('a repeated key answers what the later time was answered, too', async () => {
    const { slug } = await makeBoard(em());
    await submitted(server, stranger, { leaderboardSlug: slug, score: 50 });
    await submitted(server, player, { leaderboardSlug: slug, score: 10 });
    const input = { leaderboardSlug: slug, score: 3, idempotencyKey: `worse on ${slug}` };
    const first = await submitted(server, player, input);
    expect(first).toMatchObject({ improved: false, previousScore: 10, previousRank: 2 });
    expect(await submitted(server, player, input)).toEqual(first);
  });

  test('repeated at once, a key counts once and all get the same answer', async () => {
    const { slug } = await makeBoard(em(), { aggregation: SUM });
    const input = { leaderboardSlug: slug, score: 5, idempotencyKey: `at once on ${slug}` };
    const answers = await Promise.all(Array.from({ length: 10 }, () => submitted(server, player, input)));
    expect(answers).toEqual(answers.map(() => answers[0]));
    expect(answers[0]?.standing?.score).toBe(5);
  });

  test('with another score or another board it is a conflict', async () => {
    const { slug } = await makeBoard(em());
    const other = await makeBoard(em());
    const idempotencyKey = `once on ${slug}`;
    await submitted(server, player, { leaderboardSlug: slug, score: 5, idempotencyKey });
    const conflict = { code: 'CONFLICT', reason: 'IDEMPOTENCY_KEY_REUSED', field: 'input.idempotencyKey' };
    expect(await attempt(player, { leaderboardSlug: slug, score: 6, idempotencyKey })).toEqual(refusedWith(conflict));
    expect(await attempt(player, { leaderboardSlug: other.slug, score: 5, idempotencyKey })).toEqual(
      refusedWith(conflict),
    );
    expect(await attempt(player, { score: 5, idempotencyKey })).toEqual(refusedWith(conflict));
  });

  test('keys are per player, whoever submits', async () => {
    const { slug } = await makeBoard(em());
    const input = { leaderboardSlug: slug, score: 5, idempotencyKey: `shared on ${slug}` };
    const own = await submitted(server, player, input);
    const others = await submitted(server, stranger, { ...input, score: 6 });
    expect(others.score.id).not.toBe(own.score.id);
    const byService = await submitted(server, 'service', { ...input, userId: player.id });
    const byAdmin = await submitted(server, admin, { ...input, userId: player.id.toUpperCase() });
    expect([byService.score, byAdmin.score]).toEqual([own.score, own.score]);
  });

  test('keys have 1 to 64 characters', async () => {
    const { slug } = await makeBoard(em());
    for (const idempotencyKey of ['x', '가'.repeat(64), '🎮'.repeat(64), ' '.repeat(64)]) {
      const payload = await submitted(server, player, { leaderboardSlug: slug, score: 1, idempotencyKey });
      const again = await submitted(server, player, { leaderboardSlug: slug, score: 1, idempotencyKey });
      expect(again.score).toEqual(payload.score);
    }
    for (const idempotencyKey of ['', 'x'.repeat(65), '🎮'.repeat(65), 'a\0b', 'a\ud800b']) {
      const refused = { code: 'BAD_USER_INPUT', field: 'input.idempotencyKey' };
      expect(await attempt(player, { leaderboardSlug: slug, score: 1, idempotencyKey })).toEqual(refusedWith(refused));
    }
  });

  test('repeated in a later season, it answers from its own and opens no other', async () => {
    const board = await makeBoard(em());
    const input = { leaderboardSlug: board.slug, score: 5, idempotencyKey: `long ago on ${board.slug}` };
    const first = await submitted(server, player, input);
    const past = seasonByKey(board, '2026-01', 'key')!;
    await insertSeason(em(), past);
    await query(em(), sql`update scores set season_id = ${past.id} where id = ${first.score.id}`);
    await query(em(), sql`update standings set season_id = ${past.id} where score_id = ${first.score.id}`);
    await query(em(), sql`delete from seasons where id = ${first.score.season.id}`);
    const before = await countRows(em());

    const again = await submitted(server, player, input);
    expect(again).toEqual({
      ...first,
      score: { ...first.score, season: { id: past.id, key: '2026-01' } },
      standing: { ...first.standing, id: `${past.id}:${player.id}` },
    });
    expect(await countRows(em())).toEqual(before);
    await submitted(server, player, { leaderboardSlug: board.slug, score: 1 });
    expect((await countRows(em())).seasons).toBe(before.seasons + 1);
  });
});

describe('who may submit for whom', () => {
  test('anonymous callers for nobody', async () => {
    for (const userId of [null, player.id]) {
      expect(await attempt(null, { score: 1, userId })).toEqual(refusedWith({ code: 'UNAUTHENTICATED' }));
    }
  });

  test('players for themselves, naming themselves or not', async () => {
    for (const userId of [null, player.id, player.id.toUpperCase()]) {
      const { slug } = await makeBoard(em());
      const payload = await submitted(server, player, { leaderboardSlug: slug, score: 1, userId });
      expect(payload.standing?.user.id).toBe(player.id);
    }
    const forbidden = { code: 'FORBIDDEN', field: 'input.userId' };
    expect(await attempt(player, { score: 1, userId: stranger.id })).toEqual(refusedWith(forbidden));
    expect(await attempt(player, { score: 1, userId: newId() })).toEqual(refusedWith(forbidden));
    expect(await attempt(player, { score: 1, userId: '' })).toEqual(refusedWith(forbidden));
  });

  test('admins for themselves and for others', async () => {
    const { slug } = await makeBoard(em());
    const own = await submitted(server, admin, { leaderboardSlug: slug, score: 1 });
    const others = await submitted(server, admin, { leaderboardSlug: slug, score: 1, userId: player.id });
    expect([own.standing?.user.id, others.standing?.user.id]).toEqual([admin.id, player.id]);
  });

  test('a service key for those it names', async () => {
    const { slug } = await makeBoard(em());
    const payload = await submitted(server, 'service', { leaderboardSlug: slug, score: 1, userId: player.id });
    expect(payload.standing?.user.id).toBe(player.id);
    expect(await attempt('service', { score: 1 })).toEqual(
      refusedWith({ code: 'BAD_USER_INPUT', field: 'input.userId' }),
    );
  });

  test('nobody for players who do not exist or are deleted', async () => {
    const [deleted] = await insertPlayers(em(), 'deleted-', 1);
    await setDeleted(em(), [deleted!], true);
    const notFound = { code: 'NOT_FOUND', field: 'input.userId' };
    for (const userId of [deleted!, newId(), '', '7', 'no id', `${player.id} `]) {
      expect(await attempt('service', { score: 1, userId })).toEqual(refusedWith(notFound));
      expect(await attempt(admin, { score: 1, userId })).toEqual(refusedWith(notFound));
    }
    expect(await attempt('service', { score: 1, userId: 'a\0' })).toEqual(
      refusedWith({ code: 'BAD_USER_INPUT', field: 'input.userId' }),
    );
  });

  test('nobody on a board that does not exist', async () => {
    for (const leaderboardSlug of ['nowhere', '', 'MONTHLY', 'monthly ', '%']) {
      expect(await attempt(player, { score: 1, leaderboardSlug })).toEqual(
        refusedWith({ code: 'NOT_FOUND', field: 'input.leaderboardSlug' }),
      );
    }
  });
});

test.each(['1', true, 1.5, 2 ** 53, -(2 ** 53), 1e300, null, undefined])('%p is no score', async (score) => {
  const input = { score } as unknown as SubmitInput;
  expect(await attempt(player, input)).toEqual(refusedWith({ code: 'BAD_USER_INPUT', field: 'input.score' }));
});
