import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { toDate } from '../../src/shared/instant.js';
import { recordVisit, recordVisitOn } from '../../src/visit/visit.service.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import { insertPlayers, insertVisits, plusDays } from './support.js';

const RECORD = 'mutation { recordVisit { visit { date count } user { id nickname } } }';
const VISITS =
  'query ($id: ID!, $from: Date!, $to: Date!) { user(id: $id) { visits(from: $from, to: $to) { date count } } }';
const STREAK = 'query ($id: ID!) { user(id: $id) { visitStreak { current longest } } }';
const ACTIVE = 'query ($from: Date!, $to: Date!) { activeUsers(from: $from, to: $to) { date users visits } }';

let server: TestServer;
let player: Player;
let stranger: Player;
let admin: Player;
beforeAll(async () => {
  server = await startTestServer({ SEASON_TIME_ZONE: 'Pacific/Kiritimati' });
  player = await server.player('visitor');
  stranger = await server.player('stranger');
  admin = await server.player('admin');
  await query(em(), sql`update users set role = 'admin' where id = ${admin.id}`);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

/** The date in that zone by the database's clock, worked out by Intl alone. */
async function dateNow(timeZone: string): Promise<string> {
  const { now } = await queryExactlyOne(em(), sql<{ now: string }>`select clock_timestamp() as now`);
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(toDate(now));
}

async function visitsOf(userId: string): Promise<{ date: string; count: number }[]> {
  return query(
    em(),
    sql<{ date: string; count: number }>`select visit_date as date, visit_count as count from visits
      where user_id = ${userId} order by visit_date`,
  );
}

describe('recordVisit', () => {
  test('counts each call on one row of the day', async () => {
    const visitor = await server.player();
    const first = await server.graphql(RECORD, {}, visitor);
    const second = await server.graphql(RECORD, {}, visitor);
    expect(first.errors).toBeUndefined();
    expect(first.data.recordVisit).toMatchObject({ visit: { count: 1 }, user: { id: visitor.id } });
    expect(second.data.recordVisit.visit.count).toBe(2);
    expect(second.data.recordVisit.user.nickname).toBe(visitor.nickname);
  });

  test('counts calls that arrive together', async () => {
    const visitor = await server.player();
    const answers = await Promise.all(Array.from({ length: 10 }, () => server.graphql(RECORD, {}, visitor)));
    const counts = answers.map(({ data }) => data.recordVisit.visit.count).toSorted((a, b) => a - b);
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await visitsOf(visitor.id)).toEqual([expect.objectContaining({ count: 10 })]);
  });

  test.each(['Pacific/Pago_Pago', 'America/Sao_Paulo', 'Asia/Seoul', 'Pacific/Chatham', 'Pacific/Kiritimati'])(
    'takes the date of the player in %s',
    async (timeZone) => {
      const visitor = await server.player('zoned', { timeZone });
      const before = await dateNow(timeZone);
      const { data } = await server.graphql(RECORD, {}, visitor);
      expect([before, await dateNow(timeZone)]).toContain(data.recordVisit.visit.date);
    },
  );

  test("takes the server's zone for players without one, and a zone set in the same request at once", async () => {
    const visitor = await server.player();
    const before = [await dateNow('Pacific/Kiritimati'), await dateNow('Pacific/Pago_Pago')];
    const { data } = await server.graphql(
      `mutation {
        here: recordVisit { visit { date } }
        updateProfile(input: { timeZone: "Pacific/Pago_Pago" }) { user { id } }
        there: recordVisit { visit { date } }
      }`,
      {},
      visitor,
    );
    expect([before[0], await dateNow('Pacific/Kiritimati')]).toContain(data.here.visit.date);
    expect([before[1], await dateNow('Pacific/Pago_Pago')]).toContain(data.there.visit.date);
    expect(await visitsOf(visitor.id)).toHaveLength(2);
  });

  test('needs a signed-in user', async () => {
    const anonymous = await server.graphql(RECORD);
    const service = await server.graphql(RECORD, {}, 'service');
    expect(anonymous.data.recordVisit).toBeNull();
    expect(anonymous.errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' });
    expect(service.errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN' });
  });

  test('writes nothing for an account that is deleted, before or meanwhile', async () => {
    const [userId] = await insertPlayers(em(), 'deleted', 1);
    await query(em(), sql`update users set deleted_at = now() where id = ${userId}`);
    await expect(recordVisit(em(), userId!, 'UTC')).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'TOKEN_REVOKED',
    });
    expect(await recordVisitOn(em(), userId!, '2026-02-05')).toBeUndefined();
    expect(await visitsOf(userId!)).toEqual([]);
  });

  test('stays at the largest count that the API can tell', async () => {
    const [userId] = await insertPlayers(em(), 'tireless', 1);
    await query(
      em(),
      sql`insert into visits (user_id, visit_date, visit_count) values (${userId}, '2026-02-05', 2147483646)`,
    );
    const last = await recordVisitOn(em(), userId!, '2026-02-05');
    const beyond = await recordVisitOn(em(), userId!, '2026-02-05');
    expect([last?.visit.count, beyond?.visit.count]).toEqual([2_147_483_647, 2_147_483_647]);
  });
});

describe('visits', () => {
  test('are the days with a visit, oldest first, both ends included', async () => {
    await insertVisits(em(), player.id, ['2026-02-05', '2026-01-31', '2026-02-01', '2026-03-01']);
    await recordVisitOn(em(), player.id, '2026-02-01');
    const { data } = await server.graphql(VISITS, { id: player.id, from: '2026-01-31', to: '2026-02-28' }, player);
    expect(data.user.visits).toEqual([
      { date: '2026-01-31', count: 1 },
      { date: '2026-02-01', count: 2 },
      { date: '2026-02-05', count: 1 },
    ]);
    const none = await server.graphql(VISITS, { id: player.id, from: '2025-01-01', to: '2025-12-31' }, player);
    expect(none.data.user.visits).toEqual([]);
  });

  test('are for the user, an admin and a service key; null for everybody else', async () => {
    const range = { id: player.id, from: '2026-02-05', to: '2026-02-05' };
    const ask = async (as: Player | 'service' | null) => (await server.graphql(VISITS, range, as)).data.user.visits;
    const visible = [{ date: '2026-02-05', count: 1 }];
    expect(await Promise.all([ask(player), ask(admin), ask('service')])).toEqual([visible, visible, visible]);
    expect(await Promise.all([ask(stranger), ask(null)])).toEqual([null, null]);
  });

  test('are answered apart for several ranges in one request', async () => {
    const { data } = await server.graphql(
      `{ viewer {
        january: visits(from: "2026-01-01", to: "2026-01-31") { date }
        march: visits(from: "2026-03-01", to: "2026-03-31") { date }
      } }`,
      {},
      player,
    );
    expect(data.viewer).toEqual({ january: [{ date: '2026-01-31' }], march: [{ date: '2026-03-01' }] });
  });

  test.each([
    ['from', '2026-02-06', '2026-02-05'],
    ['to', '2024-01-01', '2025-01-01'],
    ['to', '0001-01-01', '9999-12-31'],
    ['from', '2026-02-30', '2026-03-01'],
    ['to', '2026-02-05', 'tomorrow'],
    ['from', '2026-02-05\0', '2026-02-05'],
  ])('name %s in the error for %j to %j', async (field, from, to) => {
    const { data, errors } = await server.graphql(VISITS, { id: player.id, from, to }, player);
    expect(data.user.visits).toBeNull();
    expect(errors).toEqual([expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT', field } })]);
  });

  test('span 366 days at most', async () => {
    const { errors } = await server.graphql(VISITS, { id: player.id, from: '2024-01-01', to: '2024-12-31' }, player);
    expect(errors).toBeUndefined();
  });
});

describe('visitStreak', () => {
  test("counts to the player's own today or yesterday", async () => {
    const visitor = await server.player('streak', { timeZone: 'Pacific/Pago_Pago' });
    const before = await dateNow('Pacific/Pago_Pago');
    const days = [-1, -2, -3, -10, -11, -12, -13].map((offset) => plusDays(before, offset));
    await insertVisits(em(), visitor.id, days);
    const yesterday = await server.graphql(STREAK, { id: visitor.id }, visitor);
    const { data } = await server.graphql(
      'mutation { recordVisit { visit { date } user { visitStreak { current longest } } } }',
      {},
      visitor,
    );
    // The mutation's date tells whether midnight passed since the days were chosen.
    const sameDay = data.recordVisit.visit.date === before;
    expect(data.recordVisit.user.visitStreak).toEqual({ current: sameDay ? 4 : 1, longest: 4 });
    expect(sameDay ? [3] : [3, 0]).toContain(yesterday.data.user.visitStreak.current);
  });

  test('is 0 for a player who was never here', async () => {
    const { data } = await server.graphql(STREAK, { id: stranger.id }, stranger);
    expect(data.user.visitStreak).toEqual({ current: 0, longest: 0 });
  });

  test('is for the user, an admin and a service key; null for everybody else', async () => {
    const ask = async (as: Player | 'service' | null) =>
      (await server.graphql(STREAK, { id: player.id }, as)).data.user.visitStreak;
    const visible = { current: 0, longest: 2 };
    expect(await Promise.all([ask(player), ask(admin), ask('service')])).toEqual([visible, visible, visible]);
    expect(await Promise.all([ask(stranger), ask(null)])).toEqual([null, null]);
  });
});

test('visits and streaks of any number of users take the same statements', async () => {
  const ids = await insertPlayers(em(), 'batched', 60);
  await insertVisits(em(), ids[0]!, ['2026-02-05', '2026-02-06']);
  const ask = async (first: number) => {
    server.database.statements.length = 0;
    const { data, errors } = await server.graphql(
      `query ($first: Int!) { users(nicknamePrefix: "batched", first: $first) { nodes {
        id visitStreak { current longest } visits(from: "2026-02-01", to: "2026-02-28") { date }
      } } }`,
      { first },
      'service',
    );
    expect(errors).toBeUndefined();
    expect(data.users.nodes).toHaveLength(first);
    const visited = data.users.nodes.find(({ id }: { id: string }) => id === ids[0]);
    expect(visited).toMatchObject({ visitStreak: { longest: 2 }, visits: [{}, {}] });
    return server.database.statements.length;
  };
  expect(await ask(60)).toBe(await ask(5));
});

describe('activeUsers', () => {
  beforeAll(async () => {
    const [first, second] = await insertPlayers(em(), 'active', 2);
    await insertVisits(em(), first!, ['2020-05-01', '2020-05-02', '2020-05-04']);
    await insertVisits(em(), second!, ['2020-05-02', '2020-05-05']);
    await recordVisitOn(em(), second!, '2020-05-02');
    await query(em(), sql`update users set deleted_at = now() where id = ${second}`);
  });

  test.each([['an admin'], ['a service key']])('are days with a visit, oldest first, for %s', async (who) => {
    const as = who === 'an admin' ? admin : 'service';
    const { data } = await server.graphql(ACTIVE, { from: '2020-05-01', to: '2020-05-04' }, as);
    expect(data.activeUsers).toEqual([
      { date: '2020-05-01', users: 1, visits: 1 },
      { date: '2020-05-02', users: 2, visits: 3 },
      { date: '2020-05-04', users: 1, visits: 1 },
    ]);
  });

  test('are for an admin or a service key only', async () => {
    const range = { from: '2020-05-01', to: '2020-05-04' };
    const anonymous = await server.graphql(ACTIVE, range);
    const user = await server.graphql(ACTIVE, range, player);
    expect(anonymous.data.activeUsers).toBeNull();
    expect(anonymous.errors?.[0]?.extensions).toEqual({ code: 'UNAUTHENTICATED' });
    expect(user.data.activeUsers).toBeNull();
    expect(user.errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN' });
  });

  test.each([
    ['from', '2020-05-05', '2020-05-04'],
    ['to', '2020-01-01', '2021-01-01'],
    ['to', '2020-01-01', '2020-13-01'],
  ])('name %s in the error for %s to %s', async (field, from, to) => {
    const { errors } = await server.graphql(ACTIVE, { from, to }, 'service');
    expect(errors).toEqual([expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT', field } })]);
  });

  test('add up to no more than the API can tell', async () => {
    const ids = await insertPlayers(em(), 'tireless-crowd', 2);
    await query(
      em(),
      sql`insert into visits (user_id, visit_date, visit_count)
        select id, '2019-01-01', 2147483647 from unnest(${ids}::uuid[]) as crowd (id)`,
    );
    const { data } = await server.graphql(ACTIVE, { from: '2019-01-01', to: '2019-01-01' }, 'service');
    expect(data.activeUsers).toEqual([{ date: '2019-01-01', users: 2, visits: 2_147_483_647 }]);
  });
});
