import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { fixtureScript, openTestDatabase } from '../support/database.js';
import { startTestServer, type TestServer } from '../support/server.js';

/** The old game service's database, migrated and served. Expectations are computed from the dump by hand or SQL. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({}, await openTestDatabase(fixtureScript()));
});
afterAll(() => server.close());

interface Standings {
  leaderboard: {
    season: {
      standings: {
        totalCount: number;
        nodes: { rank: number; position: number; score: number; user: { nickname: string } }[];
      };
    };
  };
}

async function standings(key: string): Promise<Standings['leaderboard']['season']['standings']> {
  const { data, errors } = await server.graphql<Standings>(
    `query ($key: String!) {
      leaderboard { season(key: $key) { standings(first: 100) { totalCount nodes { rank position score user { nickname } } } } }
    }`,
    { key },
  );
  expect(errors).toBeUndefined();
  return data.leaderboard.season.standings;
}

test('2026-01 stands as the old monthly scores say', async () => {
  const { totalCount, nodes } = await standings('2026-01');
  expect(totalCount).toBe(20);
  expect(nodes.slice(0, 6).map(({ rank, score, user }) => [rank, score, user.nickname])).toEqual([
    [1, 4784, '이지우'],
    [2, 4307, '최유나'],
    [3, 3795, '김하진'],
    [4, 3392, 'oname'],
    [5, 3205, '조예준'],
    [6, 3204, '김수아'],
  ]);
  expect(nodes.at(-1)).toEqual({ rank: 20, position: 20, score: 176, user: { nickname: '조유나' } });
});

test('2026-02 stands so as well, a tie shared and ordered by who was first', async () => {
  const { totalCount, nodes } = await standings('2026-02');
  expect(totalCount).toBe(11);
  expect(nodes.map(({ rank, position, score, user }) => [rank, position, score, user.nickname])).toEqual([
    [1, 1, 4057, '김예준'],
    [2, 2, 3317, '정서서'],
    [3, 3, 3198, '윤예준'],
    [4, 4, 2588, '김하은'],
    [5, 5, 1873, '김유나'],
    [6, 6, 1836, '장도윤'],
    [7, 7, 1244, 'admin'],
    [7, 8, 1244, '임민준'],
    [9, 9, 957, '윤도윤'],
    [10, 10, 938, '최예준'],
    [11, 11, 645, '정우윤'],
  ]);
});

describe('oname', () => {
  async function login(): Promise<{ accessToken: string }> {
    const { data } = await server.graphql(
      'mutation ($input: LoginInput!) { login(input: $input) { accessToken user { nickname } } }',
      { input: { email: 'player2@example.com', password: 'password-2' } },
    );
    expect(data.login.user.nickname).toBe('oname');
    return data.login;
  }

  test('signs in with the old password, again after its hash has been replaced', async () => {
    await login();
    const [row] = await query(
      server.database.orm.em.fork(),
      sql<{ hash: string }>`select password_hash as hash from users where legacy_id = 2`,
    );
    expect(row?.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await login();
  });

  test('has the friends and requests, scores and visits of the old database', async () => {
    const { accessToken } = await login();
    const { data, errors } = await server.graphql(
      `{ viewer {
          id nickname
          friends { totalCount nodes { nickname } }
          account {
            email birthDate
            incoming: friendRequests(direction: INCOMING) { nodes { requester { nickname } } }
            outgoing: friendRequests(direction: OUTGOING) { nodes { receiver { nickname } createdAt } }
          }
          scores { nodes { value createdAt season { key } } }
          visits(from: "2026-02-01", to: "2026-02-28") { date count }
      } }`,
      {},
      null,
      { authorization: `Bearer ${accessToken}` },
    );
    expect(errors).toBeUndefined();
    expect(data.viewer).toEqual({
      id: '88a42836-46bd-4a92-ba37-40b870ef8468',
      nickname: 'oname',
      friends: { totalCount: 1, nodes: [{ nickname: 'admin' }] },
      account: {
        email: 'player2@example.com',
        birthDate: '2003-02-24',
        incoming: { nodes: [] },
        outgoing: {
          nodes: [
            { receiver: { nickname: '박민서' }, createdAt: '2026-02-02T08:19:57.000Z' },
            { receiver: { nickname: '김하진' }, createdAt: '2026-01-28T20:45:33.000Z' },
          ],
        },
      },
      scores: {
        nodes: [
          { value: 2150, createdAt: '2026-01-31T23:59:58.000Z', season: { key: '2026-01' } },
          { value: 1200, createdAt: '2026-01-12T21:04:11.000Z', season: { key: '2026-01' } },
        ],
      },
      visits: [
        { date: '2026-02-01', count: 7 },
        { date: '2026-02-05', count: 1 },
      ],
    });
  });
});
