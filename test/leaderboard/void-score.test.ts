import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Scope } from '../../src/admin/scope.js';
import { query, sql } from '../../src/database/query.js';
import { type LeaderboardRow, ScoreAggregation, ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import { seasonByKey } from '../../src/leaderboard/season.service.js';
import { makeKey } from '../admin/support.js';
import { RIGHT_TREE, treeFaults } from '../support/rank-tree.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers } from '../visit/support.js';
import { entriesOf, insertCarriedOver, standingsOf, voided, voidScore } from './moderation-support.js';
import {
  errorsOf,
  insertSeason,
  makeAdmin,
  makeBoard,
  makeSeason,
  MAX,
  setDeleted,
  submitMany,
  submitted,
  type SubmitPayload,
} from './support.js';

const { BEST, SUM, LATEST } = ScoreAggregation;
const { HIGHER_IS_BETTER, LOWER_IS_BETTER } = ScoreOrder;

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

/** Submits these scores one after the other. */
async function submitAll(board: LeaderboardRow, scores: number[], as = player): Promise<SubmitPayload[]> {
  const payloads = [];
  for (const score of scores) {
    payloads.push(await submitted(server, as, { leaderboardSlug: board.slug, score }));
  }
  return payloads;
}

const ownScores = async (as: Player) => {
  const { data } = await server.graphql('{ viewer { scores(first: 100) { nodes { id voidedAt } } } }', {}, as);
  return data.viewer.scores.nodes as { id: string; voidedAt: string | null }[];
};

const DECISIONS = [
  // The scores in their order, which one is voided, and which one then stands: null for none.
  { aggregation: BEST, order: HIGHER_IS_BETTER, scores: [3, 9, 5], without: 1, value: 5, from: 2 },
  { aggregation: BEST, order: HIGHER_IS_BETTER, scores: [3, 9, 5], without: 2, value: 9, from: 1 },
  { aggregation: BEST, order: LOWER_IS_BETTER, scores: [7, 2, 5], without: 1, value: 5, from: 2 },
  { aggregation: BEST, order: LOWER_IS_BETTER, scores: [7, 2, 5], without: 0, value: 2, from: 1 },
  { aggregation: BEST, order: HIGHER_IS_BETTER, scores: [9, 9, 5], without: 0, value: 9, from: 1 },
  { aggregation: BEST, order: HIGHER_IS_BETTER, scores: [9, 9, 5], without: 1, value: 9, from: 0 },
  { aggregation: BEST, order: HIGHER_IS_BETTER, scores: [9, 9, 9], without: 0, value: 9, from: 1 },
  { aggregation: BEST, order: LOWER_IS_BETTER, scores: [-2, -2, 0], without: 0, value: -2, from: 1 },
  { aggregation: SUM, order: HIGHER_IS_BETTER, scores: [3, 9, 5], without: 2, value: 12, from: 1 },
  { aggregation: SUM, order: HIGHER_IS_BETTER, scores: [3, 9, 5], without: 0, value: 14, from: 2 },
  { aggregation: SUM, order: HIGHER_IS_BETTER, scores: [3, 0, 5], without: 2, value: 3, from: 0 },
  { aggregation: SUM, order: HIGHER_IS_BETTER, scores: [0, 0, 5], without: 2, value: 0, from: 0 },
  { aggregation: SUM, order: LOWER_IS_BETTER, scores: [3, -9, 5], without: 1, value: 8, from: 2 },
  { aggregation: SUM, order: LOWER_IS_BETTER, scores: [3, 0, 5], without: 1, value: 8, from: 2 },
  { aggregation: LATEST, order: HIGHER_IS_BETTER, scores: [3, 9, 5], without: 2, value: 9, from: 1 },
  { aggregation: LATEST, order: HIGHER_IS_BETTER, scores: [3, 9, 5], without: 1, value: 5, from: 2 },
  { aggregation: LATEST, order: LOWER_IS_BETTER, scores: [9, 3, 3], without: 2, value: 3, from: 1 },
  { aggregation: LATEST, order: LOWER_IS_BETTER, scores: [9, 3, 5], without: 0, value: 5, from: 2 },
];

const RULES = [BEST, SUM, LATEST].flatMap((aggregation) =>
  [HIGHER_IS_BETTER, LOWER_IS_BETTER].map((order) => ({ aggregation, order })),
);

describe('the standing without the score', () => {
  test.each(DECISIONS)(
    '$aggregation, $order: $scores without the one at $without',
    async ({ aggregation, order, scores, without, value, from }) => {
      const board = await makeBoard(em(), { aggregation, order });
      const payloads = await submitAll(board, scores);
      const { score, standing } = await voided(server, payloads[without]!.score.id);
      expect(score).toMatchObject({ value: scores[without], voidedAt: expect.stringMatching(/Z$/) });
      expect(standing).toEqual({
        rank: 1,
        score: value,
        achievedAt: payloads[from]!.score.createdAt,
        user: { id: player.id },
      });
      expect(await standingsOf(server, board.slug)).toEqual([standing]);
      expect(await treeFaults(em())).toEqual(RIGHT_TREE);
    },
  );

  test.each(RULES)('$aggregation, $order: without the only one there is none, until the next', async (rules) => {
    const board = await makeBoard(em(), rules);
    const [only] = await submitAll(board, [7]);
    expect((await voided(server, only!.score.id)).standing).toBeNull();
    expect(await standingsOf(server, board.slug)).toEqual([]);
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);

    const next = await submitted(server, player, { leaderboardSlug: board.slug, score: 4 });
    expect(next).toMatchObject({ improved: true, previousScore: null, previousRank: null, standing: { score: 4 } });
  });

  test('a score submitted later goes on from what is left', async () => {
    const sum = await makeBoard(em(), { aggregation: SUM });
    const [, second] = await submitAll(sum, [3, 100]);
    await voided(server, second!.score.id);
    expect(await submitted(server, player, { leaderboardSlug: sum.slug, score: 4 })).toMatchObject({
      previousScore: 3,
      standing: { score: 7 },
    });

    const best = await makeBoard(em());
    const [cheated] = await submitAll(best, [100, 3]);
    await voided(server, cheated!.score.id);
    expect(await submitted(server, player, { leaderboardSlug: best.slug, score: 4 })).toMatchObject({
      improved: true,
      previousScore: 3,
      standing: { score: 4 },
    });
  });

  test('the others move up, and a tie is in the order of who reached it first', async () => {
    const board = await makeBoard(em());
    const [first] = await submitAll(board, [50]);
    await submitAll(board, [40], stranger);
    await submitAll(board, [40]);
    await submitAll(board, [30], admin);
    const ranks = async () =>
      (await standingsOf(server, board.slug)).map(({ rank, score, user }) => [rank, score, user.id]);
    expect(await ranks()).toEqual([
      [1, 50, player.id],
      [2, 40, stranger.id],
      [3, 30, admin.id],
    ]);
    await voided(server, first!.score.id);
    expect(await ranks()).toEqual([
      [1, 40, stranger.id],
      [1, 40, player.id],
      [3, 30, admin.id],
    ]);
  });

  test('in a season of the past, and in no other', async () => {
    const board = await makeBoard(em());
    const [high, low] = await submitAll(board, [9, 5]);
    const past = seasonByKey(board, '2026-01', 'key')!;
    await insertSeason(em(), past);
    await query(em(), sql`update scores set season_id = ${past.id} where season_id = ${high!.score.season.id}`);
    await query(em(), sql`update standings set season_id = ${past.id} where season_id = ${high!.score.season.id}`);
    await submitAll(board, [7]);

    const { score, standing } = await voided(server, high!.score.id);
    expect({ key: score.season.key, standing }).toMatchObject({ key: '2026-01', standing: { score: 5 } });
    expect(await standingsOf(server, board.slug, '2026-01')).toEqual([
      { rank: 1, score: 5, achievedAt: low!.score.createdAt, user: { id: player.id } },
    ]);
    expect(await standingsOf(server, board.slug)).toMatchObject([{ score: 7 }]);
  });

  test.each([1, -1])('of a sum stays within SafeInt, or nothing is done (%i)', async (sign) => {
    const board = await makeBoard(em(), { aggregation: SUM });
    const [one, between] = await submitAll(board, [sign * MAX, sign * -MAX, sign * MAX]);
    const answer = await voidScore(server, 'service', between!.score.id);
    expect({ errors: errorsOf(answer), data: answer.data.voidScore }).toEqual({
      errors: [{ code: 'BAD_USER_INPUT', field: 'input.scoreId' }],
      data: null,
    });
    expect(await standingsOf(server, board.slug)).toMatchObject([{ score: sign * MAX }]);
    expect(await ownScores(player)).toContainEqual({ id: between!.score.id, voidedAt: null });
    expect(await entriesOf(server, between!.score.id)).toEqual([]);
    expect((await voided(server, one!.score.id)).standing).toMatchObject({ score: 0 });
    expect((await voided(server, between!.score.id)).standing).toMatchObject({ score: sign * MAX });
  });
});

