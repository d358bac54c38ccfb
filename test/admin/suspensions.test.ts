import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { scrubAccounts } from '../../src/account/housekeeping.job.js';
import { endSuspensions } from '../../src/admin/suspension.job.js';
import { Scope } from '../../src/admin/scope.js';
import { query, sql } from '../../src/database/query.js';
import { newId } from '../../src/shared/ids.js';
import { DELETE, errorsOf, LOGIN, promote, REFRESH, row, VIEWER } from '../account/support.js';
import { type MailingServer, startMailingServer } from '../account/mail-support.js';
import { befriend, submitted } from '../leaderboard/support.js';
import { RIGHT_TREE, treeFaults } from '../support/rank-tree.js';
import { PASSWORD, type Player } from '../support/server.js';
import { logOf, RESTORE, suspend, SUSPEND, SUSPENSIONS } from './moderation-support.js';
import { makeKey, withKey } from './support.js';

const SEEN = `query ($id: ID!, $nickname: String!, $prefix: String!) {
  user(id: $id) { id }
  userByNickname(nickname: $nickname) { id }
  users(nicknamePrefix: $prefix, first: 10) { nodes { id } }
  leaderboard { currentSeason { standings(first: 50) { totalCount nodes { rank score user { id } } } } }
  viewer { friends(first: 10) { totalCount nodes { id } } }
}`;
const REQUEST = `mutation ($id: ID!) { requestFriendship(userId: $id) { friendship { id } } }`;
const LATER = '2100-01-01T00:00:00.000Z';

