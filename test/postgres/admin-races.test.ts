import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Actor, ActorKind } from '../../src/admin/audit-log.type.js';
import { Role } from '../../src/account/account.type.js';
import { setRole } from '../../src/admin/role.service.js';
import { endSuspensions } from '../../src/admin/suspension.job.js';
import { restoreUser, suspendUser } from '../../src/admin/suspension.service.js';
import { query, queryExactlyOne, queryOne, sql } from '../../src/database/query.js';
import { requestFriendship } from '../../src/friendship/friendship.service.js';
import { updateLeaderboard } from '../../src/leaderboard/leaderboard.service.js';
import { type LeaderboardRow, ScoreAggregation, ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import { currentSeason } from '../../src/leaderboard/season.service.js';
import { submitScores } from '../../src/leaderboard/submission.service.js';
import { voidScore } from '../../src/leaderboard/void-score.service.js';
import { errorsOf, insertUser, LOGIN, REFRESH } from '../account/support.js';
import { standingsOf } from '../leaderboard/moderation-support.js';
import { makeBoard } from '../leaderboard/support.js';
import { RIGHT_TREE, treeFaults } from '../support/rank-tree.js';
import { PASSWORD, startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers } from '../visit/support.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

const ROUNDS = 60;
/** Hashing a password takes longer than everything else in a round. */
const HASHING_ROUNDS = 15;
/** As many as the pool has connections. */
const AT_ONCE = 8;
// Hundreds of rounds take a while on a busy machine.
jest.setTimeout(300_000);

const SERVICE: Actor = { kind: ActorKind.SERVICE_KEY, id: null };
const { BEST, SUM, LATEST } = ScoreAggregation;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await Promise.all(times(AT_ONCE, () => query(em(), sql`select pg_sleep(0.1)`)));
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const rounds = times(ROUNDS, (index) => index);

/** Runs all of these at once, another one first in each round, and answers in their order. */
async function atOnce(round: number, calls: (() => Promise<unknown>)[]): Promise<PromiseSettledResult<unknown>[]> {
  const started = times(calls.length, (index) => (index + round) % calls.length);
  const settled = await Promise.allSettled(started.map((index) => calls[index]!()));
  return calls.map((_, index) => settled[started.indexOf(index)]!);
}

const isDone = ({ status }: PromiseSettledResult<unknown>) => status === 'fulfilled';
const refusals = (results: PromiseSettledResult<unknown>[]) =>
  results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));

const suspend = (userId: string, actor = SERVICE) =>
  suspendUser(em(), undefined, actor, { userId, reason: 'Of a test.', until: null });
const demote = (userId: string, actor = SERVICE) => setRole(em(), actor, { userId, role: Role.USER });
const submitOne = async (board: LeaderboardRow, userId: string, score: number) => {
  const submission = { userId, slug: board.slug, score, idempotencyKey: null, field: 'input' };
  const [submitted] = await submitScores(em(), [submission]);
  return submitted!.score;
};

const admins = async () =>
  (
    await query(
      em(),
      sql<{ id: string }>`select id from users where role = 'admin' and deleted_at is null and suspended_at is null`,
    )
  ).map(({ id }) => id);

/** So many admins, and no others. */
async function onlyAdmins(round: number, count: number): Promise<string[]> {
  await query(em(), sql`update users set role = 'user' where role = 'admin'`);
  return Promise.all(times(count, (index) => insertUser(server, { nickname: `a ${round} ${index}`, role: 'admin' })));
}

/** How often something was done to one of these, by the audit log. */
async function logged(action: string, targetIds: string[]): Promise<number> {
  const { entries } = await queryExactlyOne(
    em(),
    sql<{ entries: number }>`select count(*)::int as entries from audit_log
      where action = ${action} and target_id = any(${targetIds}::uuid[])`,
  );
  return entries;
}

