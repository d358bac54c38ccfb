import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import type { SeasonRow } from '../../src/leaderboard/season.type.js';
import { pageOfFriendStandings, pageOfStandings, standingsAround } from './lists.js';
import type { StandingPage } from '../../src/leaderboard/standing-list.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers } from '../visit/support.js';
import { INSTANTS, naiveList, type Place, shown, sliced } from './naive-list.js';
import { befriend, insertStandings, makeSeason, MAX, setDeleted } from './support.js';

const PLAYERS = 36;
/** A failure is reported with the smallest example found by then. */
const SHRINKING_MS = 30_000;

let server: TestServer;
let viewer: Player;
/** The viewer first. */
let userIds: string[];
let friendIds: string[];
beforeAll(async () => {
  server = await startTestServer();
  viewer = await server.player('viewer');
  const others = await insertPlayers(em(), 'crowd', PLAYERS - 1);
  userIds = [viewer.id, ...others];
  friendIds = others.filter((_, index) => index % 3 === 0);
  await befriend(em(), viewer.id, friendIds, 'accepted');
  await befriend(
    em(),
    viewer.id,
    others.filter((_, index) => index % 3 === 1),
    'pending',
  );
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

const score = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -2, max: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom(MAX, MAX - 1, -MAX, 1 - MAX, 2 ** 31, -(2 ** 31) - 1) },
);

/** Who played a season with what, and who of them has been deleted since. */
const playedSeason = fc.record({
  order: fc.constantFrom(ScoreOrder.HIGHER_IS_BETTER, ScoreOrder.LOWER_IS_BETTER),
  played: fc.uniqueArray(fc.record({ player: fc.nat(PLAYERS - 1), score, achievedAt: fc.constantFrom(...INSTANTS) }), {
    selector: ({ player }) => player,
    maxLength: PLAYERS,
    size: 'max',
  }),
  deleted: fc.uniqueArray(fc.integer({ min: 1, max: PLAYERS - 1 }), { maxLength: 5 }),
});

type Draw = fc.GeneratorValue;

/** Runs `check` on random seasons, each beside its naive list; `draw` gives further random values. */
async function onRandomSeasons(
  numRuns: number,
  check: (season: SeasonRow, list: Place[], draw: Draw) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(playedSeason, fc.gen(), async ({ order, played, deleted }, draw) => {
    const season = await makeSeason(em(), { order });
    const entries = played.map(({ player, ...entry }) => ({ userId: userIds[player]!, ...entry }));
    const gone = deleted.map((player) => userIds[player]!);
    await insertStandings(em(), season.id, entries);
    await setDeleted(em(), gone, true);
    try {
      const present = entries.filter(({ userId }) => !gone.includes(userId));
      await check(season, naiveList(present, order), draw);
    } finally {
      await setDeleted(em(), gone, false);
    }
  });
  await fc.assert(property, { numRuns, interruptAfterTimeLimit: SHRINKING_MS });
}

const positions = ({ nodes }: StandingPage): number[] => nodes.map(({ position }) => position);

test('forward or backward, with any page size, the pages add up to the naive list', async () => {
  await onRandomSeasons(40, async (season, list, draw) => {
    const size = draw(fc.integer, { min: 1, max: PLAYERS + 1 });
    const forward: number[] = [];
    let page = await pageOfStandings(em(), season, { first: size });
    expect(shown(page)).toEqual(sliced(list, list.slice(0, size)));
    forward.push(...positions(page));
    while (page.pageInfo.hasNextPage) {
      page = await pageOfStandings(em(), season, { first: size, after: page.pageInfo.endCursor });
      expect(shown(page)).toEqual(sliced(list, list.slice(forward.length, forward.length + size)));
      forward.push(...positions(page));
    }
    expect(forward).toEqual(list.map(({ position }) => position));

    let remaining = list.length;
    page = await pageOfStandings(em(), season, { last: size });
    expect(shown(page)).toEqual(sliced(list, list.slice(-size)));
    while (page.pageInfo.hasPreviousPage) {
      remaining -= page.nodes.length;
      page = await pageOfStandings(em(), season, { last: size, before: page.pageInfo.startCursor });
      expect(shown(page)).toEqual(sliced(list, list.slice(Math.max(remaining - size, 0), remaining)));
    }
    expect(remaining - page.nodes.length).toBe(0);
  });
});

test('between any two cursors, first and last cut the naive list', async () => {
  await onRandomSeasons(25, async (season, list, draw) => {
    const { edges } = await pageOfStandings(em(), season, { first: 100 });
    for (let round = 0; round < 8 && edges.length > 0; round += 1) {
      const place = fc.option(fc.nat(edges.length - 1), { nil: null });
      const after = draw(() => place);
      const before = draw(() => place);
      const size = draw(fc.integer, { min: 1, max: PLAYERS });
      const backward = draw(fc.boolean);
      const between = list.slice(after === null ? 0 : after + 1, before ?? list.length);
      const page = await pageOfStandings(em(), season, {
        after: after === null ? null : edges[after]!.cursor,
        before: before === null ? null : edges[before]!.cursor,
        [backward ? 'last' : 'first']: size,
      });
      expect(shown(page)).toEqual(sliced(list, backward ? between.slice(-size) : between.slice(0, size)));
    }
  });
});

test('from any position on', async () => {
  await onRandomSeasons(15, async (season, list, draw) => {
    for (let fromPosition = 1; fromPosition <= list.length + 2; fromPosition += 1) {
      const first = draw(fc.integer, { min: 1, max: 100 });
      const page = await pageOfStandings(em(), season, { fromPosition, first });
      expect(shown(page)).toEqual(sliced(list, list.slice(fromPosition - 1, fromPosition - 1 + first)));
    }
  });
});

