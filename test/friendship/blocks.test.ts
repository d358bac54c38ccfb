import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import {
  act,
  clearFriendships,
  MUTATIONS,
  type Outcome,
  requestsOf,
  standingTo,
  storedBlockers,
  storedFriendships,
  storeFriendship,
} from './support.js';

let server: TestServer;
/** Blocks. */
let blocker: Player;
/** Is blocked, and must not learn of it. */
let blocked: Player;
/** Stands to the blocked one as the blocker does, but blocks nobody: what the blocked one is to see. */
let stranger: Player;
beforeAll(async () => {
  server = await startTestServer();
  blocker = await server.player('blocker');
  blocked = await server.player('blocked');
  stranger = await server.player('stranger');
});
afterAll(() => server.close());
beforeEach(() => clearFriendships(server));

const EMPTY = { total: 0, users: [] };

test('a request that was made before the block stays for the one, and is hidden from the other', async () => {
  await act(server, 'requestFriendship', blocker.id, blocked);
  expect(await requestsOf(server, blocker, 'INCOMING')).toEqual({ total: 1, users: [blocked.id] });

  const outcome = await act(server, 'blockUser', blocked.id, blocker);
  expect(outcome.payload).toMatchObject({ friendship: null, user: { viewerFriendship: 'BLOCKED_BY_VIEWER' } });
  expect(await requestsOf(server, blocker, 'INCOMING')).toEqual(EMPTY);
  expect(await requestsOf(server, blocked, 'OUTGOING')).toEqual({ total: 1, users: [blocker.id] });
  expect(await standingTo(server, blocked, blocker)).toBe('REQUESTED_BY_VIEWER');
});

test('a request that is made during the block is stored, listed and repeated as any other', async () => {
  await act(server, 'blockUser', blocked.id, blocker);
  const asked = await act(server, 'requestFriendship', blocker.id, blocked);
  expect(asked.payload).toMatchObject({
    friendship: { status: 'PENDING' },
    user: { viewerFriendship: 'REQUESTED_BY_VIEWER' },
  });
  const again = await act(server, 'requestFriendship', blocker.id, blocked);
  expect(again.payload).toEqual(asked.payload);
  expect(await requestsOf(server, blocked, 'OUTGOING')).toEqual({ total: 1, users: [blocker.id] });
  expect(await requestsOf(server, blocker, 'INCOMING')).toEqual(EMPTY);
  expect(await standingTo(server, blocker, blocked)).toBe('BLOCKED_BY_VIEWER');
});

test('a hidden request can be cancelled by who made it', async () => {
  await act(server, 'blockUser', blocked.id, blocker);
  await act(server, 'requestFriendship', blocker.id, blocked);
  const outcome = await act(server, 'removeFriendship', blocker.id, blocked);
  expect(outcome.payload).toMatchObject({ friendship: null, user: { viewerFriendship: 'NONE' } });
  expect(await storedFriendships(server, blocker, blocked)).toEqual([]);
  expect(await requestsOf(server, blocked, 'OUTGOING')).toEqual(EMPTY);
});

test('a hidden request becomes ordinary when the block is taken away', async () => {
  await act(server, 'blockUser', blocked.id, blocker);
  await act(server, 'requestFriendship', blocker.id, blocked);
  const outcome = await act(server, 'unblockUser', blocked.id, blocker);
  expect(outcome.payload).toMatchObject({
    friendship: { status: 'PENDING', requester: { id: blocked.id } },
    user: { viewerFriendship: 'REQUESTED_BY_USER' },
  });
  expect(await requestsOf(server, blocker, 'INCOMING')).toEqual({ total: 1, users: [blocked.id] });
  expect((await act(server, 'acceptFriendship', blocked.id, blocker)).payload?.friendship?.status).toBe('ACCEPTED');
});

test.each([
  ['requestFriendship', 'CONFLICT BLOCKED_BY_VIEWER'],
  ['acceptFriendship', 'CONFLICT NO_PENDING_REQUEST'],
  ['rejectFriendship', 'CONFLICT NO_PENDING_REQUEST'],
  ['removeFriendship', null],
  ['blockUser', null],
] as const)('to the blocker, %s takes a hidden request for nothing', async (mutation, error) => {
  await storeFriendship(server, blocked, blocker, 'pending');
  const before = await storedFriendships(server, blocker, blocked);
  await act(server, 'blockUser', blocked.id, blocker);

  for (const round of ['first', 'repeated']) {
    const outcome = await act(server, mutation, blocked.id, blocker);
    expect({ round, error: outcome.error }).toEqual({ round, error });
    expect(outcome.payload?.friendship ?? null).toBeNull();
  }
  expect(await storedFriendships(server, blocker, blocked)).toEqual(before);
  expect(await storedBlockers(server, blocker, blocked)).toEqual([blocker.id]);
});

test.each([
  ['nothing', async () => undefined],
  ['a rejection by the other', () => storeFriendship(server, blocker, blocked, 'rejected', 48)],
  ['a rejection by the blocker', () => storeFriendship(server, blocked, blocker, 'rejected')],
])('the blocker must unblock before asking, after %s', async (_, prepare) => {
  await prepare();
  const before = await storedFriendships(server, blocker, blocked);
  await act(server, 'blockUser', blocked.id, blocker);
  const refused = await act(server, 'requestFriendship', blocked.id, blocker);
  expect(refused.error).toBe('CONFLICT BLOCKED_BY_VIEWER');
  expect(await storedFriendships(server, blocker, blocked)).toEqual(before);

  await act(server, 'unblockUser', blocked.id, blocker);
  expect((await act(server, 'requestFriendship', blocked.id, blocker)).payload?.friendship?.status).toBe('PENDING');
});