let server: MailingServer;
let admin: Player;
beforeAll(async () => {
  server = await startMailingServer();
  admin = await server.player('admin');
  await promote(server, admin);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
const login = (player: Player) => server.graphql(LOGIN, { input: { email: player.email, password: PASSWORD } });
const codesOf = async (source: string, variables: Record<string, unknown>, as: Player | 'service' | null) =>
  errorsOf(await server.graphql(source, variables, as)).map(({ code, reason, field }) => ({
    code,
    ...(reason !== undefined && { reason }),
    ...(field !== undefined && { field }),
  }));
const input = (userId: string, rest: Record<string, unknown> = {}) => ({
  input: { userId, reason: 'Cheating.', ...rest },
});

/** What a friend sees of the game. */
async function seenBy(friend: Player, player: Player) {
  const { data, errors } = await server.graphql(
    SEEN,
    { id: player.id, nickname: player.nickname, prefix: player.nickname },
    friend,
  );
  expect(errors).toBeUndefined();
  return data;
}

describe('a player who is suspended', () => {
  test('is gone from boards, searches and lists at once, and returns to the same rank', async () => {
    const [player, friend] = [await server.player('cheat'), await server.player('friend')];
    await befriend(em(), player.id, [friend.id], 'accepted');
    await submitted(server, player, { score: 500 });
    await submitted(server, friend, { score: 400 });
    const before = await seenBy(friend, player);
    expect(before.leaderboard.currentSeason.standings.nodes[0]).toMatchObject({ rank: 1, user: { id: player.id } });
    expect(before.viewer.friends.nodes).toHaveLength(1);

    await suspend(server, admin, player.id);
    expect(await seenBy(friend, player)).toMatchObject({
      user: null,
      userByNickname: null,
      users: { nodes: [] },
      leaderboard: {
        currentSeason: { standings: { totalCount: 1, nodes: [{ rank: 1, score: 400, user: { id: friend.id } }] } },
      },
      viewer: { friends: { totalCount: 0, nodes: [] } },
    });
    expect(await codesOf(REQUEST, { id: player.id }, friend)).toEqual([{ code: 'NOT_FOUND', field: 'userId' }]);
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);

    const { data } = await server.graphql(RESTORE, { id: player.id }, admin);
    expect(data.restoreUser.user).toEqual({ id: player.id, nickname: player.nickname });
    expect(await seenBy(friend, player)).toEqual(before);
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
  });

  test('is signed out everywhere, and told why by the right password alone', async () => {
    const player = await server.player();
    const elsewhere = (await login(player)).data.login;
    await suspend(server, admin, player.id, LATER);
    expect(await codesOf(VIEWER, {}, player)).toEqual([{ code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' }]);
    for (const token of [player.refreshToken, elsewhere.refreshToken]) {
      expect(await codesOf(REFRESH, { token }, null)).toEqual([{ code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' }]);
    }
    const { errors } = await login(player);
    expect(errors).toMatchObject([
      {
        message: `The account is suspended until ${LATER}. Cheating.`,
        extensions: { code: 'FORBIDDEN', reason: 'ACCOUNT_SUSPENDED' },
      },
    ]);
    const wrong = { input: { email: player.email, password: 'another password' } };
    expect(await codesOf(LOGIN, wrong, null)).toEqual([{ code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS' }]);

    await server.graphql(RESTORE, { id: player.id }, admin);
    expect((await login(player)).errors).toBeUndefined();
  });

  test('gets no mail with which to set a password', async () => {
    const player = await server.player();
    await server.post.next(player.email);
    await suspend(server, admin, player.id);
    const ask = `mutation ($email: EmailAddress!) { requestPasswordReset(email: $email) { accepted } }`;
    expect((await server.graphql(ask, { email: player.email })).data).toEqual({
      requestPasswordReset: { accepted: true },
    });
    const other = await server.player();
    await server.graphql(ask, { email: other.email });
    await server.post.next(other.email);
    await server.post.next(other.email);
    expect(server.post.mails.filter(({ to }) => JSON.stringify(to).includes(player.email))).toEqual([]);
  });

  test('is there again when the time is over, by itself', async () => {
    const player = await server.player();
    await submitted(server, player, { score: 7 });
    await suspend(server, admin, player.id, new Date(Date.now() + 1000).toISOString());
    const { errors } = await login(player);
    expect(errors).toHaveLength(1);
    const isBack = async () =>
      (await server.graphql(`query ($id: ID!) { user(id: $id) { id } }`, { id: player.id })).data.user;
    for (let attempt = 0; (await isBack()) === null; attempt += 1) {
      expect(attempt).toBeLessThan(200);
      await sleep(100);
    }
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
    expect((await login(player)).errors).toBeUndefined();
  });

  test('is let in when the time is over, whether somebody has noted that or not', async () => {
    const player = await server.player();
    await suspend(server, admin, player.id);
    await query(em(), sql`update users set suspended_until = now() where id = ${player.id}`);
    expect((await login(player)).errors).toBeUndefined();
    const { data } = await server.graphql(SUSPENSIONS, { first: 100 }, admin);
    expect(data.suspensions.nodes.map(({ user }: { user: Player }) => user.id)).not.toContain(player.id);
  });

  test('stays suspended while the time is not over', async () => {
    const player = await server.player();
    await suspend(server, admin, player.id, LATER);
    expect(await endSuspensions(em())).toBe(0);
    expect(await codesOf(LOGIN, { input: { email: player.email, password: PASSWORD } }, null)).toEqual([
      { code: 'FORBIDDEN', reason: 'ACCOUNT_SUSPENDED' },
    ]);
  });
});

describe('suspendUser', () => {
  test('answers what stands, and changes end and reason when it is repeated', async () => {
    const player = await server.player();
    const first = await suspend(server, admin, player.id, LATER);
    expect(first).toEqual({
      user: { id: player.id, nickname: player.nickname },
      since: expect.stringMatching(/Z$/),
      until: LATER,
      reason: 'Cheating.',
    });
    const { data } = await server.graphql(SUSPEND, input(player.id.toUpperCase(), { reason: ' For good. ' }), admin);
    expect(data.suspendUser.suspension).toEqual({ ...first, until: null, reason: 'For good.' });
    expect(await logOf(server, player.id)).toEqual([
      {
        action: 'USER_SUSPENDED',
        actorKind: 'ADMIN',
        actorId: admin.id,
        details: { reason: 'For good.', until: null },
      },
      {
        action: 'USER_SUSPENDED',
        actorKind: 'ADMIN',
        actorId: admin.id,
        details: { reason: 'Cheating.', until: LATER },
      },
    ]);
  });

  test('is for admins, and for keys with that scope, which the log names', async () => {
    const player = await server.player();
    expect(await codesOf(SUSPEND, input(player.id), null)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(await codesOf(SUSPEND, input(player.id), player)).toEqual([{ code: 'FORBIDDEN' }]);
    const reader = await makeKey(server, [Scope.USERS_READ, Scope.SCORES_WRITE]);
    const refused = await withKey(server, reader.key, SUSPEND, input(player.id));
    expect(errorsOf(refused)).toEqual([{ code: 'FORBIDDEN' }]);
    const { id, key } = await makeKey(server, [Scope.ADMIN]);
    expect((await withKey(server, key, SUSPEND, input(player.id))).errors).toBeUndefined();
    expect((await server.graphql(RESTORE, { id: player.id }, 'service')).errors).toBeUndefined();
    expect(await logOf(server, player.id)).toMatchObject([
      { action: 'USER_RESTORED', actorKind: 'SERVICE_KEY', actorId: null },
      { action: 'USER_SUSPENDED', actorKind: 'SERVICE_KEY', actorId: id },
    ]);
  });

  test.each([
    ['nobody', { userId: newId() }, { code: 'NOT_FOUND', field: 'input.userId' }],
    ['what is no id', { userId: 'x' }, { code: 'NOT_FOUND', field: 'input.userId' }],
    ['without a reason to be seen', { reason: '\u200b' }, { code: 'BAD_USER_INPUT', field: 'input.reason' }],
    ['without a reason', { reason: ' \n ' }, { code: 'BAD_USER_INPUT', field: 'input.reason' }],
    ['at length', { reason: 'x'.repeat(501) }, { code: 'BAD_USER_INPUT', field: 'input.reason' }],
    ['until yesterday', { until: '2020-01-01T00:00:00Z' }, { code: 'BAD_USER_INPUT', field: 'input.until' }],
    ['until some day', { until: 'tomorrow' }, { code: 'BAD_USER_INPUT', field: 'input.until' }],
    [
      'until after the year 9999',
      { until: '9999-12-31T23:59:59-14:00' },
      { code: 'BAD_USER_INPUT', field: 'input.until' },
    ],
    [
      'at a fraction without end',
      { until: `2100-01-01T00:00:00.${'0'.repeat(300)}Z` },
      { code: 'BAD_USER_INPUT', field: 'input.until' },
    ],
    ['until a day that is none', { until: '2100-02-30T00:00:00Z' }, { code: 'BAD_USER_INPUT', field: 'input.until' }],
    ['until a time without a zone', { until: '2100-01-01T00:00:00' }, { code: 'BAD_USER_INPUT', field: 'input.until' }],
  ])('refuses to suspend %s, and changes nothing', async (_what, fault, expected) => {
    const player = await server.player();
    expect(await codesOf(SUSPEND, input(player.id, fault), admin)).toEqual([expected]);
    expect(await logOf(server, player.id)).toEqual([]);
    expect(await codesOf(VIEWER, {}, player)).toEqual([]);
  });

  test('takes an offset, and 500 characters of any kind', async () => {
    const player = await server.player();
    const reason = '🎲'.repeat(500);
    const { data } = await server.graphql(
      SUSPEND,
      input(player.id, { until: '2100-01-01T09:00:00+09:00', reason }),
      admin,
    );
    expect(data.suspendUser.suspension).toMatchObject({ until: LATER, reason });
  });

  test.each(['2100-01-01T00:00:00+16:00', '2100-01-01T00:00:00-23:59', '9999-12-31T23:59:59.9999999Z'])(
    'takes %s as the instant that it is',
    async (until) => {
      const player = await server.player();
      const { data } = await server.graphql(SUSPEND, input(player.id, { until }), admin);
      expect(data.suspendUser.suspension.until).toBe(new Date(until).toISOString());
    },
  );

  test('reaches who has deleted the account, whom signing in does not bring back then', async () => {
    const player = await server.player();
    await server.graphql(DELETE, { input: { password: PASSWORD } }, player);
    await suspend(server, admin, player.id);
    expect(await codesOf(LOGIN, { input: { email: player.email, password: PASSWORD } }, null)).toEqual([
      { code: 'FORBIDDEN', reason: 'ACCOUNT_SUSPENDED' },
    ]);
    await server.graphql(RESTORE, { id: player.id }, admin);
    expect((await login(player)).errors).toBeUndefined();
  });

  test('is not for oneself, nor for the last admin, nor for somebody who is gone for good', async () => {
    expect(await codesOf(SUSPEND, input(admin.id), admin)).toEqual([{ code: 'BAD_USER_INPUT', field: 'input.userId' }]);
    expect(await codesOf(SUSPEND, input(admin.id), 'service')).toEqual([
      { code: 'CONFLICT', reason: 'LAST_ADMIN', field: 'input.userId' },
    ]);
    const leaver = await server.player();
    await query(em(), sql`update users set deleted_at = now(), scrubbed_at = now() where id = ${leaver.id}`);
    expect(await codesOf(SUSPEND, input(leaver.id), admin)).toEqual([{ code: 'NOT_FOUND', field: 'input.userId' }]);
  });

  test('is for another admin, who is one again when restored', async () => {
    const other = await server.player('second');
    await promote(server, other);
    await suspend(server, admin, other.id);
    expect(await codesOf(SUSPEND, input(admin.id), other)).toEqual([
      { code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' },
    ]);
    await server.graphql(RESTORE, { id: other.id }, admin);
    const { data } = await login(other);
    const again = { ...other, ...data.login };
    expect(await codesOf(SUSPENSIONS, {}, again)).toEqual([]);
    await query(em(), sql`update users set role = 'user' where id = ${other.id}`);
  });
});

describe('restoreUser', () => {
  test('undoes a deletion that is not final, with its rank', async () => {
    const player = await server.player();
    await submitted(server, player, { score: 9 });
    await server.graphql(DELETE, { input: { password: PASSWORD } }, player);
    expect((await server.graphql(RESTORE, { id: player.id }, admin)).errors).toBeUndefined();
    expect((await login(player)).errors).toBeUndefined();
    expect(await treeFaults(em())).toEqual(RIGHT_TREE);
    expect(await logOf(server, player.id)).toMatchObject([
      { action: 'USER_RESTORED', actorId: admin.id, details: { deleted: true, suspended: false } },
      { action: 'USER_DELETED', actorKind: 'USER', actorId: player.id, details: {} },
    ]);
  });

  test('changes nothing of somebody who is there', async () => {
    const player = await server.player();
    const { data } = await server.graphql(RESTORE, { id: player.id }, admin);
    expect(data.restoreUser.user.id).toBe(player.id);
    expect(await logOf(server, player.id)).toEqual([]);
    expect(await codesOf(VIEWER, {}, player)).toEqual([]);
  });

  test.each([newId(), 'x', ''])('knows nobody with the id %j', async (id) => {
    expect(await codesOf(RESTORE, { id }, admin)).toEqual([{ code: 'NOT_FOUND', field: 'userId' }]);
  });

  test('does not bring back who was scrubbed', async () => {
    const player = await server.player();
    await query(em(), sql`update users set deleted_at = now(), scrubbed_at = now() where id = ${player.id}`);
    expect(await codesOf(RESTORE, { id: player.id }, admin)).toEqual([{ code: 'NOT_FOUND', field: 'userId' }]);
  });

  test('is for admins', async () => {
    const player = await server.player();
    await suspend(server, admin, player.id);
    expect(await codesOf(RESTORE, { id: player.id }, null)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(await codesOf(RESTORE, { id: player.id }, await server.player())).toEqual([{ code: 'FORBIDDEN' }]);
    expect(await codesOf(LOGIN, { input: { email: player.email, password: PASSWORD } }, null)).toEqual([
      { code: 'FORBIDDEN', reason: 'ACCOUNT_SUSPENDED' },
    ]);
  });
});

interface Page {
  nodes: unknown[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
}

describe('suspensions', () => {
  test('are read by page, the last first, with the account', async () => {
    await query(em(), sql`update users set suspended_at = null, suspended_until = null, suspension_reason = null`);
    const players = [await server.player(), await server.player(), await server.player()];
    for (const { id } of players) {
      await suspend(server, admin, id);
    }
    const seen: unknown[] = [];
    let after: string | null = null;
    do {
      const answer = await server.graphql(SUSPENSIONS, { first: 2, after }, admin);
      const page: Page = answer.data.suspensions;
      seen.push(...page.nodes);
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(
      players.toReversed().map(({ id, nickname, email }) => ({
        user: { id, nickname, account: { email } },
        since: expect.any(String),
        until: null,
        reason: 'Cheating.',
      })),
    );
  });

  test('cost the same number of statements for one as for many', async () => {
    const count = async (first: number) => {
      server.database.statements.length = 0;
      await server.graphql(SUSPENSIONS, { first }, admin);
      return server.database.statements.length;
    };
    expect(await count(3)).toBe(await count(1));
  });

  test('leave nothing behind when the account is scrubbed', async () => {
    const player = await server.player();
    await suspend(server, admin, player.id);
    await query(em(), sql`update users set deleted_at = now() - interval '31 days' where id = ${player.id}`);

    await scrubAccounts(em(), 30);
    expect(
      await row(
        server,
        sql`select suspended_at, suspended_until, suspension_reason from users where id = ${player.id}`,
      ),
    ).toEqual({ suspended_at: null, suspended_until: null, suspension_reason: null });
  });
});
