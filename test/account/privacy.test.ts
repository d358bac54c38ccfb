import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getNamedType, isObjectType } from 'graphql';
import { createSchema } from '../../src/schema.js';
import { PASSWORD, type Player, startTestServer, type TestServer } from '../support/server.js';
import { promote } from './support.js';

/** Every private field of a user, in a fragment that marks the users of an answer by their type's name. */
const PRIVATE = `
  type: __typename
  id
  account { email birthDate role timeZone friendRequests(direction: INCOMING) { totalCount } blockedUsers(first: 9) { totalCount } }
  friends(first: 9) { totalCount }
  scores(first: 9) { totalCount }
  visits(from: "2026-01-01", to: "2026-01-02") { date }
  visitStreak { current }
`;
const FIELDS = ['account', 'friends', 'scores', 'visits', 'visitStreak'] as const;
const STANDINGS = `nodes { user { ...P } } edges { node { user { ...P } } } viewerEdge { node { user { ...P } } }`;

/** Reads users on every path there is, bob's lists included where bob asks. */
const READ = `
  query ($id: ID!, $nickname: String!) {
    viewer {
      ...P
      friends(first: 9) { nodes { ...P } edges { node { ...P } } }
      scores(first: 9) { nodes { id season { standing(userId: $id) { user { ...P } } } } }
      standing { user { ...P } }
      account {
        incoming: friendRequests(direction: INCOMING, first: 9) { nodes { ...F } edges { node { ...F } } }
        outgoing: friendRequests(direction: OUTGOING, first: 9) { nodes { ...F } }
        blockedUsers(first: 9) { nodes { ...P } edges { node { ...P } } }
      }
    }
    user(id: $id) { ...P standing { user { ...P } } friends(first: 9) { nodes { ...P } } }
    userByNickname(nickname: $nickname) { ...P }
    users(nicknamePrefix: "", first: 9) { nodes { ...P } edges { node { ...P } } }
    posts(authorId: $id) { nodes { author { ...P } } edges { node { author { ...P } } } }
    leaderboard {
      currentSeason {
        standings(first: 9) { ${STANDINGS} }
        around(userId: $id, radius: 4) { ${STANDINGS} }
        friendStandings(first: 9) { ${STANDINGS} }
        standing(userId: $id) { user { ...P } }
        viewerStanding { user { ...P } }
      }
    }
  }
  fragment F on Friendship { requester { ...P } receiver { ...P } }
  fragment P on User { ${PRIVATE} }
`;

type FoundUser = Record<(typeof FIELDS)[number] | 'id', unknown>;

/** All users in an answer, however deep. */
function usersIn(value: unknown): FoundUser[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const below = Object.values(value).flatMap(usersIn);
  return 'type' in value && value.type === 'User' ? [value as unknown as FoundUser, ...below] : below;
}

const shown = (user: FoundUser) => FIELDS.filter((field) => user[field] !== null);

let server: TestServer;
let bob: Player;
let friend: Player;
let others: Player[];
beforeAll(async () => {
  server = await startTestServer();
  bob = await server.player('bob');
  friend = await server.player('friend');
  const [asking, asked, blocked] = [
    await server.player('asking'),
    await server.player('asked'),
    await server.player('x'),
  ];
  others = [friend, asking, asked, blocked];
  const act = async (as: Player, mutation: string, target: Player) => {
    const { errors } = await server.graphql(`mutation { ${mutation}(userId: "${target.id}") { user { id } } }`, {}, as);
    if (errors !== undefined) {
      throw new Error(JSON.stringify(errors));
    }
  };
  await act(friend, 'requestFriendship', bob);
  await act(bob, 'acceptFriendship', friend);
  await act(asking, 'requestFriendship', bob);
  await act(bob, 'requestFriendship', asked);
  await act(bob, 'blockUser', blocked);
  for (const [index, player] of [bob, ...others].entries()) {
    await server.graphql(
      `mutation { submitScore(input: { score: ${index} }) { score { id } } recordVisit { visit { count } }
        createPost(input: { title: "A title", content: "Something." }) { post { id } } }`,
      {},
      player,
    );
  }
});
afterAll(() => server.close());

const read = (as: Player | 'service' | null) => server.graphql(READ, { id: friend.id, nickname: friend.nickname }, as);