describe('admins', () => {
  test('of two who demote or suspend each other, one is left, and the other is refused', async () => {
    for (const round of rounds) {
      const [one, other] = (await onlyAdmins(round, 2)) as [string, string];
      const ends = round % 2 === 0 ? demote : suspend;
      const results = await atOnce(round >> 1, [
        () => ends(other, { kind: ActorKind.ADMIN, id: one }),
        () => (round % 3 === 0 ? demote : ends)(one, { kind: ActorKind.ADMIN, id: other }),
      ]);
      expect(results.filter(isDone)).toHaveLength(1);
      expect(refusals(results)).toMatchObject([{ code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' }]);
      expect(await admins()).toEqual([isDone(results[0]!) ? one : other]);
    }
  });

  test.each([
    ['demoted', 'ROLE_SET', demote],
    ['suspended', 'USER_SUSPENDED', suspend],
  ] as const)(
    'one is left where all of them are %s at once, and the log has the others',
    async (_what, action, end) => {
      for (const round of rounds) {
        const ids = await onlyAdmins(round + ROUNDS * (action === 'ROLE_SET' ? 1 : 2), AT_ONCE);
        const results = await Promise.allSettled(ids.map((id) => end(id)));
        expect(results.filter(isDone)).toHaveLength(AT_ONCE - 1);
        expect(refusals(results)).toMatchObject([{ code: 'CONFLICT', reason: 'LAST_ADMIN' }]);
        expect(await admins()).toHaveLength(1);
        expect(await logged(action, ids)).toBe(AT_ONCE - 1);
      }
    },
  );

  test('who demote themselves at once leave one', async () => {
    for (const round of rounds) {
      const ids = await onlyAdmins(round + 3 * ROUNDS, AT_ONCE);
      const results = await Promise.allSettled(ids.map((id) => demote(id, { kind: ActorKind.ADMIN, id })));
      expect(results.filter(isDone)).toHaveLength(AT_ONCE - 1);
      expect(await admins()).toHaveLength(1);
    }
  });
});

interface Stored {
  id: string;
  score: number;
  at: string;
}

/** A player's scores that count, in the order of their times. */
async function counted(userId: string): Promise<Stored[]> {
  const rows = await query(
    em(),
    sql<Omit<Stored, 'score'> & { score: string }>`select id, score, created_at as at from scores
      where user_id = ${userId} and voided_at is null order by created_at, id`,
  );
  return rows.map((row) => ({ ...row, score: Number(row.score) }));
}

/** What a naive recount makes of the scores; undefined where there are none. */
function recount(scores: Stored[], aggregation: ScoreAggregation, order: ScoreOrder) {
  if (scores.length === 0) {
    return undefined;
  }
  const sign = order === ScoreOrder.HIGHER_IS_BETTER ? 1 : -1;
  const decisive = {
    [BEST]: scores.toSorted((a, b) => sign * (b.score - a.score))[0]!,
    [LATEST]: scores.at(-1)!,
    [SUM]: scores.findLast(({ score }) => score !== 0) ?? scores[0]!,
  }[aggregation];
  const score = aggregation === SUM ? scores.reduce((sum, entry) => sum + entry.score, 0) : decisive.score;
  return { score: String(score), sortScore: String(0 - sign * score), at: decisive.at };
}

const standing = (board: LeaderboardRow, userId: string) =>
  queryOne(
    em(),
    sql<{ score: string; sortScore: string; at: string }>`select score, sort_score as "sortScore", achieved_at as at
      from standings where season_id = ${currentSeason(board).id} and user_id = ${userId}`,
  );

describe('scores', () => {
  test.each([
    [BEST, ScoreOrder.HIGHER_IS_BETTER],
    [BEST, ScoreOrder.LOWER_IS_BETTER],
    [SUM, ScoreOrder.HIGHER_IS_BETTER],
    [LATEST, ScoreOrder.LOWER_IS_BETTER],
  ])('%s, %s: voided while others are submitted, leave what a recount has', async (aggregation, order) => {
    const board = await makeBoard(em(), { aggregation, order });
    const players = await insertPlayers(em(), `void ${aggregation} ${order} `, ROUNDS);
    for (const [round, userId] of players.entries()) {
      const first = await submitOne(board, userId, 90 - (round % 3));
      const second = await submitOne(board, userId, -90 + (round % 5));
      const results = await atOnce(round, [
        () => voidScore(em(), SERVICE, { scoreId: first.id, reason: 'x' }),
        () => submitOne(board, userId, 40),
        () => submitOne(board, userId, -40),
        () => voidScore(em(), SERVICE, { scoreId: second.id, reason: 'x' }),
        () => submitOne(board, userId, round % 7),
        () => submitOne(board, userId, 7 - (round % 11)),
        () => voidScore(em(), SERVICE, { scoreId: first.id, reason: 'x' }),
        () => submitOne(board, userId, 0),
      ]);
      expect(refusals(results)).toEqual([]);
      const scores = await counted(userId);
      expect(scores).toHaveLength(5);
      expect(await standing(board, userId)).toEqual(recount(scores, aggregation, order));
    }
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });

  test('that are the only ones, voided while the next is submitted, leave that one', async () => {
    const board = await makeBoard(em());
    const players = await insertPlayers(em(), 'only ', ROUNDS);
    for (const [round, userId] of players.entries()) {
      const only = await submitOne(board, userId, 90);
      const results = await atOnce(round, [
        () => voidScore(em(), SERVICE, { scoreId: only.id, reason: 'x' }),
        () => submitOne(board, userId, 5),
      ]);
      expect(refusals(results)).toEqual([]);
      expect(await standing(board, userId)).toMatchObject({ score: '5' });
    }
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });

  test('voided by eight at once, are voided once', async () => {
    const board = await makeBoard(em(), { aggregation: SUM });
    const players = await insertPlayers(em(), 'once ', ROUNDS);
    const voided: string[] = [];
    for (const userId of players) {
      const { id } = await submitOne(board, userId, 3);
      await submitOne(board, userId, 4);
      const answers = await Promise.all(times(AT_ONCE, () => voidScore(em(), SERVICE, { scoreId: id, reason: 'x' })));
      expect(new Set(answers.map(({ voidedAt }) => voidedAt)).size).toBe(1);
      expect(await standing(board, userId)).toMatchObject({ score: '4' });
      voided.push(id);
    }
    expect(await logged('SCORE_VOIDED', voided)).toBe(ROUNDS);
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });
});

describe('suspensions', () => {
  test('beside submissions and friend requests leave no standing that is ranked, and are complete', async () => {
    const board = await makeBoard(em());
    const players = await insertPlayers(em(), 'cheat ', ROUNDS);
    const [other, friend] = (await insertPlayers(em(), 'honest ', 2)) as [string, string];
    for (const [round, userId] of players.entries()) {
      const results = await atOnce(round, [
        () => suspend(userId),
        () => submitOne(board, userId, round + 1),
        () => submitOne(board, other, round + 2),
        () => requestFriendship(em(), friend, userId),
        () => submitOne(board, userId, round + 3),
        () => submitOne(board, other, round + 4),
        () => requestFriendship(em(), userId, friend),
        () => submitOne(board, userId, round + 5),
      ]);
      expect([results[0], results[2], results[5]].every((result) => isDone(result!))).toBe(true);
      const told = new Set(refusals(results).map(({ code }) => code));
      expect(['NOT_FOUND', 'UNAUTHENTICATED']).toEqual(expect.arrayContaining([...told]));
      const { ranked, suspended } = await queryExactlyOne(
        em(),
        sql<{ ranked: number; suspended: boolean }>`select suspended_at is not null as suspended,
            (select count(*)::int from standings where user_id = u.id and ranked) as ranked
          from users u where id = ${userId}`,
      );
      expect({ ranked, suspended }).toEqual({ ranked: 0, suspended: true });
      await expect(submitOne(board, userId, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await standingsOf(server, board.slug)).toMatchObject([{ rank: 1, user: { id: other } }]);
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });

  test('of all at once, and their ends, leave the ranks that were', async () => {
    const board = await makeBoard(em());
    const players = await insertPlayers(em(), 'ranked ', AT_ONCE + 2);
    await Promise.all(players.map((userId, index) => submitOne(board, userId, Math.floor(index / 2))));
    const before = await standingsOf(server, board.slug);
    expect(before).toHaveLength(AT_ONCE + 2);
    for (const round of rounds) {
      const crowd = players.slice(0, AT_ONCE);
      const gone = await atOnce(
        round,
        crowd.map((id) => () => suspend(id)),
      );
      expect(gone.every(isDone)).toBe(true);
      expect(await standingsOf(server, board.slug)).toHaveLength(2);
      const back = await atOnce(
        round,
        crowd.map((id) => () => restoreUser(em(), SERVICE, id)),
      );
      expect(back.every(isDone)).toBe(true);
      expect(await standingsOf(server, board.slug)).toEqual(before);
    }
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });

  test('leave no session behind, of whoever signs in or refreshes beside them', async () => {
    for (const round of times(HASHING_ROUNDS, (index) => index)) {
      const player = await server.player(`signs${round}`);
      const login = () => server.graphql(LOGIN, { input: { email: player.email, password: PASSWORD } });
      const answers = await Promise.all([
        login(),
        suspend(player.id).then(() => undefined),
        server.graphql(REFRESH, { token: player.refreshToken }),
        login(),
      ]);
      const refused = answers.flatMap((answer) => (answer === undefined ? [] : errorsOf(answer)));
      expect(['ACCOUNT_SUSPENDED', 'TOKEN_REVOKED']).toEqual(
        expect.arrayContaining([...new Set(refused.map(({ reason }) => reason))]),
      );
      const { sessions } = await queryExactlyOne(
        em(),
        sql<{ sessions: number }>`select count(*)::int as sessions from sessions
          where user_id = ${player.id} and revoked_at is null`,
      );
      expect(sessions).toBe(0);
      expect(errorsOf(await login())).toEqual([{ code: 'FORBIDDEN', reason: 'ACCOUNT_SUSPENDED' }]);
    }
  });

  const endNow = (userId: string) =>
    query(
      em(),
      sql`update users set suspended_at = now() - interval '1 hour', suspended_until = now() - interval '1 second',
        suspension_reason = 'Of a test.' where id = ${userId}`,
    );
  const suspension = (userId: string) =>
    queryExactlyOne(
      em(),
      sql<{ since: string | null; until: string | null; reason: string | null }>`select suspended_at as since,
        suspended_until as until, suspension_reason as reason from users where id = ${userId}`,
    );

  test('whose time is over end once, by the job, an admin or the player, whoever comes first', async () => {
    for (const round of times(HASHING_ROUNDS, (index) => index)) {
      const player = await server.player(`back${round}`);
      await endNow(player.id);
      const [answer, ...others] = await Promise.allSettled([
        server.graphql(LOGIN, { input: { email: player.email, password: PASSWORD } }),
        endSuspensions(em()),
        restoreUser(em(), SERVICE, player.id),
        endSuspensions(em()),
      ]);
      expect(others.every(isDone)).toBe(true);
      expect(answer).toMatchObject({ value: { data: { login: { user: { id: player.id } } } } });
      expect(await suspension(player.id)).toEqual({ since: null, until: null, reason: null });
      expect(await logged('USER_RESTORED', [player.id])).toBeLessThanOrEqual(1);
    }
  });

  test('that are made anew as the one before ends stay', async () => {
    const players = await insertPlayers(em(), 'anew ', ROUNDS);
    for (const [round, userId] of players.entries()) {
      await endNow(userId);
      const results = await atOnce(round, [
        () => endSuspensions(em()),
        () => suspend(userId),
        () => endSuspensions(em()),
        () => endSuspensions(em()),
      ]);
      expect(results.every(isDone)).toBe(true);
      expect(await suspension(userId)).toMatchObject({ since: expect.any(String), until: null, reason: 'Of a test.' });
    }
  });
});

describe('boards', () => {
  test('edited as they are first played are played by one rule', async () => {
    for (const round of rounds) {
      const board = await makeBoard(em());
      const players = await insertPlayers(em(), `first ${round} `, 3);
      const edit = { aggregation: SUM, order: ScoreOrder.LOWER_IS_BETTER };
      const [edited, ...submitted] = await atOnce(round, [
        () => updateLeaderboard(em(), SERVICE, board.slug, edit),
        ...times(AT_ONCE - 1, (index) => () => submitOne(board, players[index % 3]!, index + 1)),
      ]);
      expect(refusals(submitted)).toEqual([]);
      if (!isDone(edited!)) {
        expect(refusals([edited!])).toMatchObject([
          { code: 'CONFLICT', reason: 'LEADERBOARD_PLAYED', field: 'input.aggregation' },
        ]);
      }
      const rule = isDone(edited!) ? edit : board;
      const stored = await queryExactlyOne(
        em(),
        sql`select aggregation, score_order as "order" from leaderboards where id = ${board.id}`,
      );
      expect(stored).toEqual({ aggregation: rule.aggregation, order: rule.order });
      for (const userId of players) {
        expect(await standing(board, userId)).toEqual(recount(await counted(userId), rule.aggregation, rule.order));
      }
    }
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });

  test('whose seasons are made others as they are first played have one kind of season', async () => {
    for (const round of rounds) {
      const board = await makeBoard(em());
      const [userId] = (await insertPlayers(em(), `period ${round} `, 1)) as [string];
      const [edited, ...submitted] = await atOnce(round, [
        () => updateLeaderboard(em(), SERVICE, board.slug, { period: 'ALL_TIME' }),
        ...times(3, (index) => () => submitOne(board, userId, index)),
      ]);
      expect(refusals(submitted)).toEqual([]);
      const keys = await query(em(), sql<{ key: string }>`select key from seasons where leaderboard_id = ${board.id}`);
      expect(keys).toEqual([{ key: isDone(edited!) ? 'all' : currentSeason(board).key }]);
    }
  });
});