describe('against a naive model', () => {
  interface Played {
    who: number;
    id: string;
    score: number;
    at: string;
    counts: boolean;
  }
  const move = fc.oneof(
    { weight: 3, arbitrary: fc.record({ who: fc.nat(2), score: fc.integer({ min: -2, max: 2 }) }) },
    { weight: 2, arbitrary: fc.record({ which: fc.nat(11) }) },
  );

  /** What a player's scores that count make of the standing. */
  function standingFrom(played: Played[], aggregation: ScoreAggregation, sign: number) {
    const total = played.reduce((sum, { score }) => sum + score, 0);
    const ordered = played.toSorted((a, b) => sign * (b.score - a.score));
    const decisive = {
      [BEST]: ordered[0]!,
      [LATEST]: played.at(-1)!,
      [SUM]: played.findLast(({ score }) => score !== 0) ?? played[0]!,
    }[aggregation];
    return { score: aggregation === SUM ? total : decisive.score, achievedAt: decisive.at };
  }

  test.each(RULES)('$aggregation, $order', async ({ aggregation, order }) => {
    const sign = order === HIGHER_IS_BETTER ? 1 : -1;
    const players = await insertPlayers(em(), `void-${aggregation}-${order}-`, 3);
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 4, maxLength: 20 }), async (moves) => {
        const { slug } = await makeBoard(em(), { aggregation, order });
        const played: Played[] = [];
        for (const next of moves) {
          if ('who' in next) {
            const { who, score } = next;
            const input = { leaderboardSlug: slug, userId: players[who]!, score };
            const payload = await submitted(server, 'service', input);
            played.push({ who, score, id: payload.score.id, at: payload.score.createdAt, counts: true });
          } else if (played.length > 0) {
            const score = played[next.which % played.length]!;
            await voided(server, score.id);
            score.counts = false;
          }
          const expected = players
            .map((id, who) => ({ id, own: played.filter((score) => score.counts && score.who === who) }))
            .filter(({ own }) => own.length > 0)
            .map(({ id, own }) => ({ ...standingFrom(own, aggregation, sign), user: { id } }));
          const ranked = expected.map((one) => ({
            ...one,
            rank: 1 + expected.filter((other) => sign * (other.score - one.score) > 0).length,
          }));
          const shown = await standingsOf(server, slug);
          expect(shown).toHaveLength(ranked.length);
          expect(shown).toEqual(expect.arrayContaining(ranked));
        }
        expect(await treeFaults(em())).toEqual(RIGHT_TREE);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the score itself', () => {
  test('stays in the lists of the player, with when it was voided', async () => {
    const owner = await server.player();
    const board = await makeBoard(em());
    const [high, low] = await submitAll(board, [9, 5], owner);
    const { score } = await voided(server, high!.score.id);
    expect(await ownScores(owner)).toEqual([
      { id: low!.score.id, voidedAt: null },
      { id: high!.score.id, voidedAt: score.voidedAt },
    ]);
    const { data } = await server.graphql('{ accountExport }', {}, owner);
    expect(data.accountExport.scores).toMatchObject([
      { id: high!.score.id, score: 9, voidedAt: expect.any(String) },
      { id: low!.score.id, score: 5, voidedAt: null },
    ]);
    expect(new Date(data.accountExport.scores[0].voidedAt).toISOString()).toBe(score.voidedAt);
  });

  test('answers a repeated key as the first time, and does not count again', async () => {
    const board = await makeBoard(em(), { aggregation: SUM });
    const keys = ['a', 'b', 'c'].map((key) => `${key} of ${board.slug}`);
    const scores = keys.map((idempotencyKey) => ({ leaderboardSlug: board.slug, score: 5, idempotencyKey }));
    const first = await submitMany(server, player, scores);
    const { results } = first.data.submitScores!;
    await voided(server, results[1]!.score.id);

    const again = await submitMany(server, player, scores);
    expect(again.data.submitScores!.results).toEqual(
      results.map((result) => ({ ...result, standing: { ...result.standing, score: 10 } })),
    );
    server.database.statements.length = 0;
    const { data } = await server.graphql(
      'mutation ($input: SubmitScoresInput!) { submitScores(input: $input) { results { score { id voidedAt } } } }',
      { input: { scores } },
      player,
    );
    const told = data.submitScores.results as { score: { id: string; voidedAt: string | null } }[];
    expect(told.map(({ score }) => score.voidedAt !== null)).toEqual([false, true, false]);
    expect(server.database.statements.filter((statement) => statement.includes('voided_at'))).toHaveLength(1);
  });

  test('is voided once: repeated, nothing changes and nothing is logged', async () => {
    const board = await makeBoard(em());
    const [high] = await submitAll(board, [9, 5]);
    const first = await voidScore(server, admin, high!.score.id, '  Two accounts on one machine. ');
    const again = await voidScore(server, 'service', high!.score.id.toUpperCase(), 'Another reason.');
    expect(again.data).toEqual(first.data);
    expect(await entriesOf(server, high!.score.id)).toEqual([
      {
        actorKind: 'ADMIN',
        actorId: admin.id,
        action: 'SCORE_VOIDED',
        targetId: high!.score.id,
        details: {
          reason: 'Two accounts on one machine.',
          userId: player.id,
          seasonId: high!.score.season.id,
          value: 9,
        },
      },
    ]);
  });
});

describe('players who are not there', () => {
  const SUSPEND = 'mutation ($id: ID!) { suspendUser(input: { userId: $id, reason: "x" }) { suspension { since } } }';
  const RESTORE = 'mutation ($id: ID!) { restoreUser(userId: $id) { user { id } } }';

  test('a suspended one has no standing, and after the suspension the one without the score', async () => {
    const board = await makeBoard(em());
    const owner = await server.player();
    const [high, low] = await submitAll(board, [9, 5], owner);
    await submitAll(board, [7]);
    await server.graphql(SUSPEND, { id: owner.id }, 'service');
    expect((await voided(server, high!.score.id)).standing).toBeNull();
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
    await server.graphql(RESTORE, { id: owner.id }, 'service');
    expect(await standingsOf(server, board.slug)).toMatchObject([
      { rank: 1, score: 7, user: { id: player.id } },
      { rank: 2, score: 5, user: { id: owner.id }, achievedAt: low!.score.createdAt },
    ]);
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });

  test('a deleted one likewise, and without any score nothing is left to come back', async () => {
    const board = await makeBoard(em());
    const [gone] = await insertPlayers(em(), 'gone-', 1);
    const only = await submitted(server, 'service', { leaderboardSlug: board.slug, score: 9, userId: gone! });
    await setDeleted(em(), [gone!], true);
    expect((await voided(server, only.score.id)).standing).toBeNull();
    await setDeleted(em(), [gone!], false);
    expect(await standingsOf(server, board.slug)).toEqual([]);
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });
});

describe('totals that were carried over', () => {
  let legacyId = 1000;
  let seasonId: string;
  let slug: string;
  let owner: string;
  beforeEach(async () => {
    const season = await makeSeason(em());
    seasonId = season.id;
    ({ slug } = season.leaderboard);
    [owner] = (await insertPlayers(em(), `carried-${slug}-`, 1)) as [string];
  });

  const at = (day: number) => `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z`;
  /** Old scores of the player, on the days from the 1st on, with the total of the 20th. */
  const carried = (scores: number[], total: number) =>
    insertCarriedOver(
      server,
      seasonId,
      owner,
      scores.map((score, index) => ({ legacyId: (legacyId += 1), score, at: at(index + 1) })),
      { score: total, at: at(20) },
    );
  const shown = async () => (await standingsOf(server, slug)).map(({ score, achievedAt }) => [score, achievedAt]);

  test('stay without an old score that is not behind them', async () => {
    const [, other] = await carried([100, 60], 100);
    expect((await voided(server, other!)).standing).toMatchObject({ score: 100, achievedAt: at(20) });
    expect(await shown()).toEqual([[100, at(20)]]);
  });

  test('stay where no old score has their value', async () => {
    const [high, low] = await carried([70, 60], 100);
    await voided(server, high!);
    await voided(server, low!);
    expect(await shown()).toEqual([[100, at(20)]]);
  });

  test('give way to the other old scores where the one behind them is voided, and end with the last', async () => {
    const [high, low] = await carried([100, 60], 100);
    expect((await voided(server, high!)).standing).toMatchObject({ score: 60, achievedAt: at(2) });
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
    expect((await voided(server, low!)).standing).toBeNull();
    expect(await shown()).toEqual([]);
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });

  test('are back where the better score that came after them is voided', async () => {
    await carried([100, 60], 100);
    const better = await submitted(server, 'service', { leaderboardSlug: slug, score: 150, userId: owner });
    expect((await voided(server, better.score.id)).standing).toMatchObject({ score: 100, achievedAt: at(20) });
  });

  test('are not back where the score behind them was voided as well', async () => {
    const [high] = await carried([100, 60], 100);
    const better = await submitted(server, 'service', { leaderboardSlug: slug, score: 150, userId: owner });
    expect((await voided(server, high!)).standing).toMatchObject({ score: 150 });
    expect((await voided(server, better.score.id)).standing).toMatchObject({ score: 60, achievedAt: at(2) });
  });

  test('old scores without a total make no standing', async () => {
    const [lone] = await carried([80, 50], 80);
    await query(em(), sql`delete from standings where season_id = ${seasonId}`);
    const next = await submitted(server, 'service', { leaderboardSlug: slug, score: 10, userId: owner });
    await voided(server, lone!);
    expect((await voided(server, next.score.id)).standing).toBeNull();
  });
});

describe('who may, and what', () => {
  let scoreId: string;
  beforeAll(async () => {
    const board = await makeBoard(em());
    [scoreId] = (await submitAll(board, [5])).map(({ score }) => score.id) as [string];
  });

  const untouched = async () => {
    expect(await ownScores(player)).toContainEqual({ id: scoreId, voidedAt: null });
    expect(await entriesOf(server, scoreId)).toEqual([]);
  };

  test('nobody who is anonymous, no player, the own score included, and no key without the scope', async () => {
    expect(errorsOf(await voidScore(server, null, scoreId))).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(errorsOf(await voidScore(server, player, scoreId))).toEqual([{ code: 'FORBIDDEN' }]);
    expect(errorsOf(await voidScore(server, stranger, scoreId))).toEqual([{ code: 'FORBIDDEN' }]);
    const { key } = await makeKey(server, [Scope.SCORES_WRITE, Scope.USERS_READ]);
    const answer = await voidScore(server, null, scoreId, 'x', { 'x-api-key': key });
    expect(errorsOf(answer)).toEqual([{ code: 'FORBIDDEN' }]);
    await untouched();
  });

  test.each(['', 'no id', '7', '00000000-0000-4000-8000-000000000000'])('there is no score %j', async (id) => {
    expect(errorsOf(await voidScore(server, 'service', id))).toEqual([{ code: 'NOT_FOUND', field: 'input.scoreId' }]);
  });

  test.each([
    ['empty', ''],
    ['of white space', ' \n\t '],
    ['too long', 'x'.repeat(501)],
    ['too long, in characters of two units', '🎮'.repeat(501)],
    ['with a NUL', 'a\0b'],
  ])('a reason that is %s is refused', async (_what, reason) => {
    expect(errorsOf(await voidScore(server, 'service', scoreId, reason))).toEqual([
      { code: 'BAD_USER_INPUT', field: 'input.reason' },
    ]);
    await untouched();
  });

  test('a reason has up to 500 characters, and a key with the scope is who has done it', async () => {
    const { key, id } = await makeKey(server, [Scope.ADMIN]);
    const reason = '🎮'.repeat(500);
    const answer = await voidScore(server, null, scoreId, reason, { 'x-api-key': key });
    expect(answer.errors).toBeUndefined();
    expect(await entriesOf(server, scoreId)).toMatchObject([
      { actorKind: 'SERVICE_KEY', actorId: id, details: { reason } },
    ]);
  });
});