test('an empty page tells on which side the list lies', async () => {
  await onRandomSeasons(10, async (season, list) => {
    const beyond = await pageOfStandings(em(), season, { fromPosition: list.length + 2 });
    expect(beyond.pageInfo).toMatchObject({ hasPreviousPage: list.length > 0, hasNextPage: false });
    const { edges } = await pageOfStandings(em(), season, { first: 100 });
    if (edges.length === 0) {
      return;
    }
    const behind = await pageOfStandings(em(), season, { after: edges.at(-1)!.cursor });
    expect(behind.nodes).toEqual([]);
    expect(behind.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
    const ahead = await pageOfStandings(em(), season, { last: 5, before: edges[0]!.cursor });
    expect(ahead.nodes).toEqual([]);
    expect(ahead.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
  });
});

test('around everybody, with any radius, the window keeps its size and its cursors lead on', async () => {
  await onRandomSeasons(15, async (season, list, draw) => {
    for (const { userId, position } of list) {
      const radius = draw(fc.integer, { min: 1, max: draw(fc.boolean) ? 4 : 50 });
      const size = Math.min(2 * radius + 1, list.length);
      const start = Math.min(Math.max(position - 1 - radius, 0), list.length - size);
      const page = await standingsAround(em(), season, userId, radius);
      expect(shown(page)).toEqual(sliced(list, list.slice(start, start + size)));

      const further = await pageOfStandings(em(), season, { first: 3, after: page.pageInfo.endCursor });
      expect(shown(further)).toEqual(sliced(list, list.slice(start + size, start + size + 3)));
    }
  });
});

test('around somebody without a standing there is nothing', async () => {
  await onRandomSeasons(10, async (season, list) => {
    const absent = userIds.find((userId) => !list.some((place) => place.userId === userId));
    for (const userId of [absent ?? season.id, season.id]) {
      const page = await standingsAround(em(), season, userId, 5);
      expect(page).toMatchObject({ edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false } });
    }
  });
});

test('among friends, with any page size, the pages add up to the naive list', async () => {
  await onRandomSeasons(40, async (season, list, draw) => {
    const circle = list.filter(({ userId }) => userId === viewer.id || friendIds.includes(userId));
    const size = draw(fc.integer, { min: 1, max: PLAYERS });
    const seen: unknown[] = [];
    let after: string | null = null;
    do {
      const page: StandingPage = await pageOfFriendStandings(em(), season, viewer.id, size, after);
      expect(page.edges.length).toBe(Math.min(size, circle.length - seen.length));
      expect(page.pageInfo.hasPreviousPage).toBe(seen.length > 0);
      seen.push(
        ...page.edges.map(({ node: { userId, rank, position }, rankInList }) => ({
          userId,
          rank,
          position,
          rankInList,
        })),
      );
      expect(page.pageInfo.hasNextPage).toBe(seen.length < circle.length);
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(
      circle.map(({ userId, rank, position }) => {
        const rankInList = circle.filter((other) => other.rank < rank).length + 1;
        return { userId, rank, position, rankInList };
      }),
    );
  });
});

test('clients get the naive list, with ties, percentiles, totals and their own edge', async () => {
  const PLACE = 'id rank position score achievedAt tiedWith percentile user { id }';
  const CONNECTION = `totalCount viewerEdge { cursor rankInList node { ${PLACE} } }
    edges { cursor rankInList node { ${PLACE} } } nodes { ${PLACE} }`;
  await onRandomSeasons(25, async (season, list) => {
    const { data, errors } = await server.graphql(
      `query ($slug: String!) {
        leaderboard(slug: $slug) {
          currentSeason {
            id
            viewerStanding { ${PLACE} }
            standings(first: 100) { ${CONNECTION} }
            around(radius: 2) { ${CONNECTION} }
            friendStandings(first: 100) { ${CONNECTION} }
          }
        }
      }`,
      { slug: season.leaderboard.slug },
      viewer,
    );
    expect(errors).toBeUndefined();
    const { id, viewerStanding, standings, around, friendStandings } = data.leaderboard.currentSeason;
    const expected = list.map(({ userId, achievedAt, percentile, ...place }) => ({
      ...place,
      id: `${id}:${userId}`,
      user: { id: userId },
      achievedAt: new Date(achievedAt).toISOString(),
      percentile: expect.closeTo(percentile, 9),
    }));
    const own = expected.find(({ user }) => user.id === viewer.id);
    const friends = expected.filter(({ user }) => user.id === viewer.id || friendIds.includes(user.id));

    expect(standings.nodes).toEqual(expected);
    expect(standings.edges.map(({ node }: { node: unknown }) => node)).toEqual(expected);
    expect([standings.totalCount, around.totalCount]).toEqual([list.length, list.length]);
    expect(viewerStanding).toEqual(own ?? null);
    const edgeOfOwn = ({ edges }: typeof standings) =>
      edges.find(({ node }: { node: { user: { id: string } } }) => node.user.id === viewer.id) ?? null;
    expect(standings.viewerEdge).toEqual(edgeOfOwn(standings));
    expect(around.viewerEdge).toEqual(edgeOfOwn(standings));
    expect(edgeOfOwn(around)).toEqual(edgeOfOwn(standings));

    expect(friendStandings.nodes).toEqual(friends);
    expect(friendStandings.totalCount).toBe(friends.length);
    expect(friendStandings.viewerEdge).toEqual(edgeOfOwn(friendStandings));
  });
});
