import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyPassword } from '../../src/account/password.js';
import { login } from '../../src/account/account.service.js';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { seedDatabase } from '../../src/cli/seed.js';
import { seasonAt } from '../../src/leaderboard/season-calendar.js';
import { seasonId } from '../../src/shared/ids.js';
import { toDate } from '../../src/shared/instant.js';
import { DEMO_LOGIN, isEmpty, seedDemo } from '../../src/seed/seed.service.js';
import { findVisitStreaks } from '../../src/visit/visit.service.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { contents } from './support.js';

const MONTHLY = '01900000-0000-7000-8000-000000000001';
const NOW = new Date('2026-02-05T01:23:45.678Z');
const OPTIONS = { players: 300, timeZone: 'Asia/Seoul', now: NOW };

let database: TestDatabase;
let demo: string;
beforeAll(async () => {
  database = await openTestDatabase();
  await seedDemo(em(), OPTIONS);
  ({ id: demo } = await one<{ id: string }>(sql`select id from users where email = ${DEMO_LOGIN.email}`));
});
afterAll(() => database.close());

const em = () => database.orm.em.fork();
const all = <Row>(statement: ReturnType<typeof sql<Row>>) => query(em(), statement);
const one = <Row>(statement: ReturnType<typeof sql<Row>>) => queryExactlyOne(em(), statement);

test('the same options make the same rows, and another time makes others', async () => {
  const other = await openTestDatabase();
  try {
    await seedDemo(other.orm.em.fork(), OPTIONS);
    expect(await contents(other.orm.em.fork())).toEqual(await contents(em()));
  } finally {
    await other.close();
  }
});

test('the report counts what is there', async () => {
  const other = await openTestDatabase();
  try {
    const report = await seedDatabase(other, { players: 10 });
    for (const [table, count] of Object.entries(report.rows)) {
      const rows = await query(other.orm.em.fork(), sql`select from ${sql.table(table)}`);
      expect([table, rows.length]).toEqual([table, count]);
      expect(count).toBeGreaterThan(0);
    }
    expect(report.login).toEqual(DEMO_LOGIN);
  } finally {
    await other.close();
  }
});

test('a database with users is refused and left as it is', async () => {
  const before = await contents(em());
  await expect(seedDemo(em(), { players: 20 })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('has users already'),
  });
  expect(await contents(em())).toEqual(before);
  expect(await isEmpty(em())).toBe(false);
});

test('a board whose seasons are in another zone stops it, and nothing is left', async () => {
  const other = await openTestDatabase();
  try {
    const manager = other.orm.em.fork();
    await query(
      manager,
      sql`insert into seasons (id, leaderboard_id, key) values (${seasonId(MONTHLY, '2020-01')}, ${MONTHLY}, '2020-01')`,
    );
    await expect(seedDemo(manager, OPTIONS)).rejects.toMatchObject({ name: 'SeasonZoneError' });
    expect(await isEmpty(manager)).toBe(true);
  } finally {
    await other.close();
  }
});

test('of two at once one fills the database and the other refuses', async () => {
  const other = await openTestDatabase();
  try {
    const results = await Promise.allSettled([1, 2].map(() => seedDemo(other.orm.em.fork(), OPTIONS)));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await contents(other.orm.em.fork())).toEqual(await contents(em()));
  } finally {
    await other.close();
  }
});

describe('players', () => {
  test('sign in with the one password, hashed as the server hashes now', async () => {
    const hashes = await all<{ hash: string }>(sql`select distinct password_hash as hash from users`);
    expect(hashes).toHaveLength(1);
    expect(await verifyPassword(DEMO_LOGIN.password, hashes[0]!.hash)).toEqual({ valid: true, outdated: false });
    const session = await login(
      em(),
      { email: DEMO_LOGIN.email, password: DEMO_LOGIN.password },
      { seasonTimeZone: 'UTC', minAge: 0, deletionGraceDays: 30, reservedNicknames: [] },
      null,
    );
    expect(session.user).toMatchObject({ id: demo, nickname: DEMO_LOGIN.nickname });
  });

  test('have zones, birth dates, and accounts older than all they did', async () => {
    const { zones, zoneless, youngest, oldest, impossible } = await one<Record<string, number | string>>(
      sql`select count(distinct time_zone)::integer as zones, count(*) filter (where time_zone is null)::integer as zoneless,
          max(birth_date) as youngest, min(birth_date) as oldest,
          count(*) filter (where created_at > (select min(created_at) from friendships)
            or created_at > (select min(created_at) from scores)
            or created_at > (select min(visit_date) from visits))::integer as impossible
        from users`,
    );
    expect(zones).toBeGreaterThan(5);
    expect(zoneless).toBeGreaterThan(5);
    expect(oldest! >= '1970-01-01' && youngest! < '2016-01-01').toBe(true);
    expect(impossible).toBe(0);
  });
});

describe('friendships', () => {
  test('are in every state, in both directions, answered after they were asked', async () => {
    const rows = await all<{ status: string; upward: boolean; count: number; wrong: number }>(
      sql`select status, requester_id < receiver_id as upward, count(*)::integer as count,
          count(*) filter (where created_at > ${NOW.toISOString()}::timestamptz or responded_at < created_at
            or responded_at > ${NOW.toISOString()}::timestamptz
            or (status = 'pending') <> (responded_at is null))::integer as wrong
        from friendships group by 1, 2`,
    );
    expect(rows).toHaveLength(6);
    expect(rows.map(({ wrong }) => wrong)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Math.min(...rows.map(({ count }) => count))).toBeGreaterThan(3);
  });

  test('and blocks never meet', async () => {
    const { blocks, meeting } = await one<{ blocks: number; meeting: number }>(
      sql`select count(*)::integer as blocks, count(f.id)::integer as meeting from blocks b
        left join friendships f on least(f.requester_id, f.receiver_id) = least(b.blocker_id, b.blocked_id)
          and greatest(f.requester_id, f.receiver_id) = greatest(b.blocker_id, b.blocked_id)`,
    );
    expect(blocks).toBeGreaterThan(3);
    expect(meeting).toBe(0);
  });
});

