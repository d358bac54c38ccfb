import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { LeaderboardRow } from '../../src/leaderboard/leaderboard.type.js';
import { currentSeason } from '../../src/leaderboard/season.service.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers } from '../visit/support.js';
import { befriend, insertSeason, insertStandings, makeBoard } from './support.js';

/** Signing the caller in takes one more than the query itself. */
const SESSION = 1;

let server: TestServer;
let viewer: Player;
let board: LeaderboardRow;
beforeAll(async () => {
  server = await startTestServer();
  viewer = await server.player();
  const userIds = [viewer.id, ...(await insertPlayers(em(), 'crowd', 120))];
  await befriend(em(), viewer.id, userIds.slice(1, 110), 'accepted');
  board = await makeBoard(em());
  const season = currentSeason(board);
  await insertSeason(em(), season);
  const entries = userIds.map((userId, index) => ({
    userId,
    score: index % 40,
    achievedAt: '2026-02-05 10:20:00+00',
  }));
  await insertStandings(em(), season.id, entries);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

interface Season {
  standings: { nodes: { user: { viewerFriendship: string } }[] };
  friendStandings: { edges: unknown[] };
}

/** How many statements a query of the board's current season takes, and its answer. */
async function measured(fields: string, as: Player | null): Promise<{ statements: number; season: Season }> {
  server.database.statements.length = 0;
  const { data, errors } = await server.graphql(
    `query ($slug: String!) { leaderboard(slug: $slug) { currentSeason { ${fields} } } }`,
    { slug: board.slug },
    as,
  );
  expect(errors).toBeUndefined();
  return { statements: server.database.statements.length, season: data.leaderboard.currentSeason };
}

/** The board, the page with its users and how the viewer stands to them. */
test('a page of standings with nicknames and friendships takes three statements, of any size', async () => {
  for (const first of [5, 50, 100]) {
    const { statements, season } = await measured(
      `standings(first: ${first}) { nodes { rank user { nickname viewerFriendship } } }`,
      viewer,
    );
    expect(season.standings.nodes).toHaveLength(first);
    const seen = season.standings.nodes.map(({ user }) => user.viewerFriendship);
    expect(new Set(seen)).toContain('FRIENDS');
    expect([first, statements]).toEqual([first, 3 + SESSION]);
  }
});

test('what is told of every standing takes one statement each, whatever the size', async () => {
  const place = 'rank position tiedWith percentile user { nickname standing { rank } }';
  for (const first of [5, 100]) {
    const { statements } = await measured(
      `standings(first: ${first}) { totalCount viewerEdge { node { ${place} } } edges { node { ${place} } } }`,
      null,
    );
    // The two boards, the page with its users, ties, the season's size and the standings on the default board.
    expect([first, statements]).toEqual([first, 6]);
  }
});

test('rank, neighbours, friends and the board in one request take the same, whatever the size', async () => {
  const place = 'rank percentile user { nickname viewerFriendship }';
  const counts = [];
  for (const size of [5, 100]) {
    const { statements, season } = await measured(
      `viewerStanding { rank position percentile } around(radius: ${size / 5}) { nodes { ${place} } }
      friendStandings(first: ${size}) { edges { rankInList node { ${place} } } }
      standings(first: ${size}) { nodes { ${place} } }`,
      viewer,
    );
    expect(season.friendStandings.edges).toHaveLength(size);
    counts.push(statements);
  }
  // The board, the three lists with their users, the own standing, the season's size, the friendships.
  expect(counts).toEqual([5 + SESSION, 5 + SESSION]);
});

test('totals and the own edge cost nothing unless selected', async () => {
  const { statements } = await measured('standings { nodes { rank score } }', viewer);
  expect(statements).toBe(2 + SESSION);
});
