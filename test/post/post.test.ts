import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { scrubAccounts } from '../../src/account/housekeeping.job.js';
import { purgeDeleted } from '../../src/admin/soft-delete.service.js';
import { Scope } from '../../src/admin/scope.js';
import { query, sql } from '../../src/database/query.js';
import { newId } from '../../src/shared/ids.js';
import { DELETE, errorsOf, promote, row } from '../account/support.js';
import { logOf, suspend } from '../admin/moderation-support.js';
import { makeKey, withKey } from '../admin/support.js';
import { PASSWORD, type Player, startTestServer, type TestServer } from '../support/server.js';
import { CREATE, DELETE_POST, POST, POSTS, RESTORE_POST, type ShownPost, UPDATE_POST, write } from './support.js';

let server: TestServer;
let admin: Player;
let author: Player;
let stranger: Player;
beforeAll(async () => {
  server = await startTestServer();
  [admin, author, stranger] = [await server.player('admin'), await server.player('author'), await server.player()];
  await promote(server, admin);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
type As = Player | 'service' | null;
const read = async (id: string, as: As = null): Promise<ShownPost | null> =>
  (await server.graphql(POST, { id }, as)).data.post;
const refusalOf = async (source: string, variables: Record<string, unknown>, as: As) =>
  errorsOf(await server.graphql(source, variables, as));
const edit = (input: Record<string, unknown>, as: As) => server.graphql(UPDATE_POST, { input }, as);

describe('createPost', () => {
  test('writes what everybody can read', async () => {
    const content = '  First line\n\n\tand <b>more</b> 🎲  ';
    const post = await write(server, author, '  A title  ', content);
    expect(post).toEqual({
      id: expect.any(String),
      title: 'A title',
      content,
      version: 1,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: post.createdAt,
      author: { id: author.id },
    });
    for (const as of [author, stranger, 'service', null] as const) {
      expect(await read(post.id.toUpperCase(), as)).toEqual(post);
    }
  });

  test('takes 200 characters and 100,000, of any kind', async () => {
    const post = await write(server, author, '🎲'.repeat(200), '🎲'.repeat(100_000));
    expect(await read(post.id)).toMatchObject({ title: '🎲'.repeat(200), content: '🎲'.repeat(100_000) });
  });

  test.each([
    ['an empty title', { title: ' ' }, 'input.title'],
    ['a long title', { title: 'x'.repeat(201) }, 'input.title'],
    ['a title of two lines', { title: 'x\ny' }, 'input.title'],
    ['nothing', { content: ' \n' }, 'input.content'],
    ['too much', { content: 'x'.repeat(100_001) }, 'input.content'],
    ['NUL', { content: 'x\0' }, 'input.content'],
    ['what cannot be seen', { content: '\u200b\u2800' }, 'input.content'],
    ['a title that cannot be seen', { title: '\u200b' }, 'input.title'],
    ['a title that goes on in another line', { title: 'x\u2028y' }, 'input.title'],
    ['a title that turns the line around', { title: 'x\u202ey' }, 'input.title'],
  ])('refuses %s', async (_what, fault, field) => {
    const input = { title: 'A title', content: 'Something.', ...fault };
    expect(await refusalOf(CREATE, { input }, author)).toEqual([{ code: 'BAD_USER_INPUT', field }]);
  });

  test('is for players', async () => {
    const input = { title: 'A title', content: 'Something.' };
    expect(await refusalOf(CREATE, { input }, null)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(await refusalOf(CREATE, { input }, 'service')).toEqual([{ code: 'FORBIDDEN' }]);
  });
});

describe('updatePost', () => {
  test('changes what it names, and counts', async () => {
    const post = await write(server, author);
    const { data } = await edit({ id: post.id, version: 1, content: 'Something else.' }, author);
    expect(data.updatePost.post).toMatchObject({ title: 'A title', content: 'Something else.', version: 2 });
    expect(Date.parse(data.updatePost.post.updatedAt)).toBeGreaterThan(Date.parse(post.updatedAt));
    expect(data.updatePost.post.createdAt).toBe(post.createdAt);
    await edit({ id: post.id, version: 2, title: 'Another title' }, author);
    expect(await read(post.id)).toMatchObject({ title: 'Another title', content: 'Something else.', version: 3 });
  });

  test('refuses an edit of what was edited since, also at the same time', async () => {
    const { id } = await write(server, author);
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((title) => edit({ id, version: 1, title }, author)));
    const stale = { code: 'CONFLICT', reason: 'STALE_VERSION', field: 'input.version' };
    expect(answers.flatMap(errorsOf)).toEqual([stale, stale, stale]);
    expect((await read(id))?.version).toBe(2);
    expect(errorsOf(await edit({ id, version: 7, title: 'x' }, author))).toEqual([stale]);
  });

  test.each([
    ['no title', { title: null }, 'input.title'],
    ['a long title', { title: 'x'.repeat(201) }, 'input.title'],
    ['no content', { content: null }, 'input.content'],
    ['too much', { content: 'x'.repeat(100_001) }, 'input.content'],
  ])('refuses %s', async (_what, fault, field) => {
    const post = await write(server, author);
    expect(errorsOf(await edit({ id: post.id, version: 1, ...fault }, author))).toEqual([
      { code: 'BAD_USER_INPUT', field },
    ]);
    expect(await read(post.id)).toEqual(post);
  });

  test("is for the author's own", async () => {
    const post = await write(server, author);
    const change = { id: post.id, version: 1, title: 'x' };
    expect(errorsOf(await edit(change, null))).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(errorsOf(await edit(change, 'service'))).toEqual([{ code: 'FORBIDDEN' }]);
    for (const as of [stranger, admin]) {
      expect(errorsOf(await edit(change, as))).toEqual([{ code: 'FORBIDDEN', field: 'input.id' }]);
    }
    for (const id of [newId(), 'x']) {
      expect(errorsOf(await edit({ ...change, id }, author))).toEqual([{ code: 'NOT_FOUND', field: 'input.id' }]);
    }
    expect(await read(post.id)).toEqual(post);
  });
});

describe('deletePost', () => {
  test('takes it from everywhere, and an admin has it back', async () => {
    const post = await write(server, author);
    const { data } = await server.graphql(DELETE_POST, { id: post.id }, author);
    expect(data.deletePost).toEqual({ postId: post.id });
    expect(await read(post.id, author)).toBeNull();
    const listed = async () =>
      (await server.graphql(POSTS, { authorId: author.id, first: 100 })).data.posts.nodes.map(
        ({ id }: ShownPost) => id,
      );
    expect(await listed()).not.toContain(post.id);
    const absent = [{ code: 'NOT_FOUND', field: 'id' }];
    expect(await refusalOf(DELETE_POST, { id: post.id }, author)).toEqual(absent);
    expect(errorsOf(await edit({ id: post.id, version: 1, title: 'x' }, author))).toEqual([
      { code: 'NOT_FOUND', field: 'input.id' },
    ]);

    expect(await refusalOf(RESTORE_POST, { id: post.id }, author)).toEqual([{ code: 'FORBIDDEN' }]);
    expect(await refusalOf(RESTORE_POST, { id: post.id }, null)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    for (let time = 0; time < 2; time += 1) {
      expect(await refusalOf(RESTORE_POST, { id: post.id }, admin)).toEqual([]);
    }
    expect(await read(post.id)).toEqual(post);
    expect(await listed()).toContain(post.id);
    expect(await logOf(server, post.id)).toEqual([
      { action: 'POST_RESTORED', actorKind: 'ADMIN', actorId: admin.id, details: {} },
      { action: 'POST_DELETED', actorKind: 'USER', actorId: author.id, details: {} },
    ]);
  });

  test('is for the author, an admin, and a key with that scope', async () => {
    const post = await write(server, author);
    expect(await refusalOf(DELETE_POST, { id: post.id }, null)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(await refusalOf(DELETE_POST, { id: post.id }, stranger)).toEqual([{ code: 'FORBIDDEN', field: 'id' }]);
    const writer = await makeKey(server, [Scope.SCORES_WRITE]);
    expect(errorsOf(await withKey(server, writer.key, DELETE_POST, { id: post.id }))).toEqual([{ code: 'FORBIDDEN' }]);
    expect(await refusalOf(DELETE_POST, { id: post.id }, admin)).toEqual([]);
    for (const id of [newId(), 'x']) {
      expect(await refusalOf(DELETE_POST, { id }, author)).toEqual([{ code: 'NOT_FOUND', field: 'id' }]);
      expect(await refusalOf(RESTORE_POST, { id }, admin)).toEqual([{ code: 'NOT_FOUND', field: 'id' }]);
    }
  });

  test('is final after the time for it', async () => {
    const [young, old] = [await write(server, author), await write(server, author)];
    for (const { id } of [young, old]) {
      await server.graphql(DELETE_POST, { id }, author);
    }
    await query(em(), sql`update posts set deleted_at = now() - interval '91 days' where id = ${old.id}`);
    await query(em(), sql`update posts set deleted_at = now() - interval '89 days' where id = ${young.id}`);
    expect(await purgeDeleted(em(), 90)).toBe(1);
    expect(await refusalOf(RESTORE_POST, { id: old.id }, admin)).toEqual([{ code: 'NOT_FOUND', field: 'id' }]);
    expect(await refusalOf(RESTORE_POST, { id: young.id }, admin)).toEqual([]);
  });
});

describe('an author', () => {
  test('who is suspended or deleted takes their posts along, and brings them back', async () => {
    const leaver = await server.player('leaver');
    const post = await write(server, leaver);
    await suspend(server, admin, leaver.id);
    expect(await read(post.id)).toBeNull();
    expect((await server.graphql(POSTS, { authorId: leaver.id })).data.posts.nodes).toEqual([]);
    // As for what never was.
    expect(await refusalOf(DELETE_POST, { id: post.id }, stranger)).toEqual([{ code: 'NOT_FOUND', field: 'id' }]);
    await query(em(), sql`update users set suspended_at = null, suspension_reason = null where id = ${leaver.id}`);
    expect(await read(post.id)).toEqual(post);
    await query(em(), sql`update users set deleted_at = now() where id = ${leaver.id}`);
    expect(await read(post.id)).toBeNull();
  });

  test('who is scrubbed leaves nothing', async () => {
    const leaver = await server.player('leaver');
    const post = await write(server, leaver);
    await server.graphql(DELETE, { input: { password: PASSWORD } }, leaver);
    await query(em(), sql`update users set deleted_at = now() - interval '31 days' where id = ${leaver.id}`);
    await scrubAccounts(em(), 30);
    expect(await row(server, sql`select count(*)::int as posts from posts where id = ${post.id}`)).toEqual({
      posts: 0,
    });
    expect(await logOf(server, leaver.id)).toEqual([
      { action: 'USER_DELETED', actorKind: 'USER', actorId: leaver.id, details: {} },
    ]);
  });

  test('who is blocked is not read by who blocks, and never learns of it', async () => {
    const [blocker, blocked] = [await server.player('blocker'), await server.player('blocked')];
    const [own, theirs] = [await write(server, blocker), await write(server, blocked)];
    await server.graphql(`mutation ($id: ID!) { blockUser(userId: $id) { user { id } } }`, { id: blocked.id }, blocker);
    expect(await read(theirs.id, blocker)).toBeNull();
    expect((await server.graphql(POSTS, { authorId: blocked.id }, blocker)).data.posts.nodes).toEqual([]);
    expect(await read(own.id, blocked)).toEqual(own);
    expect(await read(theirs.id, stranger)).toEqual(theirs);
  });
});

test('the times are noted by the database, whoever changes a row', async () => {
  const post = await write(server, author);
  for (const [table, id] of [
    ['posts', post.id],
    ['users', author.id],
  ] as const) {
    const { before } = await row<{ before: string }>(
      server,
      sql`select updated_at as before from ${sql.table(table)} where id = ${id}`,
    );
    const changed = table === 'posts' ? sql`title = 'By hand'` : sql`time_zone = 'Asia/Seoul'`;
    const { after } = await row<{ after: string }>(
      server,
      sql`update ${sql.table(table)} set ${changed} where id = ${id} returning updated_at as after`,
    );
    expect(after > before).toBe(true);
    const { kept } = await row<{ kept: string }>(
      server,
      sql`update ${sql.table(table)} set updated_at = '2020-01-01Z' where id = ${id} returning updated_at as kept`,
    );
    expect(kept).toBe('2020-01-01 00:00:00+00');
  }
});