describe('seasons', () => {
  test("are the current one and the five before, with the calendar's bounds in the board's zone", async () => {
    const rows = await all<{ id: string; key: string; startsAt: string; endsAt: string }>(
      sql`select id, key, starts_at as "startsAt", ends_at as "endsAt" from seasons order by key desc`,
    );
    expect(rows.map(({ key }) => key)).toEqual(['2026-02', '2026-01', '2025-12', '2025-11', '2025-10', '2025-09']);
    for (const { id, key, startsAt, endsAt } of rows) {
      const window = seasonAt('MONTHLY', 'Asia/Seoul', toDate(startsAt));
      expect({ id, key, startsAt: toDate(startsAt), endsAt: toDate(endsAt) }).toEqual({
        id: seasonId(MONTHLY, key),
        ...window,
      });
    }
    const { timeZone } = await one<{ timeZone: string }>(sql`select time_zone as "timeZone" from leaderboards`);
    expect(timeZone).toBe('Asia/Seoul');
  });

  test('hold every score made in them, and none from the future', async () => {
    const { outside } = await one<{ outside: number }>(
      sql`select count(*)::integer as outside from scores s join seasons on seasons.id = s.season_id
        where s.created_at < starts_at or s.created_at >= ends_at or s.created_at > ${NOW.toISOString()}::timestamptz`,
    );
    expect(outside).toBe(0);
  });

  test('have standings that are the best of their scores, reached first', async () => {
    interface Entry {
      id: string;
      place: string;
      score: string;
      improved: boolean;
      previous: string | null;
      createdAt: string;
    }
    const scores = await all<Entry>(
      sql`select id, season_id || ' ' || user_id as place, score, improved, previous_score as previous,
          created_at as "createdAt"
        from scores order by created_at, id`,
    );
    const best = new Map<string, Entry>();
    for (const entry of scores) {
      const before = best.get(entry.place);
      const improved = before === undefined || Number(entry.score) > Number(before.score);
      expect({ improved: entry.improved, previous: entry.previous }).toEqual({
        improved,
        previous: before?.score ?? null,
      });
      if (improved) {
        best.set(entry.place, entry);
      }
    }
    const standings = await all<Record<string, string | boolean>>(
      sql`select season_id || ' ' || user_id as place, score, sort_score as "sortScore", achieved_at as "achievedAt",
          score_id as "scoreId", ranked from standings order by place`,
    );
    const expected = [...best.values()]
      .map(({ place, score, createdAt, id }) => ({
        place,
        score,
        sortScore: String(-Number(score)),
        achievedAt: createdAt,
        scoreId: id,
        ranked: true,
      }))
      .toSorted((a, b) => (a.place < b.place ? -1 : 1));
    expect(standings).toEqual(expected);
  });

  test('have ties', async () => {
    const ties = await all(sql`select from standings group by season_id, score having count(*) > 1`);
    expect(ties.length).toBeGreaterThan(5);
  });
});

test('visits are of the last 60 days of each player, with runs among them', async () => {
  const { first, last } = await one<{ first: string; last: string }>(
    sql`select min(visit_date) as first, max(visit_date) as last from visits`,
  );
  expect(first >= '2025-12-06').toBe(true);
  expect(last).toBe('2026-02-05');
  const ids = await all<{ id: string }>(sql`select id from users`);
  const streaks = await findVisitStreaks(em(), new Map(ids.map(({ id }) => [id, '2026-02-05'])));
  expect([...streaks.values()].filter(({ current }) => current > 2).length).toBeGreaterThan(5);
});

describe('the demo login', () => {
  test.each([
    ['friends', sql`status = 'accepted'`, 8],
    ['incoming requests', sql`status = 'pending' and receiver_id = me`, 3],
    ['outgoing requests', sql`status = 'pending' and requester_id = me`, 2],
    ['requests rejected', sql`status = 'rejected' and receiver_id = me`, 1],
    ['requests that were rejected', sql`status = 'rejected' and requester_id = me`, 1],
  ])('has %s', async (_, condition, count) => {
    const rows = await all(
      sql`select from friendships, (select ${demo}::uuid as me) viewer
        where me in (requester_id, receiver_id) and ${condition}`,
    );
    expect(rows).toHaveLength(count);
  });

  test('has blocked somebody', async () => {
    expect(await all(sql`select from blocks where blocker_id = ${demo}`)).toHaveLength(1);
  });

  test('stands in every season, beside friends', async () => {
    const seasons = await all<{ friends: number }>(
      sql`select count(f.user_id)::integer as friends from standings s
        left join standings f on f.season_id = s.season_id and f.user_id in (
          select case requester_id when ${demo}::uuid then receiver_id else requester_id end from friendships
          where status = 'accepted' and ${demo}::uuid in (requester_id, receiver_id))
        where s.user_id = ${demo} group by s.season_id`,
    );
    expect(seasons).toEqual(Array.from({ length: 6 }, () => ({ friends: 8 })));
  });

  test('has a streak that stands and a longer one behind it', async () => {
    // 01:23 UTC is past ten in the morning in Seoul, the demo login's zone.
    const streaks = await findVisitStreaks(em(), new Map([[demo, '2026-02-05']]));
    expect(streaks.get(demo)).toEqual({ current: 12, longest: 25 });
  });
});
