import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { queryExactlyOne, sql } from '../../src/database/query.js';
import { type LeaderboardRow, ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import { type Period, seasonAt } from '../../src/leaderboard/season-calendar.js';
import { currentSeason, seasonByKey } from '../../src/leaderboard/season.service.js';
import { toDate } from '../../src/shared/instant.js';
import { PASSWORD, type Player, startTestServer, type TestServer } from '../support/server.js';
import {
  countRows,
  errorsOf,
  insertSeason,
  insertStandings,
  makeAdmin,
  makeBoard,
  setDeleted,
  submitted,
  walk,
} from './support.js';

const SEASON = 'id key startsAt endsAt isClosed leaderboard { slug }';
const ACHIEVED = '2026-02-05 10:20:00+00';

let server: TestServer;
let player: Player;
let stranger: Player;
beforeAll(async () => {
  server = await startTestServer();
  [player, stranger] = await Promise.all([server.player(), server.player()]);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

async function databaseClock(): Promise<Date> {
  const { now } = await queryExactlyOne(em(), sql<{ now: string }>`select clock_timestamp() as now`);
  return toDate(now);
}

/** Stores the season of that key as played. */
async function play(board: LeaderboardRow, key: string, scores: Record<string, number> = {}): Promise<string> {
  const season = seasonByKey(board, key, 'key')!;
  await insertSeason(em(), season);
  const entries = Object.entries(scores).map(([userId, score]) => ({ userId, score, achievedAt: ACHIEVED }));
  await insertStandings(em(), season.id, entries);
  return season.id;
}

/** A season of a board by its key, as the API shows it. */
async function seasonOf(board: LeaderboardRow, key: string, fields = SEASON, as: Player | null = null) {
  const answer = await server.graphql(
    `query ($slug: String!, $key: String!) { leaderboard(slug: $slug) { season(key: $key) { ${fields} } } }`,
    { slug: board.slug, key },
    as,
  );
  return { season: answer.data?.leaderboard?.season, errors: errorsOf(answer) };
}

describe('leaderboards', () => {
  test('are found by slug, exactly', async () => {
    const board = await makeBoard(em(), {
      timeZone: 'Asia/Seoul',
      order: ScoreOrder.LOWER_IS_BETTER,
      period: 'WEEKLY',
    });
    const fields = 'id slug title aggregation order period timeZone';
    const { data } = await server.graphql(
      `query ($slug: String!) {
        byDefault: leaderboard { ${fields} }
        named: leaderboard(slug: $slug) { ${fields} }
        unknown: leaderboard(slug: "nowhere") { ${fields} }
        upper: leaderboard(slug: "MONTHLY") { ${fields} }
        empty: leaderboard(slug: "") { ${fields} }
      }`,
      { slug: board.slug },
    );
    expect(data).toEqual({
      byDefault: expect.objectContaining({ slug: 'monthly', aggregation: 'BEST', order: 'HIGHER_IS_BETTER' }),
      named: {
        id: board.id,
        slug: board.slug,
        title: board.title,
        aggregation: 'BEST',
        order: 'LOWER_IS_BETTER',
        period: 'WEEKLY',
        timeZone: 'Asia/Seoul',
      },
      unknown: null,
      upper: null,
      empty: null,
    });
  });

  test('are listed by slug, page by page', async () => {
    for (let count = 0; count < 4; count += 1) {
      await makeBoard(em());
    }
    const LIST = `query ($first: Int, $after: String) { leaderboards(first: $first, after: $after) {
      totalCount nodes { slug } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
    const whole = (await server.graphql(LIST, { first: 100 })).data.leaderboards;
    const slugs = whole.nodes.map(({ slug }: { slug: string }) => slug);
    expect(slugs).toEqual(slugs.toSorted());
    expect(slugs).toContain('monthly');
    expect(whole.totalCount).toBe(slugs.length);

    const pages = await walk<{ slug: string }>(
      async (after) => (await server.graphql(LIST, { first: 2, after })).data.leaderboards,
    );
    expect(pages.flatMap(({ nodes }) => nodes.map(({ slug }) => slug))).toEqual(slugs);
    for (const [index, { totalCount, pageInfo }] of pages.entries()) {
      expect([totalCount, pageInfo.hasPreviousPage]).toEqual([slugs.length, index > 0]);
    }
  });
});

describe('the current season', () => {
  const PERIODS: Period[] = ['DAILY', 'WEEKLY', 'MONTHLY', 'ALL_TIME'];

  test.each(PERIODS)('%s, by the calendar of the board', async (period) => {
    const timeZone = 'Pacific/Chatham';
    const board = await makeBoard(em(), { period, timeZone });
    const expected = seasonAt(period, timeZone, await databaseClock());
    const { data } = await server.graphql(
      `query ($slug: String!) { leaderboard(slug: $slug) { currentSeason { ${SEASON} } } }`,
      { slug: board.slug },
    );
    expect(data.leaderboard.currentSeason).toEqual({
      id: currentSeason(board).id,
      key: expected.key,
      startsAt: expected.startsAt?.toISOString() ?? null,
      endsAt: expected.endsAt?.toISOString() ?? null,
      isClosed: false,
      leaderboard: { slug: board.slug },
    });
  });

  test('is there before the first score, empty, and the same after it', async () => {
    const board = await makeBoard(em());
    const fields = `${SEASON} viewerStanding { id } standings { totalCount nodes { id } viewerEdge { cursor } }
      around { totalCount nodes { id } } friendStandings { totalCount nodes { id } viewerEdge { cursor } }`;
    const rows = await countRows(em());
    const before = await seasonOf(board, currentSeason(board).key, fields, player);
    expect(before.errors).toBeUndefined();
    expect(before.season).toMatchObject({
      viewerStanding: null,
      standings: { totalCount: 0, nodes: [], viewerEdge: null },
      around: { totalCount: 0, nodes: [] },
      friendStandings: { totalCount: 0, nodes: [], viewerEdge: null },
    });
    expect(await countRows(em())).toEqual(rows);

    await submitted(server, player, { leaderboardSlug: board.slug, score: 1 });
    const after = await seasonOf(board, currentSeason(board).key, fields, player);
    const id = `${before.season.id}:${player.id}`;
    expect(after.season).toMatchObject({
      id: before.season.id,
      startsAt: before.season.startsAt,
      endsAt: before.season.endsAt,
      viewerStanding: { id },
      around: { nodes: [{ id }] },
      friendStandings: { nodes: [{ id }] },
    });
  });

  test('anonymous callers see all that is public', async () => {
    const board = await makeBoard(em());
    await submitted(server, player, { leaderboardSlug: board.slug, score: 1 });
    const fields = `viewerStanding { id } friendStandings { totalCount } around { nodes { id } }
      standings { totalCount viewerEdge { cursor } nodes { score user { nickname } } }`;
    const { season, errors } = await seasonOf(board, currentSeason(board).key, fields);
    expect(errors).toBeUndefined();
    expect(season).toEqual({
      viewerStanding: null,
      friendStandings: null,
      around: { nodes: [] },
      standings: { totalCount: 1, viewerEdge: null, nodes: [{ score: 1, user: { nickname: player.nickname } }] },
    });
  });
});

describe('a season by its key', () => {
  test('a past one where it was played', async () => {
    const board = await makeBoard(em(), { period: 'WEEKLY', timeZone: 'Asia/Seoul' });
    const id = await play(board, '2026-W06');
    expect((await seasonOf(board, '2026-W06')).season).toEqual({
      id,
      key: '2026-W06',
      startsAt: '2026-02-01T15:00:00.000Z',
      endsAt: '2026-02-08T15:00:00.000Z',
      isClosed: true,
      leaderboard: { slug: board.slug },
    });
    for (const key of ['2026-W05', '0001-W01', '9999-W52']) {
      expect(await seasonOf(board, key)).toEqual({ season: null, errors: undefined });
    }
  });

  test('all time has one', async () => {
    const board = await makeBoard(em(), { period: 'ALL_TIME' });
    const expected = { key: 'all', startsAt: null, endsAt: null, isClosed: false };
    expect((await seasonOf(board, 'all')).season).toMatchObject(expected);
    await submitted(server, player, { leaderboardSlug: board.slug, score: 1 });
    expect((await seasonOf(board, 'all', `${SEASON} standings { totalCount }`)).season).toMatchObject({
      ...expected,
      standings: { totalCount: 1 },
    });
  });

  test('a day that the zone left out was never played', async () => {
    const board = await makeBoard(em(), { period: 'DAILY', timeZone: 'Pacific/Apia' });
    expect(await seasonOf(board, '2011-12-30')).toEqual({ season: null, errors: undefined });
  });

  test.each(['', '2026', '2026-13', '2026-00', '2026-W06', '2026-02-05', 'all', '2026-02 ', "2026-02' --"])(
    '%p is no month',
    async (key) => {
      const board = await makeBoard(em());
      const { season, errors } = await seasonOf(board, key);
      expect(season ?? null).toBeNull();
      expect(errors).toEqual([{ code: 'BAD_USER_INPUT', field: 'key' }]);
    },
  );

  test('keeps its standings when it is over, and takes no more', async () => {
    const board = await makeBoard(em());
    await play(board, '2026-02', { [player.id]: 30, [stranger.id]: 40 });
    const payload = await submitted(server, player, { leaderboardSlug: board.slug, score: 50 });
    expect(payload).toMatchObject({ previousScore: null, standing: { rank: 1 } });
    const { season } = await seasonOf(board, '2026-02', 'standings { nodes { rank score user { id } } }');
    expect(season.standings.nodes).toEqual([
      { rank: 1, score: 40, user: { id: stranger.id } },
      { rank: 2, score: 30, user: { id: player.id } },
    ]);
  });
});

describe('the list of seasons', () => {
  const LIST = `query ($slug: String!, $first: Int, $after: String) { leaderboard(slug: $slug) {
    seasons(first: $first, after: $after) {
      totalCount nodes { ${SEASON} } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`;

  async function keysOf({ slug }: LeaderboardRow, first: number): Promise<string[]> {
    const pages = await walk<{ key: string }>(
      async (after) => (await server.graphql(LIST, { slug, first, after })).data.leaderboard.seasons,
    );
    expect(pages.map(({ pageInfo }) => pageInfo.hasPreviousPage)).toEqual(pages.map((_, index) => index > 0));
    return pages.flatMap(({ nodes }) => nodes.map(({ key }) => key));
  }

  test('has the played ones and the current one, newest first, whether that has a row or not', async () => {
    const board = await makeBoard(em());
    const { key } = currentSeason(board);
    const past = ['2026-03', '2026-01', '2025-12', '2025-02', '2019-07'];
    for (const played of past.toSorted()) {
      await play(board, played);
    }
    const list = async () => (await server.graphql(LIST, { slug: board.slug, first: 100 })).data.leaderboard.seasons;
    const before = await list();
    expect(before.nodes.map((season: { key: string }) => season.key)).toEqual([key, ...past]);
    expect(before.nodes.map(({ isClosed }: { isClosed: boolean }) => isClosed)).toEqual([
      false,
      ...past.map(() => true),
    ]);
    expect(before.totalCount).toBe(6);
    expect(before.nodes[0]).toEqual((await seasonOf(board, key)).season);
    expect(before.nodes[1]).toEqual((await seasonOf(board, '2026-03')).season);
    for (let first = 1; first <= 7; first += 1) {
      expect(await keysOf(board, first)).toEqual([key, ...past]);
    }

    await submitted(server, player, { leaderboardSlug: board.slug, score: 1 });
    expect(await list()).toEqual(before);
    for (let first = 1; first <= 7; first += 1) {
      expect(await keysOf(board, first)).toEqual([key, ...past]);
    }
  });

  test('of a new board has the current one alone', async () => {
    const board = await makeBoard(em(), { period: 'ALL_TIME' });
    const { data } = await server.graphql(LIST, { slug: board.slug });
    expect(data.leaderboard.seasons).toMatchObject({
      totalCount: 1,
      nodes: [{ key: 'all' }],
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
    });
  });
});

describe("a user's standing", () => {
  const STANDING = `query ($id: ID!, $slug: String, $key: String) { user(id: $id) {
    standing(leaderboardSlug: $slug, seasonKey: $key) { score rank season { key } } } }`;

  test('in the current or the named season', async () => {
    const board = await makeBoard(em());
    await play(board, '2026-02', { [player.id]: 30, [stranger.id]: 40 });
    await submitted(server, player, { leaderboardSlug: board.slug, score: 5 });
    const { key } = currentSeason(board);
    const standing = async (variables: object) => {
      const { data } = await server.graphql(STANDING, { id: player.id, slug: board.slug, ...variables });
      return data.user.standing;
    };
    expect(await standing({})).toEqual({ score: 5, rank: 1, season: { key } });
    expect(await standing({ key: null })).toEqual({ score: 5, rank: 1, season: { key } });
    expect(await standing({ key })).toEqual({ score: 5, rank: 1, season: { key } });
    expect(await standing({ key: '2026-02' })).toEqual({ score: 30, rank: 2, season: { key: '2026-02' } });
    expect(await standing({ key: '2026-01' })).toBeNull();
    expect(await standing({ key: '9998-12' })).toBeNull();
    expect(await standing({ id: stranger.id })).toBeNull();
    expect(await standing({ slug: null })).toBeNull();
  });

  test('an unknown board or a garbled key is an error', async () => {
    const { id } = player;
    const unknown = await server.graphql(STANDING, { id, slug: 'nowhere' });
    expect(errorsOf(unknown)).toEqual([{ code: 'NOT_FOUND', field: 'leaderboardSlug' }]);
    for (const key of ['', 'all', '2026-13', 'x'.repeat(1000)]) {
      const garbled = await server.graphql(STANDING, { id, key });
      expect(errorsOf(garbled)).toEqual([{ code: 'BAD_USER_INPUT', field: 'seasonKey' }]);
      expect(garbled.data).toEqual({ user: { standing: null } });
    }
  });
});

describe('deleted players', () => {
  test('leave all seasons, whose ranks close up, and are back in all of them when restored', async () => {
    const board = await makeBoard(em());
    const leaver = await server.player();
    const { key } = currentSeason(board);
    await play(board, '2026-02', { [player.id]: 30, [leaver.id]: 40, [stranger.id]: 20 });
    await play(board, key, { [player.id]: 3, [leaver.id]: 3, [stranger.id]: 2 });
    const fields = `standings { totalCount nodes { rank position tiedWith percentile user { id } } }
      standing(userId: "${leaver.id}") { rank } around(userId: "${leaver.id}") { nodes { rank } }`;
    const look = async () => [
      (await seasonOf(board, '2026-02', fields)).season,
      (await seasonOf(board, key, fields)).season,
    ];
    const before = await look();
    expect(before[0]).toMatchObject({ standings: { totalCount: 3 }, standing: { rank: 1 } });

    const { errors } = await server.graphql(
      'mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { userId } }',
      { input: { password: PASSWORD } },
      leaver,
    );
    expect(errors).toBeUndefined();
    for (const season of await look()) {
      expect(season).toEqual({
        standings: {
          totalCount: 2,
          nodes: [
            { rank: 1, position: 1, tiedWith: 0, percentile: 100, user: { id: player.id } },
            { rank: 2, position: 2, tiedWith: 0, percentile: 50, user: { id: stranger.id } },
          ],
        },
        standing: null,
        around: { nodes: [] },
      });
    }
    await setDeleted(em(), [leaver.id], false);
    expect(await look()).toEqual(before);
  });
});

describe("a player's scores", () => {
  const SCORES = `query ($id: ID!, $first: Int, $after: String) { user(id: $id) { scores(first: $first, after: $after) {
    totalCount nodes { id value createdAt season { key leaderboard { slug } } }
    pageInfo { hasNextPage hasPreviousPage endCursor } } } }`;

  test('are listed newest first, page by page', async () => {
    const board = await makeBoard(em(), { period: 'ALL_TIME' });
    const daily = await makeBoard(em(), { period: 'DAILY' });
    const scorer = await server.player();
    const expected: unknown[] = [];
    for (const [index, { slug }] of [board, daily, board, board, daily].entries()) {
      const { score } = await submitted(server, scorer, { leaderboardSlug: slug, score: index });
      expected.unshift({ ...score, season: { key: score.season.key, leaderboard: { slug } } });
    }
    for (let first = 1; first <= 6; first += 1) {
      const pages = await walk<unknown>(
        async (after) => (await server.graphql(SCORES, { id: scorer.id, first, after }, scorer)).data.user.scores,
      );
      expect(pages.flatMap(({ nodes }) => nodes)).toEqual(expected);
      for (const [index, { totalCount, pageInfo }] of pages.entries()) {
        expect([totalCount, pageInfo.hasPreviousPage]).toEqual([5, index > 0]);
      }
    }
  });

  test('are shown to the player, admins and service keys alone', async () => {
    const admin = await server.player();
    await makeAdmin(em(), admin);
    await submitted(server, player, { score: 1 });
    const seenBy = async (as: Player | 'service' | null) =>
      (await server.graphql(SCORES, { id: player.id }, as)).data.user.scores;
    expect(await seenBy(null)).toBeNull();
    expect(await seenBy(stranger)).toBeNull();
    const own = await seenBy(player);
    expect(own.totalCount).toBeGreaterThan(0);
    expect(await seenBy(admin)).toEqual(own);
    expect(await seenBy('service')).toEqual(own);
  });
});
