import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DEMO_LOGIN, seedDemo } from '../../src/seed/seed.service.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await seedDemo(server.database.orm.em.fork());
});
afterAll(() => server.close());

test('the demo login signs in and finds everything on its home screen', async () => {
  const { email, password } = DEMO_LOGIN;
  const signIn = await server.graphql('mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', {
    input: { email, password },
  });
  const { data, errors } = await server.graphql(
    `{
      viewer {
        nickname
        visitStreak { current longest }
        account {
          incoming: friendRequests(direction: INCOMING) { totalCount }
          outgoing: friendRequests(direction: OUTGOING) { totalCount }
          blockedUsers { totalCount }
        }
        friends(first: 20) { totalCount nodes { standing { rank } } }
      }
      leaderboard {
        seasons { totalCount }
        currentSeason { viewerStanding { rank } friendStandings(first: 10) { totalCount } standings(first: 1) { totalCount } }
      }
    }`,
    {},
    null,
    { authorization: `Bearer ${signIn.data.login.accessToken}` },
  );
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    viewer: {
      nickname: DEMO_LOGIN.nickname,
      visitStreak: { longest: 25 },
      account: { incoming: { totalCount: 3 }, outgoing: { totalCount: 2 }, blockedUsers: { totalCount: 1 } },
      friends: { totalCount: 8, nodes: Array.from({ length: 8 }, () => ({ standing: { rank: expect.any(Number) } })) },
    },
    leaderboard: {
      seasons: { totalCount: 6 },
      currentSeason: { viewerStanding: { rank: expect.any(Number) }, friendStandings: { totalCount: 9 } },
    },
  });
  expect(data.viewer.visitStreak.current).toBeGreaterThanOrEqual(12);
  expect(data.leaderboard.currentSeason.standings.totalCount).toBeGreaterThan(100);
});