test('the blocked one gets, field by field, the answers of somebody whom nobody blocks', async () => {
  const requester = blocked;
  const states = [
    async () => undefined,
    (them: Player) => storeFriendship(server, requester, them, 'pending'),
    (them: Player) => storeFriendship(server, requester, them, 'rejected'),
    (them: Player) => storeFriendship(server, requester, them, 'rejected', 25),
    (them: Player) => storeFriendship(server, them, requester, 'rejected'),
  ];
  for (const state of states) {
    for (const mutation of MUTATIONS) {
      await clearFriendships(server);
      await state(blocker);
      await state(stranger);
      await act(server, 'blockUser', blocked.id, blocker);

      for (const next of [mutation, 'requestFriendship', 'removeFriendship'] as const) {
        const ofBlocker = await act(server, next, blocker.id, blocked);
        const ofStranger = await act(server, next, stranger.id, blocked);
        expect(anonymised(ofBlocker)).toEqual(anonymised(ofStranger));
        expect(await standingTo(server, blocked, blocker)).toBe(await standingTo(server, blocked, stranger));
        const outgoing = await requestsOf(server, blocked, 'OUTGOING');
        expect(outgoing.users.includes(blocker.id)).toBe(outgoing.users.includes(stranger.id));
        expect(outgoing.total).toBe(outgoing.users.length);
        expect((await requestsOf(server, blocked, 'INCOMING')).total).toBe(0);
      }
    }
  }
});

test('a block ends a friendship and the request of the blocker, which looks like a removal', async () => {
  for (const prepare of [
    () => storeFriendship(server, blocker, blocked, 'accepted'),
    () => storeFriendship(server, blocked, blocker, 'accepted'),
    () => storeFriendship(server, blocker, blocked, 'pending'),
  ]) {
    await clearFriendships(server);
    await prepare();
    await act(server, 'blockUser', blocked.id, blocker);
    expect(await storedFriendships(server, blocker, blocked)).toEqual([]);
    expect(await standingTo(server, blocked, blocker)).toBe('NONE');
    expect(await requestsOf(server, blocked, 'INCOMING')).toEqual(EMPTY);
  }
});

test('both may block each other, and neither then sees or asks the other', async () => {
  await act(server, 'requestFriendship', blocker.id, blocked);
  await act(server, 'blockUser', blocked.id, blocker);
  await act(server, 'blockUser', blocker.id, blocked);
  // The second block took its own request away, the hidden one.
  expect(await storedFriendships(server, blocker, blocked)).toEqual([]);
  expect((await storedBlockers(server, blocker, blocked)).toSorted()).toEqual([blocker.id, blocked.id].toSorted());
  for (const [one, other] of [
    [blocker, blocked],
    [blocked, blocker],
  ] as const) {
    expect(await standingTo(server, one, other)).toBe('BLOCKED_BY_VIEWER');
    expect((await act(server, 'requestFriendship', other.id, one)).error).toBe('CONFLICT BLOCKED_BY_VIEWER');
  }

  // Of two that block each other, one unblocks and asks: hidden until the other unblocks as well.
  await act(server, 'unblockUser', blocked.id, blocker);
  expect((await act(server, 'requestFriendship', blocked.id, blocker)).payload?.friendship?.status).toBe('PENDING');
  expect(await requestsOf(server, blocked, 'INCOMING')).toEqual(EMPTY);
  expect((await act(server, 'acceptFriendship', blocker.id, blocked)).error).toBe('CONFLICT NO_PENDING_REQUEST');
  expect((await act(server, 'requestFriendship', blocker.id, blocked)).error).toBe('CONFLICT BLOCKED_BY_VIEWER');
  const unblocked = await act(server, 'unblockUser', blocker.id, blocked);
  expect(unblocked.payload?.user.viewerFriendship).toBe('REQUESTED_BY_USER');
});

test('blocking again keeps the time of the block', async () => {
  const blockedAt = async (): Promise<string> => {
    const { data } = await server.graphql(
      '{ viewer { account { blockedUsers { edges { blockedAt } } } } }',
      {},
      blocker,
    );
    return data.viewer.account.blockedUsers.edges[0].blockedAt;
  };
  await act(server, 'blockUser', blocked.id, blocker);
  const first = await blockedAt();
  await act(server, 'blockUser', blocked.id, blocker);
  expect(await blockedAt()).toBe(first);
});

test('the blocked one may accept nothing that the blocker had asked', async () => {
  await act(server, 'requestFriendship', blocked.id, blocker);
  await act(server, 'blockUser', blocked.id, blocker);
  expect((await act(server, 'acceptFriendship', blocker.id, blocked)).error).toBe('CONFLICT NO_PENDING_REQUEST');
  expect(await storedFriendships(server, blocker, blocked)).toEqual([]);
});

/** An outcome without what is bound to differ: ids, times, and seconds that pass between two calls. */
function anonymised({ error, payload, extensions }: Outcome): unknown {
  const friendship = payload?.friendship ?? null;
  return {
    error,
    extensions: Object.keys(extensions),
    standing: payload?.user.viewerFriendship,
    friendship: friendship && {
      status: friendship.status,
      responded: friendship.respondedAt !== null,
      askedByViewer: friendship.requester.id === payload?.viewer.id,
    },
  };
}
