import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { queryExactlyOne, sql } from '../../src/database/query.js';
import { OPERATOR } from '../../src/admin/audit-log.type.js';
import {
  createLeaderboard,
  listLeaderboards,
  type NewLeaderboard,
  SeasonZoneError,
  settleDefaultZone,
} from '../../src/leaderboard/leaderboard.service.js';
import { type LeaderboardRow, ScoreAggregation, ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import { currentSeason, seasonByKey } from '../../src/leaderboard/season.service.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { insertSeason } from './support.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const em = () => database.orm.em.fork();

const RACE: NewLeaderboard = {
  slug: 'night-race-2',
  title: '밤의 경주',
  aggregation: ScoreAggregation.LATEST,
  order: ScoreOrder.LOWER_IS_BETTER,
  period: 'WEEKLY',
  timeZone: 'America/Sao_Paulo',
};

async function storedBoards(): Promise<number> {
  const { count } = await queryExactlyOne(
    em(),
    sql<{ count: number }>`select count(*)::int as count from leaderboards`,
  );
  return count;
}

describe('createLeaderboard', () => {
  test('makes a board that is listed and can be played at once', async () => {
    const board = await createLeaderboard(em(), OPERATOR, RACE);
    expect(board).toMatchObject(RACE);
    const { nodes } = await listLeaderboards(em(), 100, null);
    expect(nodes).toContainEqual({ ...board, readAt: expect.any(String) });
    expect(currentSeason(board).key).toMatch(/^\d{4}-W\d{2}$/);
  });

  test('a slug is taken once', async () => {
    const slug = 'taken';
    await createLeaderboard(em(), OPERATOR, { ...RACE, slug });
    const before = await storedBoards();
    await expect(createLeaderboard(em(), OPERATOR, { ...RACE, slug })).rejects.toMatchObject({
      code: 'CONFLICT',
      field: 'input.slug',
    });
    const racers = await Promise.allSettled(
      Array.from({ length: 6 }, () => createLeaderboard(em(), OPERATOR, { ...RACE, slug: 'raced' })),
    );
    const refusals = racers.filter(({ status }) => status === 'rejected');
    expect(refusals).toHaveLength(5);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ reason: { code: 'CONFLICT', field: 'input.slug' } });
    }
    expect(await storedBoards()).toBe(before + 1);
  });

  test.each([
    ['slug', { slug: '' }],
    ['slug', { slug: 'Monthly' }],
    ['slug', { slug: '-a' }],
    ['slug', { slug: 'a--b' }],
    ['slug', { slug: 'a_b' }],
    ['slug', { slug: 'a\n' }],
    ['slug', { slug: 'é' }],
    ['slug', { slug: 'a'.repeat(65) }],
    ['title', { title: '' }],
    ['title', { title: ' \t' }],
    ['title', { title: 'x'.repeat(201) }],
    ['title', { title: 'two\nlines' }],
    ['title', { title: '\u200b' }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['timeZone', { timeZone: '+09:00' }],
    ['timeZone', { timeZone: '' }],
  ])('refuses a %s like %p', async (field, fault) => {
    const before = await storedBoards();
    await expect(createLeaderboard(em(), OPERATOR, { ...RACE, slug: 'refused', ...fault })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      field: `input.${field}`,
    });
    expect(await storedBoards()).toBe(before);
  });

  test('takes the longest slug and title', async () => {
    const longest = { slug: 'a'.repeat(64), title: '가'.repeat(200) };
    expect(await createLeaderboard(em(), OPERATOR, { ...RACE, ...longest })).toMatchObject(longest);
  });
});

describe('settleDefaultZone', () => {
  const monthly = async (): Promise<LeaderboardRow> =>
    (await listLeaderboards(em(), 100, null)).nodes.find(({ slug }) => slug === 'monthly')!;

  test('moves the default board to the zone of the setting until it has a season', async () => {
    expect((await monthly()).timeZone).toBe('UTC');
    await settleDefaultZone(em(), 'UTC');
    await settleDefaultZone(em(), 'Pacific/Chatham');
    await settleDefaultZone(em(), 'Asia/Seoul');
    expect((await monthly()).timeZone).toBe('Asia/Seoul');

    await insertSeason(em(), seasonByKey(await monthly(), '2026-02', 'key')!);
    await settleDefaultZone(em(), 'Asia/Seoul');
    await expect(settleDefaultZone(em(), 'UTC')).rejects.toThrow(SeasonZoneError);
    await expect(settleDefaultZone(em(), 'UTC')).rejects.toThrow(/SEASON_TIME_ZONE=Asia\/Seoul/);
    expect((await monthly()).timeZone).toBe('Asia/Seoul');
  });
});