describe('what is private', () => {
  test('is null for everybody else, on every path that reads users', async () => {
    const answer = await read(bob);
    expect(answer.errors).toBeUndefined();
    const users = usersIn(answer.data);
    expect(new Set(users.map(({ id }) => id))).toEqual(new Set([bob, ...others].map(({ id }) => id)));
    for (const user of users) {
      expect(shown(user)).toEqual(user.id === bob.id ? FIELDS : []);
    }
    expect(JSON.stringify(answer.data)).not.toContain(friend.email);
  });

  test('is null for anonymous callers, registering and signing in included', async () => {
    const answer = await read(null);
    expect(answer.errors).toBeUndefined();
    expect(usersIn(answer.data).flatMap(shown)).toEqual([]);
    expect(usersIn(answer.data).length).toBeGreaterThan(10);
    const login = await server.graphql(
      `mutation ($input: LoginInput!) { login(input: $input) { user { ${PRIVATE} } } }`,
      { input: { email: friend.email, password: PASSWORD } },
    );
    expect(usersIn(login.data).map(shown)).toEqual([[]]);
  });

  test('signing in as somebody else shows nothing of theirs to the caller that was', async () => {
    const answer = await server.graphql(
      `mutation ($input: LoginInput!) { login(input: $input) { user { ${PRIVATE} } } }`,
      { input: { email: friend.email, password: PASSWORD } },
      bob,
    );
    expect(usersIn(answer.data).map(shown)).toEqual([[]]);
  });

  test('is there for a service key, on every path', async () => {
    const answer = await read('service');
    expect(answer.errors).toBeUndefined();
    const users = usersIn(answer.data);
    expect(users.length).toBeGreaterThan(10);
    expect(users.map(shown)).toEqual(users.map(() => FIELDS));
    expect(JSON.stringify(answer.data)).toContain(friend.email);
  });

  test('is there for an admin, on every path, until the role is gone', async () => {
    const admin = await server.player('admin');
    await promote(server, admin);
    const users = usersIn((await read(admin)).data);
    expect(new Set(users.map(({ id }) => id)).size).toBe(6);
    expect(users.map(shown)).toEqual(users.map(() => FIELDS));
  });

  test('is null in what mutations answer about others, and there for the viewer', async () => {
    const stranger = await server.player('stranger');
    const payload = `user { ...P } viewer { ...P } friendship { requester { ...P } receiver { ...P } }`;
    const answer = await server.graphql(
      `mutation ($id: ID!) {
        requestFriendship(userId: $id) { ${payload} }
        removeFriendship(userId: $id) { ${payload} }
        blockUser(userId: $id) { ${payload} }
        unblockUser(userId: $id) { ${payload} }
        recordVisit { user { ...P } }
        updateProfile(input: {}) { user { ...P } }
        submitScore(input: { score: 5 }) { standing { user { ...P } } }
      }
      fragment P on User { ${PRIVATE} }`,
      { id: stranger.id },
      bob,
    );
    expect(answer.errors).toBeUndefined();
    const users = usersIn(answer.data);
    expect(new Set(users.map(({ id }) => id))).toEqual(new Set([bob.id, stranger.id]));
    for (const user of users) {
      expect(shown(user)).toEqual(user.id === bob.id ? FIELDS : []);
    }
  });
});

test('no path to a user is missing above', () => {
  const paths = Object.values(createSchema().getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) =>
      Object.values(isObjectType(type) ? type.getFields() : {})
        .filter((field) => getNamedType(field.type).name === 'User')
        .map((field) => `${type.name}.${field.name}`),
    );
  expect(paths.toSorted((a, b) => a.localeCompare(b))).toEqual([
    'AuthPayload.user',
    'BlockedUserConnection.nodes',
    'BlockedUserEdge.node',
    // Employees are seen by those who manage them, and see themselves: test/staff.
    'Employee.user',
    'FriendConnection.nodes',
    'FriendEdge.node',
    'Friendship.receiver',
    'Friendship.requester',
    'FriendshipPayload.user',
    'FriendshipPayload.viewer',
    'Post.author',
    'Query.user',
    'Query.userByNickname',
    'Query.viewer',
    'RecordVisitPayload.user',
    // For admins alone, as are the other two of moderation below.
    'RestoreUserPayload.user',
    'SetRolePayload.user',
    'Standing.user',
    'Suspension.user',
    'UpdateProfilePayload.user',
    'UserSearchConnection.nodes',
    'UserSearchEdge.node',
    'VerifyEmailPayload.user',
  ]);
});
