import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import {
  act,
  clearFriendships,
  MUTATIONS,
  setDeleted,
  standingTo,
  storedBlockers,
  storedFriendships,
  storeFriendship,
} from './support.js';

let server: TestServer;
let viewer: Player;
let other: Player;
let third: Player;
beforeAll(async () => {
  server = await startTestServer();
  viewer = await server.player('viewer');
  other = await server.player('other');
  third = await server.player('third');
});
afterAll(() => server.close());
beforeEach(() => clearFriendships(server));

async function expectNothingStored(): Promise<void> {
  expect(await storedFriendships(server, viewer, other)).toEqual([]);
  expect(await storedBlockers(server, viewer, other)).toEqual([]);
}

describe.each(MUTATIONS)('%s', (mutation) => {
  test('is refused to anonymous callers', async () => {
    const outcome = await act(server, mutation, other.id, null);
    expect(outcome.error).toBe('UNAUTHENTICATED');
    await expectNothingStored();
  });

  test('is refused to a service key', async () => {
    const outcome = await act(server, mutation, other.id, 'service');
    expect(outcome.error).toBe('FORBIDDEN');
    await expectNothingStored();
  });

  test.each([randomUUID(), 'nobody', '', '1', `${randomUUID()}0`])('knows no user %p', async (id) => {
    const outcome = await act(server, mutation, id, viewer);
    expect(outcome.error).toBe('NOT_FOUND');
  });

  test('refuses text that is malformed', async () => {
    for (const id of [`${other.id}\0`, '\ud800']) {
      const outcome = await act(server, mutation, id, viewer);
      expect(outcome.extensions).toEqual({ code: 'BAD_USER_INPUT', field: 'userId' });
    }
  });

  test('refuses oneself, in any case of the letters', async () => {
    for (const id of [viewer.id, viewer.id.toUpperCase()]) {
      const outcome = await act(server, mutation, id, viewer);
      expect(outcome.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'userId' });
      expect(outcome.extensions['reason']).toBe(mutation.endsWith('Friendship') ? 'SELF_FRIENDSHIP' : undefined);
    }
  });

  test('finds no deleted user, and leaves what stands to them', async () => {
    await storeFriendship(server, other, viewer, 'pending');
    const before = await storedFriendships(server, viewer, other);
    await setDeleted(server, other, true);
    const outcome = await act(server, mutation, other.id, viewer);
    await setDeleted(server, other, false);
    expect(outcome.error).toBe('NOT_FOUND');
    expect(await storedFriendships(server, viewer, other)).toEqual(before);
    expect(await storedBlockers(server, viewer, other)).toEqual([]);
    // Restored, they stand as they stood.
    expect(await standingTo(server, viewer, other)).toBe('REQUESTED_BY_USER');
  });

  test('takes an id in any case of its letters', async () => {
    await storeFriendship(server, other, viewer, 'accepted');
    const outcome = await act(server, mutation, other.id.toUpperCase(), viewer);
    expect(outcome.payload?.user.id ?? outcome.error).toBe(
      mutation === 'rejectFriendship' ? 'CONFLICT NO_PENDING_REQUEST' : other.id,
    );
  });
});

test('nobody answers, cancels or ends what stands between two others', async () => {
  for (const status of ['pending', 'accepted'] as const) {
    await clearFriendships(server);
    await storeFriendship(server, viewer, other, status);
    const before = await storedFriendships(server, viewer, other);
    for (const target of [viewer, other]) {
      for (const mutation of ['acceptFriendship', 'rejectFriendship', 'removeFriendship'] as const) {
        await act(server, mutation, target.id, third);
      }
    }
    expect(await storedFriendships(server, viewer, other)).toEqual(before);
  }
});

test('each of several mutations in one request shows what it has changed itself', async () => {
  const { data } = await server.graphql(
    `mutation ($id: ID!) {
      ask: requestFriendship(userId: $id) { user { viewerFriendship } friendship { status } }
      block: blockUser(userId: $id) { user { viewerFriendship } friendship { status } }
      blocked: requestFriendship(userId: $id) { user { viewerFriendship } }
      unblock: unblockUser(userId: $id) { user { viewerFriendship } friendship { status } }
    }`,
    { id: other.id },
    viewer,
  );
  expect(data).toEqual({
    ask: { user: { viewerFriendship: 'REQUESTED_BY_VIEWER' }, friendship: { status: 'PENDING' } },
    block: { user: { viewerFriendship: 'BLOCKED_BY_VIEWER' }, friendship: null },
    blocked: null,
    unblock: { user: { viewerFriendship: 'NONE' }, friendship: null },
  });
});

test('viewerFriendship is SELF to oneself, and NONE to anonymous callers and service keys', async () => {
  await storeFriendship(server, other, viewer, 'accepted');
  expect(await standingTo(server, viewer, viewer)).toBe('SELF');
  for (const caller of [null, 'service'] as const) {
    const { data } = await server.graphql(
      'query ($id: ID!) { user(id: $id) { viewerFriendship } }',
      { id: viewer.id },
      caller,
    );
    expect(data.user.viewerFriendship).toBe('NONE');
  }
});

test('the account deleted through the API leaves the lists of its friends', async () => {
  const leaver = await server.player('leaver');
  await storeFriendship(server, leaver, viewer, 'accepted');
  const friends = '{ viewer { friends { totalCount nodes { id } } } }';
  const before = await server.graphql(friends, {}, viewer);
  expect(before.data.viewer.friends).toEqual({ totalCount: 1, nodes: [{ id: leaver.id }] });

  await server.graphql(
    'mutation { deleteAccount(input: { password: "a password of the tests" }) { userId } }',
    {},
    leaver,
  );
  const after = await server.graphql(friends, {}, viewer);
  expect(after.data.viewer.friends).toEqual({ totalCount: 0, nodes: [] });
  expect(await storedFriendships(server, leaver, viewer)).toHaveLength(1);
});
