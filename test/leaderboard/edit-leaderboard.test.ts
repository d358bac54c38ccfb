import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Scope } from '../../src/admin/scope.js';
import { makeKey } from '../admin/support.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { entriesOf } from './moderation-support.js';
import { errorsOf, makeAdmin, makeBoard, submit, submitted } from './support.js';

const BOARD = 'id slug title aggregation order period timeZone';
const CREATE = `mutation ($input: CreateLeaderboardInput!) { createLeaderboard(input: $input) { leaderboard { ${BOARD} } } }`;
const UPDATE = `mutation ($input: UpdateLeaderboardInput!) { updateLeaderboard(input: $input) { leaderboard { ${BOARD} } } }`;
const READ = `query ($slug: String!) { leaderboard(slug: $slug) { ${BOARD} currentSeason { key } } }`;

let server: TestServer;
let player: Player;
let admin: Player;
beforeAll(async () => {
  server = await startTestServer({ SEASON_TIME_ZONE: 'Asia/Seoul' });
  [player, admin] = await Promise.all([server.player(), server.player()]);
  await makeAdmin(em(), admin);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
const newSlug = () => `edited-${randomUUID()}`;

type Caller = Player | 'service' | null;
type Input = Record<string, unknown>;

const create = (input: Input, as: Caller = admin, headers = {}) => server.graphql(CREATE, { input }, as, headers);
const update = (input: Input, as: Caller = admin, headers = {}) => server.graphql(UPDATE, { input }, as, headers);
const read = async (slug: string) => (await server.graphql(READ, { slug })).data.leaderboard;

/** A board as the API makes it, without the defaults. */
async function created(input: Input) {
  const { data, errors } = await create(input);
  expect(errors).toBeUndefined();
  return data.createLeaderboard.leaderboard as Record<string, string> & { id: string; slug: string };
}

describe('a board is made', () => {
  test('with all that is left out as usual, and can be played at once', async () => {
    const slug = newSlug();
    const board = await created({ slug });
    const details = {
      slug,
      title: slug,
      aggregation: 'BEST',
      order: 'HIGHER_IS_BETTER',
      period: 'MONTHLY',
      timeZone: 'Asia/Seoul',
    };
    expect(board).toEqual({ id: expect.any(String), ...details });
    expect(await read(slug)).toMatchObject(board);
    expect(await entriesOf(server, board.id)).toEqual([
      { actorKind: 'ADMIN', actorId: admin.id, action: 'LEADERBOARD_CREATED', targetId: board.id, details },
    ]);
    expect((await submitted(server, player, { leaderboardSlug: slug, score: 3 })).standing).toMatchObject({ rank: 1 });
  });

  test('with all of it given, by a key with the scope', async () => {
    const { key, id } = await makeKey(server, [Scope.ADMIN]);
    const input = {
      slug: newSlug(),
      title: '밤의 경주',
      aggregation: 'LATEST',
      order: 'LOWER_IS_BETTER',
      period: 'WEEKLY',
      timeZone: 'America/Sao_Paulo',
    };
    const { data, errors } = await create(input, null, { 'x-api-key': key });
    expect(errors).toBeUndefined();
    const board = data.createLeaderboard.leaderboard;
    expect(board).toEqual({ id: expect.any(String), ...input });
    expect(await entriesOf(server, board.id)).toMatchObject([
      { actorKind: 'SERVICE_KEY', actorId: id, action: 'LEADERBOARD_CREATED', details: input },
    ]);
  });

  test('with nulls as if they were left out', async () => {
    const slug = newSlug();
    expect(await created({ slug, title: null, timeZone: null })).toMatchObject({ title: slug, timeZone: 'Asia/Seoul' });
  });

  test.each([
    ['slug', { slug: 'Not a slug' }],
    ['slug', { slug: '' }],
    ['slug', { slug: 'a'.repeat(65) }],
    ['title', { title: '' }],
    ['title', { title: ' \t' }],
    ['title', { title: 'x'.repeat(201) }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['aggregation', { aggregation: 'WORST' }],
    ['period', { period: 'HOURLY' }],
  ])('not with a %s like %j', async (field, fault) => {
    const input: Input = { slug: newSlug(), ...fault };
    expect(errorsOf(await create(input))).toEqual([{ code: 'BAD_USER_INPUT', field: `input.${field}` }]);
    expect(await read(String(input['slug']))).toBeNull();
  });

  test('not with a slug that is taken, and the board that has it stays', async () => {
    const board = await created({ slug: newSlug(), title: 'First' });
    const answer = await create({ slug: board.slug, title: 'Second' });
    expect(errorsOf(answer)).toEqual([{ code: 'CONFLICT', field: 'input.slug' }]);
    expect(await read(board.slug)).toMatchObject(board);
    expect(await entriesOf(server, board.id)).toHaveLength(1);
  });
});

const CHANGES = [
  ['aggregation', 'SUM'],
  ['order', 'LOWER_IS_BETTER'],
  ['period', 'DAILY'],
  ['timeZone', 'Europe/Lisbon'],
] as const;

describe('a board is edited', () => {
  test.each([['title', 'Another title'] as const, ...CHANGES])('in its %s until it is played', async (name, value) => {
    const board = await created({ slug: newSlug() });
    const { data, errors } = await update({ slug: board.slug, [name]: value });
    expect(errors).toBeUndefined();
    expect(data.updateLeaderboard.leaderboard).toEqual({ ...board, [name]: value });
    expect(await read(board.slug)).toMatchObject({ ...board, [name]: value });
    expect((await entriesOf(server, board.id))[0]).toEqual({
      actorKind: 'ADMIN',
      actorId: admin.id,
      action: 'LEADERBOARD_UPDATED',
      targetId: board.id,
      details: { slug: board.slug, [name]: value },
    });
  });

  test('and then played by its new rules', async () => {
    const { slug } = await created({ slug: newSlug() });
    // The server has seen the board before, and nobody has played it.
    const missing = await submit(server, 'service', { leaderboardSlug: slug, score: 1, userId: 'nobody' });
    expect(errorsOf(missing)).toMatchObject([{ code: 'NOT_FOUND' }]);
    const gone = { leaderboardSlug: slug, score: 1, userId: '00000000-0000-4000-8000-000000000000' };
    expect(errorsOf(await submit(server, 'service', gone))).toMatchObject([{ code: 'NOT_FOUND' }]);

    await update({ slug, aggregation: 'SUM', order: 'LOWER_IS_BETTER', period: 'ALL_TIME' });
    await submitted(server, admin, { leaderboardSlug: slug, score: 6 });
    await submitted(server, player, { leaderboardSlug: slug, score: 2 });
    const payload = await submitted(server, player, { leaderboardSlug: slug, score: 3 });
    expect(payload).toMatchObject({ score: { season: { key: 'all' } }, standing: { score: 5, rank: 1 } });
  });

  test('in its title at any time, and submissions tell of the board as it is', async () => {
    const board = await created({ slug: newSlug(), title: 'Before' });
    await submitted(server, player, { leaderboardSlug: board.slug, score: 3 });
    const { data } = await update({ slug: board.slug, title: 'After' });
    expect(data.updateLeaderboard.leaderboard).toEqual({ ...board, title: 'After' });
    const again = await server.graphql(
      `mutation ($input: SubmitScoreInput!) { submitScore(input: $input) {
        score { season { leaderboard { title } } } standing { season { leaderboard { title } } }
      } }`,
      { input: { leaderboardSlug: board.slug, score: 4 } },
      player,
    );
    const shown = { season: { leaderboard: { title: 'After' } } };
    expect(again.data.submitScore).toEqual({ score: shown, standing: shown });
  });

  test.each(CHANGES)('not in its %s once it was played, and nothing of the edit is done', async (name, value) => {
    const board = await created({ slug: newSlug() });
    await submitted(server, player, { leaderboardSlug: board.slug, score: 3 });
    const answer = await update({ slug: board.slug, title: 'Another title', [name]: value });
    expect(errorsOf(answer)).toEqual([{ code: 'CONFLICT', reason: 'LEADERBOARD_PLAYED', field: `input.${name}` }]);
    expect(await read(board.slug)).toMatchObject(board);
    expect(await entriesOf(server, board.id)).toHaveLength(1);
  });

  test('not where everything is as it was, played or not: that is no entry of the log', async () => {
    const { id, ...board } = await created({ slug: newSlug() });
    const nulls = { slug: board.slug, title: null, aggregation: null, order: null, period: null, timeZone: null };
    const same = async (input: Input) => {
      const { data, errors } = await update(input);
      expect(errors).toBeUndefined();
      expect(data.updateLeaderboard.leaderboard).toEqual({ id, ...board });
    };
    await same({ slug: board.slug });
    await same(nulls);
    await submitted(server, player, { leaderboardSlug: board.slug, score: 3 });
    await same(board);
    expect(await entriesOf(server, id)).toHaveLength(1);
  });

  test('in several things at once, logging those that are others now', async () => {
    const { id, slug } = await created({ slug: newSlug(), title: 'Same' });
    await update({ slug, title: 'Same', period: 'WEEKLY', order: 'LOWER_IS_BETTER' }, 'service');
    expect(await entriesOf(server, id)).toMatchObject([
      { actorKind: 'SERVICE_KEY', actorId: null, details: { slug, period: 'WEEKLY', order: 'LOWER_IS_BETTER' } },
      { action: 'LEADERBOARD_CREATED' },
    ]);
    expect((await entriesOf(server, id))[0]?.details).not.toHaveProperty('title');
  });

  test.each(['nowhere', '', 'MONTHLY', '%'])('not where there is none: %j', async (slug) => {
    const answer = await update({ slug, title: 'x' });
    expect(errorsOf(answer)).toEqual([{ code: 'NOT_FOUND', field: 'input.slug' }]);
  });

  test.each([
    ['title', ''],
    ['title', ' '],
    ['title', 'x'.repeat(201)],
    ['timeZone', 'Mars/Olympus'],
  ])('not with a %s like %j', async (field, value) => {
    const { slug } = await makeBoard(em());
    const answer = await update({ slug, [field]: value });
    expect(errorsOf(answer)).toEqual([{ code: 'BAD_USER_INPUT', field: `input.${field}` }]);
  });

  test('the default one not in its zone, which is a setting, but in its title', async () => {
    const before = await read('monthly');
    const answer = await update({ slug: 'monthly', timeZone: 'Europe/Lisbon' });
    expect(errorsOf(answer)).toEqual([{ code: 'BAD_USER_INPUT', field: 'input.timeZone' }]);
    expect(await read('monthly')).toEqual(before);
    await update({ slug: 'monthly', title: 'This month' });
    expect(await read('monthly')).toEqual({ ...before, title: 'This month' });
  });
});

describe('boards are made and edited', () => {
  test.each(['made', 'edited'])('%s by nobody else', async (what) => {
    const { slug } = await makeBoard(em());
    const before = await read(slug);
    const fresh = newSlug();
    const attempt = (as: Caller, headers = {}) =>
      what === 'made' ? create({ slug: fresh }, as, headers) : update({ slug, title: 'Mine' }, as, headers);
    expect(errorsOf(await attempt(null))).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(errorsOf(await attempt(player))).toEqual([{ code: 'FORBIDDEN' }]);
    const { key } = await makeKey(server, [Scope.SCORES_WRITE, Scope.USERS_READ]);
    expect(errorsOf(await attempt(null, { 'x-api-key': key }))).toEqual([{ code: 'FORBIDDEN' }]);
    const wrong = await attempt(null, { 'x-api-key': `laurel_${'x'.repeat(43)}` });
    expect(errorsOf(wrong)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(await read(fresh)).toBeNull();
    expect(await read(slug)).toEqual(before);
  });
});
