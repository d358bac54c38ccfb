import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { array, assert, asyncProperty, integer, record, uniqueArray } from 'fast-check';
import { query, sql } from '../../src/database/query.js';
import { errorsOf, insertUser } from '../account/support.js';
import { befriend } from '../leaderboard/support.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { FEED, insertPosts, POSTS, readAll, write } from './support.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
const feed = (as: Player | null, first = 20) => server.graphql(FEED, { first }, as);
const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();

async function countStatements(work: () => Promise<unknown>): Promise<number> {
  server.database.statements.length = 0;
  await work();
  return server.database.statements.length;
}

describe('the feed', () => {
  test("has the viewer's own posts and those of friends, newest first", async () => {
    const [viewer, friend, asked, other] = [
      await server.player(),
      await server.player(),
      await server.player(),
      await server.player(),
    ];
    await befriend(em(), viewer.id, [friend.id], 'accepted');
    await befriend(em(), viewer.id, [asked.id], 'pending');
    const posts = [];
    for (const writer of [friend, viewer, asked, other, friend]) {
      posts.push(await write(server, writer));
    }
    const [first, second, , , fifth] = posts.map(({ id }) => id);
    const { data } = await feed(viewer);
    expect(data.feed.nodes.map(({ id }: { id: string }) => id)).toEqual([fifth, second, first]);
    expect(data.feed.pageInfo.hasNextPage).toBe(false);
  });

  test('loses a friend who leaves, and one with whom the friendship ends, at once', async () => {
    const [viewer, leaver, former] = [await server.player(), await server.player(), await server.player()];
    await befriend(em(), viewer.id, [leaver.id, former.id], 'accepted');
    for (const writer of [leaver, former]) {
      await write(server, writer);
    }
    const seen = async () => (await feed(viewer)).data.feed.nodes.length;
    expect(await seen()).toBe(2);
    await query(em(), sql`update users set suspended_at = now() where id = ${leaver.id}`);
    expect(await seen()).toBe(1);
    await server.graphql(`mutation ($id: ID!) { blockUser(userId: $id) { user { id } } }`, { id: former.id }, viewer);
    expect(await seen()).toBe(0);
  });

  test('is for players, and takes its own cursors alone', async () => {
    const viewer = await server.player();
    await write(server, viewer);
    await write(server, viewer);
    expect(errorsOf(await feed(null))).toEqual([{ code: 'UNAUTHENTICATED' }]);
    const page = await server.graphql(POSTS, { authorId: viewer.id, first: 1 });
    const after = page.data.posts.pageInfo.endCursor;
    expect(errorsOf(await server.graphql(FEED, { after }, viewer))).toEqual([
      { code: 'BAD_USER_INPUT', field: 'after' },
    ]);
    expect(errorsOf(await feed(viewer, 0))).toEqual([{ code: 'BAD_USER_INPUT', field: 'first' }]);
  });

  test('takes the same statements for one friend as for many, and for one post as for a page', async () => {
    const [few, many] = [await server.player(), await server.player()];
    const ids: string[] = [];
    for (let number = 0; number < 120; number += 1) {
      ids.push(await insertUser(server, { nickname: `crowd ${number}` }));
    }
    await befriend(em(), few.id, ids.slice(0, 1), 'accepted');
    await befriend(em(), many.id, ids, 'accepted');
    await insertPosts(
      server,
      ids.flatMap((authorId, place) => [
        { authorId, at: at(place) },
        { authorId, at: at(place + 500) },
      ]),
    );
    const counts = [];
    for (const [as, first] of [
      [few, 1],
      [few, 100],
      [many, 1],
      [many, 100],
    ] as const) {
      counts.push(await countStatements(() => feed(as, first)));
    }
    // The session, the feed, its authors.
    expect(counts).toEqual([3, 3, 3, 3]);
  });
});

test('lists read page by page are what a naive list has, for few friends and for many', async () => {
  const crowd: string[] = [];
  for (let number = 0; number < 70; number += 1) {
    crowd.push(await insertUser(server, { nickname: `writer ${number}` }));
  }
  const viewer = await server.player();
  await assert(
    asyncProperty(
      integer({ min: 0, max: 70 }),
      array(record({ writer: integer({ min: 0, max: 69 }), second: integer({ min: 0, max: 30 }) }), {
        maxLength: 60,
      }),
      integer({ min: 1, max: 9 }),
      uniqueArray(integer({ min: 0, max: 69 }), { maxLength: 3 }),
      async (friends, written, first, gone) => {
        await query(em(), sql`delete from posts`);
        await query(em(), sql`delete from friendships`);
        await query(em(), sql`update users set deleted_at = null where deleted_at is not null`);
        await befriend(em(), viewer.id, crowd.slice(0, friends), 'accepted');
        const posts = written.map(({ writer, second }) => ({ writer, authorId: crowd[writer]!, at: at(second) }));
        const ids = await insertPosts(server, posts);
        const absent = gone.map((writer) => crowd[writer]!);
        await query(em(), sql`update users set deleted_at = now() where id = any(${absent}::uuid[])`);

        const newestFirst = posts
          .map((post, place) => ({ ...post, id: ids[place]! }))
          .filter(({ writer }) => !gone.includes(writer))
          .toSorted((a, b) => (a.at === b.at ? (a.id < b.id ? 1 : -1) : a.at < b.at ? 1 : -1));
        const expected = newestFirst.filter(({ writer }) => writer < friends).map(({ id }) => id);
        expect(await readAll(server, FEED, 'feed', { first }, viewer)).toEqual(expected);
        const own = newestFirst.filter(({ writer }) => writer === 0).map(({ id }) => id);
        expect(await readAll(server, POSTS, 'posts', { first, authorId: crowd[0] }, null)).toEqual(own);
      },
    ),
    { numRuns: 60 },
  );
});
