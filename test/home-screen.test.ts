import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { query, sql } from '../src/database/query.js';
import { DEMO_LOGIN, seedDemo } from '../src/seed/seed.service.js';
import { type Player, startTestServer, type TestServer } from './support/server.js';

/** The one query a game's home screen sends: me, my rank, my neighbours, my friends' board, my requests. */
const HOME_SCREEN = `query ($first: Int!) {
  viewer {
    nickname
    visitStreak { current longest }
    account { friendRequests(direction: INCOMING, first: $first) { totalCount nodes { requester { nickname } } } }
    friends(first: $first) { nodes { nickname standing { rank score } } }
  }
  leaderboard {
    slug
    currentSeason {
      key
      viewerStanding { rank position percentile }
      around(radius: 3) { nodes { position user { nickname } } }
      friendStandings(first: $first) { edges { rankInList node { rank score user { nickname } } } }
      standings(first: $first) { nodes { rank position score user { nickname viewerFriendship } } }
    }
  }
}`;

interface Place {
  rank: number;
  position: number;
  score: number;
  user: { nickname: string; viewerFriendship: string };
}

interface HomeScreen {
  viewer: {
    nickname: string;
    visitStreak: { current: number; longest: number };
    account: { friendRequests: { totalCount: number; nodes: { requester: { nickname: string } }[] } };
    friends: { nodes: { nickname: string; standing: { rank: number; score: number } | null }[] };
  } | null;
  leaderboard: {
    currentSeason: {
      viewerStanding: { rank: number; position: number; percentile: number } | null;
      around: { nodes: Pick<Place, 'position' | 'user'>[] };
      friendStandings: { edges: { rankInList: number; node: Place }[] } | null;
      standings: { nodes: Place[] };
    };
  };
}

let server: TestServer;
let demo: Pick<Player, 'accessToken'>;

beforeAll(async () => {
  server = await startTestServer();
  await seedDemo(server.database.orm.em.fork(), { players: 400 });
  const { data } = await server.graphql('mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', {
    input: { email: DEMO_LOGIN.email, password: DEMO_LOGIN.password },
  });
  demo = data.login;
});
afterAll(() => server.close());

async function ask(first: number, as: typeof demo | null): Promise<{ home: HomeScreen; statements: string[] }> {
  server.database.statements.length = 0;
  const { data, errors } = await server.graphql<HomeScreen>(HOME_SCREEN, { first }, as as Player | null);
  expect(errors).toBeUndefined();
  return { home: data, statements: [...server.database.statements] };
}

describe('as a seeded player', () => {
  test('everything is there, and the parts agree', async () => {
    const { home } = await ask(100, demo);
    const { viewer, leaderboard } = home;
    const { viewerStanding, around, friendStandings, standings } = leaderboard.currentSeason;
    expect(viewer?.nickname).toBe(DEMO_LOGIN.nickname);
    expect(viewer?.visitStreak.current).toBeGreaterThan(0);
    expect(viewer?.account.friendRequests.totalCount).toBe(viewer?.account.friendRequests.nodes.length);
    expect(viewer?.account.friendRequests.totalCount).toBeGreaterThan(0);

    const positions = around.nodes.map(({ position }) => position);
    expect(positions).toEqual(Array.from({ length: 7 }, (_, index) => viewerStanding!.position - 3 + index));

    const played = viewer!.friends.nodes.filter(({ standing }) => standing !== null);
    const board = friendStandings!.edges.map(({ node }) => ({
      nickname: node.user.nickname,
      standing: { rank: node.rank, score: node.score },
    }));
    const others = board.filter(({ nickname }) => nickname !== DEMO_LOGIN.nickname);
    expect(others.toSorted(byNickname)).toEqual(played.toSorted(byNickname));
    expect(board).toHaveLength(others.length + 1);

    const friends = standings.nodes.filter(({ user }) => user.viewerFriendship === 'FRIENDS');
    for (const { user, rank } of friends) {
      expect(played.find(({ nickname }) => nickname === user.nickname)?.standing?.rank).toBe(rank);
    }
    expect(friends.length).toBeGreaterThan(0);
  });

  test('the number of SQL statements does not grow with the page', async () => {
    const small = await ask(5, demo);
    const large = await ask(100, demo);
    expect(large.home.leaderboard.currentSeason.standings.nodes).toHaveLength(100);
    expect(small.statements).toHaveLength(large.statements.length);
    expect(large.statements).toHaveLength(8);
  });
});

test('friend requests with both users and their standings take as many statements for 5 as for 100', async () => {
  const ids = await query(
    server.database.orm.em.fork(),
    sql<{ id: string }>`insert into friendships (id, requester_id, receiver_id)
      select gen_random_uuid(), u.id, demo.id from users u, users demo
      where demo.email = ${DEMO_LOGIN.email} and u.id <> demo.id
      on conflict do nothing returning id`,
  );
  expect(ids.length).toBeGreaterThan(100);
  const counts: number[] = [];
  for (const first of [5, 100]) {
    server.database.statements.length = 0;
    const { data, errors } = await server.graphql(
      `query ($first: Int!) { viewer { account { friendRequests(direction: INCOMING, first: $first) { nodes {
        requester { nickname standing { rank } } receiver { nickname standing { rank } }
      } } } } }`,
      { first },
      demo as Player,
    );
    expect(errors).toBeUndefined();
    expect(data.viewer.account.friendRequests.nodes).toHaveLength(first);
    expect(data.viewer.account.friendRequests.nodes[0].receiver.standing.rank).toBeGreaterThan(0);
    counts.push(server.database.statements.length);
  }
  // Who asks, with their account; the requests with the users across; the board; the standings.
  expect(counts).toEqual([4, 4]);
});

test('anonymous, the same query answers all that is public', async () => {
  const { home } = await ask(50, null);
  expect(home.viewer).toBeNull();
  const { viewerStanding, around, friendStandings, standings } = home.leaderboard.currentSeason;
  expect({ viewerStanding, around, friendStandings }).toEqual({
    viewerStanding: null,
    around: { nodes: [] },
    friendStandings: null,
  });
  expect(standings.nodes).toHaveLength(50);
  expect(new Set(standings.nodes.map(({ user }) => user.viewerFriendship))).toEqual(new Set(['NONE']));
});

function byNickname(a: { nickname: string }, b: { nickname: string }): number {
  return a.nickname < b.nickname ? -1 : 1;
}
