import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { purgeDeleted } from '../../src/admin/soft-delete.service.js';
import { query, sql } from '../../src/database/query.js';
import { newId } from '../../src/shared/ids.js';
import { promote, row } from '../account/support.js';
import { logOf } from '../admin/moderation-support.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import {
  CREATE_SCHEDULE,
  DELETE_EMPLOYEE,
  DELETE_SCHEDULE,
  done,
  errorsIn,
  hire,
  plan,
  RESTORE_EMPLOYEE,
  RESTORE_SCHEDULE,
  SCHEDULE,
  SCHEDULES,
  SET_STATUS,
  type ShownPage,
  type ShownSchedule,
  type StaffPlayer,
  UPDATE_SCHEDULE,
} from './support.js';

let server: TestServer;
let admin: Player;
let boss: StaffPlayer;
let employee: StaffPlayer;
let colleague: StaffPlayer;
let stranger: Player;
beforeAll(async () => {
  server = await startTestServer();
  [admin, stranger] = [await server.player('admin'), await server.player('stranger')];
  await promote(server, admin);
  boss = await hire(server, { role: 'ADMIN' }, 'boss');
  employee = await hire(server);
  colleague = await hire(server, {}, 'colleague');
});
afterAll(() => server.close());

type As = Player | 'service' | null;
const em = () => server.database.orm.em.fork();
const refusal = async (source: string, variables: Record<string, unknown>, as: As) =>
  errorsIn(await server.graphql(source, variables, as));
const read = async (id: string, as: As): Promise<ShownSchedule | null> =>
  (await done(server.graphql(SCHEDULE, { id }, as))).schedule;
const edit = (as: As, input: Record<string, unknown>) => server.graphql(UPDATE_SCHEDULE, { input }, as);
const setStatus = (as: As, id: string, status: string) => server.graphql(SET_STATUS, { input: { id, status } }, as);
const FORBIDDEN = [{ code: 'FORBIDDEN' }];
const NOT_FOUND = [{ code: 'NOT_FOUND', field: 'input.id' }];

const FULL = {
  type: 'VISIT',
  title: '  A visit  ',
  date: '2026-03-02',
  description: 'First line\n\tsecond 🎲',
  startTime: '09:00',
  endTime: '10:30:15',
  location: 'Seoul',
  clientName: 'A client',
  clientContact: '+82 2 000',
  purpose: 'To see',
  priority: 'HIGH',
  result: 'Seen',
  followUp: 'See again',
  reminder: true,
  reminderAt: '2026-03-01T23:00:00Z',
};
const SHOWN = {
  ...FULL,
  title: 'A visit',
  startTime: '09:00:00',
  status: 'SCHEDULED',
  reminderAt: '2026-03-01T23:00:00.000Z',
};

describe('createSchedule', () => {
  test('keeps every field, for the employee and for whoever manages the staff', async () => {
    for (const [as, input] of [
      [employee, FULL],
      [employee, { ...FULL, employeeId: employee.employeeId.toUpperCase() }],
      [boss, { ...FULL, employeeId: employee.employeeId }],
      ['service', { ...FULL, employeeId: employee.employeeId }],
    ] as const) {
      const made = await plan(server, as, input);
      expect(made).toEqual({
        ...SHOWN,
        id: expect.any(String),
        version: 1,
        createdAt: expect.stringMatching(/Z$/),
        updatedAt: made['createdAt'],
        employee: { id: employee.employeeId },
      });
      for (const reader of [employee, boss, admin, 'service'] as const) {
        expect(await read(made.id, reader)).toEqual(made);
      }
      expect(await read(made.id, colleague)).toBeNull();
    }
  });

  test('has the defaults of the service before', async () => {
    const made = await plan(server, employee, { location: ' ', description: '' });
    expect(made).toMatchObject({ status: 'SCHEDULED', priority: 'MEDIUM', reminder: false, reminderAt: null });
    expect(made).toMatchObject({ startTime: null, endTime: null, location: null, description: null });
  });

  test.each([
    ['an end at the start', { startTime: '09:00', endTime: '09:00:00' }, 'input.endTime'],
    ['an end before the start', { startTime: '09:00', endTime: '08:59' }, 'input.endTime'],
    ['an end without a start', { endTime: '09:00' }, 'input.startTime'],
    ['no time of day', { startTime: '24:00' }, 'input.startTime'],
    ['no day', { date: '2026-02-30' }, 'input.date'],
    ['a blank title', { title: ' ' }, 'input.title'],
    ['a long title', { title: 'x'.repeat(201) }, 'input.title'],
    ['a location of two lines', { location: 'x\ny' }, 'input.location'],
    ['a long description', { description: 'x'.repeat(10_001) }, 'input.description'],
    ['a reminder without a time', { reminder: true }, 'input.reminderAt'],
  ])('refuses %s', async (_what, fault, field) => {
    const input = { type: 'OTHER', title: 'x', date: '2026-03-02', ...fault };
    expect(await refusal(CREATE_SCHEDULE, { input }, employee)).toEqual([{ code: 'BAD_USER_INPUT', field }]);
  });

  test('is for the staff, and of others for whoever manages it', async () => {
    const input = { type: 'OTHER', title: 'x', date: '2026-03-02' };
    expect(await refusal(CREATE_SCHEDULE, { input }, null)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(await refusal(CREATE_SCHEDULE, { input }, stranger)).toEqual(FORBIDDEN);
    const ofOther = { ...input, employeeId: colleague.employeeId };
    expect(await refusal(CREATE_SCHEDULE, { input: ofOther }, employee)).toEqual([
      { code: 'FORBIDDEN', field: 'input.employeeId' },
    ]);
    expect(await refusal(CREATE_SCHEDULE, { input }, admin)).toEqual([
      { code: 'BAD_USER_INPUT', field: 'input.employeeId' },
    ]);
    for (const employeeId of [newId(), 'x']) {
      expect(await refusal(CREATE_SCHEDULE, { input: { ...input, employeeId } }, admin)).toEqual([
        { code: 'NOT_FOUND', field: 'input.employeeId' },
      ]);
    }
  });
});

describe('updateSchedule', () => {
  test('changes what it names, clears what is null, and counts', async () => {
    const made = await plan(server, employee, FULL);
    const change = { title: 'Another', endTime: null, clientName: null, priority: 'LOW', date: '2026-03-03' };
    const { updateSchedule } = await done(edit(employee, { id: made.id, version: 1, ...change }));
    expect(updateSchedule.schedule).toEqual({ ...made, ...change, version: 2, updatedAt: expect.any(String) });
    expect(Date.parse(updateSchedule.schedule.updatedAt)).toBeGreaterThan(Date.parse(made['updatedAt'] as string));
    await done(edit(boss, { id: made.id, version: 2, result: 'By the boss' }));
    expect(await read(made.id, employee)).toMatchObject({ result: 'By the boss', title: 'Another', version: 3 });
  });

  test('refuses an edit of what was edited since, also at the same time', async () => {
    const { id } = await plan(server, employee);
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((title) => edit(employee, { id, version: 1, title })));
    const stale = { code: 'CONFLICT', reason: 'STALE_VERSION', field: 'input.version' };
    expect(answers.flatMap(errorsIn)).toEqual([stale, stale, stale]);
    expect(await read(id, employee)).toMatchObject({ version: 2 });
  });

  test.each([
    ['an end before the start that it has', { endTime: '08:00' }, 'input.endTime'],
    ['a start after the end that it has', { startTime: '11:00' }, 'input.endTime'],
    ['no start with the end that it has', { startTime: null }, 'input.startTime'],
    ['no time for the reminder that it has', { reminderAt: null }, 'input.reminderAt'],
    ['no title', { title: null }, 'input.title'],
    ['no date', { date: null }, 'input.date'],
    ['no type', { type: null }, 'input.type'],
  ])('refuses %s', async (_what, fault, field) => {
    const made = await plan(server, employee, FULL);
    expect(errorsIn(await edit(employee, { id: made.id, version: 1, ...fault }))).toEqual([
      { code: 'BAD_USER_INPUT', field },
    ]);
    expect(await read(made.id, employee)).toEqual(made);
  });

  test("is for the employee's own, and for whoever manages the staff", async () => {
    const made = await plan(server, employee);
    const change = { id: made.id, version: 1, title: 'x' };
    expect(errorsIn(await edit(null, change))).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(errorsIn(await edit(stranger, change))).toEqual(FORBIDDEN);
    expect(errorsIn(await edit(colleague, change))).toEqual(NOT_FOUND);
    for (const id of [newId(), 'x']) {
      expect(errorsIn(await edit(employee, { ...change, id }))).toEqual(NOT_FOUND);
    }
    expect(await read(made.id, employee)).toEqual(made);
  });

  test('takes what was carried over as it is, until its times are edited', async () => {
    const id = newId();
    await query(
      em(),
      sql`insert into schedules (id, legacy_id, employee_id, type, title, schedule_date, start_time, end_time, reminder)
        values (${id}, 77, ${employee.employeeId}, 'visit', 'Carried over', '2020-01-01', '10:00', '09:00', true)`,
    );
    await done(edit(employee, { id, version: 1, title: 'Still there' }));
    expect(errorsIn(await edit(employee, { id, version: 2, startTime: '10:30' }))).toEqual([
      { code: 'BAD_USER_INPUT', field: 'input.endTime' },
    ]);
    await expect(
      query(
        em(),
        sql`insert into schedules (id, employee_id, type, title, schedule_date, start_time, end_time)
          values (${newId()}, ${employee.employeeId}, 'visit', 'Made here', '2020-01-01', '10:00', '09:00')`,
      ),
    ).rejects.toThrow('schedules_times_check');
  });
});

describe('setScheduleStatus', () => {
  const STATUSES = ['SCHEDULED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED'] as const;
  const ALLOWED: Record<string, string[]> = {
    SCHEDULED: ['IN_PROGRESS', 'CANCELLED'],
    IN_PROGRESS: ['COMPLETED', 'CANCELLED', 'SCHEDULED'],
    COMPLETED: [],
    CANCELLED: ['SCHEDULED'],
  };
  const PATHS: Record<string, string[]> = {
    SCHEDULED: [],
    IN_PROGRESS: ['IN_PROGRESS'],
    COMPLETED: ['IN_PROGRESS', 'COMPLETED'],
    CANCELLED: ['CANCELLED'],
  };

  test.each(STATUSES.flatMap((from) => STATUSES.map((to) => [from, to] as const)))(
    'from %s to %s',
    async (from, to) => {
      const { id } = await plan(server, employee);
      for (const step of PATHS[from]!) {
        await done(setStatus(employee, id, step));
      }
      const before = (await read(id, employee))!;
      const answer = await setStatus(employee, id, to);
      if (ALLOWED[from]!.includes(to)) {
        expect(answer.data.setScheduleStatus.schedule).toMatchObject({ status: to, version: before.version + 1 });
      } else if (from === to) {
        expect(answer.data.setScheduleStatus.schedule).toEqual(before);
      } else {
        expect(errorsIn(answer)).toEqual([{ code: 'CONFLICT', reason: 'STATUS_NOT_ALLOWED', field: 'input.status' }]);
        expect(await read(id, employee)).toEqual(before);
      }
    },
  );

  test("is for the employee's own, and for whoever manages the staff", async () => {
    const { id } = await plan(server, employee);
    expect(errorsIn(await setStatus(null, id, 'CANCELLED'))).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(errorsIn(await setStatus(stranger, id, 'CANCELLED'))).toEqual(FORBIDDEN);
    expect(errorsIn(await setStatus(colleague, id, 'CANCELLED'))).toEqual(NOT_FOUND);
    expect(errorsIn(await setStatus(boss, 'x', 'CANCELLED'))).toEqual(NOT_FOUND);
    expect((await done(setStatus(boss, id, 'CANCELLED'))).setScheduleStatus.schedule.status).toBe('CANCELLED');
  });
});

describe('visits that cross', () => {
  test('are told, and not refused', async () => {
    const own = await hire(server);
    const visit = (startTime: string | null, endTime: string | null, more = {}) =>
      plan(server, own, { type: 'VISIT', date: '2026-04-01', startTime, endTime, ...more });
    const early = await visit('09:00', '10:00');
    const late = await visit('11:00', '12:00');
    const point = await visit('09:30', null);
    const cancelled = await visit('09:00', '12:00');
    await done(setStatus(own, cancelled.id, 'CANCELLED'));
    const deleted = await visit('09:00', '12:00');
    await done(server.graphql(DELETE_SCHEDULE, { id: deleted.id }, own));
    await visit('09:00', '12:00', { type: 'MEETING' });
    await visit('09:00', '12:00', { date: '2026-04-02' });
    await visit(null, null);
    await plan(server, colleague, { type: 'VISIT', date: '2026-04-01', startTime: '09:00', endTime: '12:00' });

    const crossing = async (startTime: string, endTime: string | null, type = 'VISIT') => {
      const input = { type, title: 'x', date: '2026-04-01', startTime, endTime };
      const { createSchedule } = await done(server.graphql(CREATE_SCHEDULE, { input }, own));
      await done(server.graphql(DELETE_SCHEDULE, { id: createSchedule.schedule.id }, own));
      return createSchedule.overlaps.map(({ id }: { id: string }) => id);
    };
    expect(await crossing('10:00', '11:00')).toEqual([]);
    expect(await crossing('09:59:59', '11:00:01')).toEqual([early.id, late.id]);
    expect(await crossing('09:15', '09:45')).toEqual([early.id, point.id]);
    expect(await crossing('09:30', null)).toEqual([early.id, point.id]);
    expect(await crossing('09:00', '12:00', 'MEETING')).toEqual([]);

    const { updateSchedule } = await done(edit(own, { id: late.id, version: 1, startTime: '09:45' }));
    expect(updateSchedule.overlaps).toEqual([{ id: early.id }]);
    const back = await done(setStatus(own, cancelled.id, 'SCHEDULED'));
    expect(back.setScheduleStatus.overlaps.map(({ id }: { id: string }) => id)).toEqual([early.id, point.id, late.id]);
  });
});

describe('schedules', () => {
  async function listed(as: As, filter: Record<string, unknown>, first = 100): Promise<string[]> {
    const ids: string[] = [];
    let after: string | null = null;
    do {
      const data = await done(server.graphql(SCHEDULES, { filter, first, after }, as));
      const schedules: ShownPage<{ id: string }> = data.schedules;
      ids.push(...schedules.nodes.map(({ id }) => id));
      after = schedules.pageInfo.hasNextPage ? schedules.pageInfo.endCursor : null;
    } while (after !== null);
    return ids;
  }

  test('are found by every filter, in order, page by page', async () => {
    const own = await hire(server);
    const at = (date: string, startTime: string | null, more = {}) => plan(server, own, { date, startTime, ...more });
    const c = (await at('2026-05-02', '08:00:30')).id;
    const b = (await at('2026-05-01', '09:00', { type: 'REPORT' })).id;
    const a = (await at('2026-05-01', null, { priority: 'HIGH' })).id;
    const e = (await at('2026-05-03', null)).id;
    const d = (await at('2026-05-02', '08:00:30')).id;
    await done(setStatus(own, d, 'CANCELLED'));
    const mine = { employeeId: own.employeeId.toUpperCase() };
    for (const as of [own, boss, admin, 'service'] as const) {
      for (const first of [1, 2, 100]) {
        expect(await listed(as, mine, first)).toEqual([a, b, c, d, e]);
      }
    }
    expect(await listed(own, {})).toEqual([a, b, c, d, e]);
    expect(await listed(own, { from: '2026-05-02' })).toEqual([c, d, e]);
    expect(await listed(own, { to: '2026-05-02' })).toEqual([a, b, c, d]);
    expect(await listed(own, { from: '2026-05-02', to: '2026-05-02' })).toEqual([c, d]);
    expect(await listed(own, { type: 'REPORT' })).toEqual([b]);
    expect(await listed(own, { priority: 'HIGH' })).toEqual([a]);
    expect(await listed(own, { status: 'CANCELLED' })).toEqual([d]);
    expect(await listed(own, { type: 'REPORT', priority: 'HIGH' })).toEqual([]);
    expect(await listed(colleague, mine)).toEqual([]);
    expect(await listed(admin, { employeeId: 'x' })).toEqual([]);
    expect(await listed(admin, {})).toEqual(expect.arrayContaining([a, b, c, d, e]));

    const { schedules } = await done(server.graphql(SCHEDULES, { filter: mine, first: 1 }, own));
    const after = schedules.pageInfo.endCursor;
    expect(await refusal(SCHEDULES, { filter: { ...mine, type: 'VISIT' }, after }, own)).toEqual([
      { code: 'BAD_USER_INPUT', field: 'after' },
    ]);
    expect(await refusal(SCHEDULES, { filter: { from: '2026-05-02', to: '2026-05-01' } }, own)).toEqual([
      { code: 'BAD_USER_INPUT', field: 'filter.from' },
    ]);
  });

  test('are for the staff', async () => {
    expect(await refusal(SCHEDULES, {}, null)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(await refusal(SCHEDULES, {}, stranger)).toEqual(FORBIDDEN);
    expect(await refusal(SCHEDULE, { id: newId() }, stranger)).toEqual(FORBIDDEN);
    expect((await done(server.graphql(SCHEDULE, { id: 'x' }, employee))).schedule).toBeNull();
  });

  test('and employees are loaded in both directions by the same statements for one as for many', async () => {
    const hired = [];
    for (let number = 0; number < 4; number += 1) {
      const own = await hire(server, { isActive: number < 3 });
      hired.push(own);
      if (number < 3) {
        await plan(server, own, { date: '2031-01-01', startTime: '09:00' });
        await plan(server, own, { date: '2031-01-02' });
      }
    }
    const count = async (source: string, variables: Record<string, unknown>) => {
      server.database.statements.length = 0;
      const data = await done(server.graphql(source, variables, boss));
      return { data, statements: server.database.statements.length };
    };
    const down = `query ($first: Int) { employees(first: $first) { nodes { id user { id } account: user { nickname }
      schedules(from: "2031-01-01", to: "2031-01-31", first: 1) { nodes { title employee { username } } pageInfo { hasNextPage } } } } }`;
    const [one, many] = [await count(down, { first: 1 }), await count(down, { first: 100 })];
    // The session, the viewer's rights, the employees, their users and schedules, whose those are.
    expect(many.statements).toBe(6);
    expect(one.statements).toBeLessThanOrEqual(6);
    const pages = new Map(
      many.data.employees.nodes.map(({ id, schedules }: { id: string; schedules: unknown }) => [id, schedules]),
    );
    for (const [index, own] of hired.entries()) {
      expect(pages.get(own.employeeId)).toMatchObject({
        nodes: index < 3 ? [{ title: 'A meeting' }] : [],
        pageInfo: { hasNextPage: index < 3 },
      });
    }
    const up = `query ($first: Int) { schedules(filter: { from: "2031-01-01", to: "2031-01-31" }, first: $first) {
      nodes { employee { username } } } }`;
    const counts = [await count(up, { first: 1 }), await count(up, { first: 100 })];
    // The session, the viewer's rights, the schedules, their employees.
    expect(counts.map(({ statements }) => statements)).toEqual([4, 4]);
    expect(counts[1]!.data.schedules.nodes).toHaveLength(6);
  });

  test('of an employee are read page by page, each by its own cursor', async () => {
    const own = await hire(server);
    const ids = [];
    for (const date of ['2026-06-01', '2026-06-02', '2026-06-03']) {
      ids.push((await plan(server, own, { date })).id);
    }
    const source = `query ($id: ID!, $after: String, $from: Date, $to: Date) { employee(id: $id) {
      schedules(first: 2, after: $after, from: $from, to: $to) { nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`;
    const page = async (variables: Record<string, unknown>) =>
      (await done(server.graphql(source, { id: own.employeeId, ...variables }, own))).employee.schedules;
    const first = await page({});
    expect(first.nodes.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const last = await page({ after: first.pageInfo.endCursor });
    expect(last.nodes.map(({ id }: { id: string }) => id)).toEqual(ids.slice(2));
    expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    for (const [fault, field] of [
      [{ after: 'x' }, 'after'],
      [{ after: first.pageInfo.endCursor, from: '2026-06-01' }, 'after'],
      [{ from: '2026-06-02', to: '2026-06-01' }, 'from'],
    ] as const) {
      expect(await refusal(source, { id: own.employeeId, ...fault }, own)).toEqual([{ code: 'BAD_USER_INPUT', field }]);
    }
  });
});

describe('deleteSchedule', () => {
  test('takes it from everywhere, and whoever manages the staff has it back', async () => {
    const made = await plan(server, employee);
    const { id } = made;
    expect(await refusal(DELETE_SCHEDULE, { id }, null)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(await refusal(DELETE_SCHEDULE, { id }, stranger)).toEqual(FORBIDDEN);
    const absent = [{ code: 'NOT_FOUND', field: 'id' }];
    expect(await refusal(DELETE_SCHEDULE, { id }, colleague)).toEqual(absent);
    const { deleteSchedule } = await done(server.graphql(DELETE_SCHEDULE, { id }, employee));
    expect(deleteSchedule).toEqual({ scheduleId: id });
    expect(await read(id, employee)).toBeNull();
    expect(await refusal(DELETE_SCHEDULE, { id }, employee)).toEqual(absent);
    expect(errorsIn(await edit(employee, { id, version: 1, title: 'x' }))).toEqual(NOT_FOUND);
    expect(errorsIn(await setStatus(employee, id, 'CANCELLED'))).toEqual(NOT_FOUND);

    expect(await refusal(RESTORE_SCHEDULE, { id }, employee)).toEqual(FORBIDDEN);
    expect(await refusal(RESTORE_SCHEDULE, { id: 'x' }, boss)).toEqual(absent);
    for (let time = 0; time < 2; time += 1) {
      await done(server.graphql(RESTORE_SCHEDULE, { id }, boss));
    }
    expect(await read(id, employee)).toMatchObject({ id, title: made['title'], version: 1 });
    expect(await logOf(server, id)).toEqual([
      { action: 'SCHEDULE_RESTORED', actorKind: 'USER', actorId: boss.id, details: {} },
      { action: 'SCHEDULE_DELETED', actorKind: 'USER', actorId: employee.id, details: {} },
    ]);
  });

  test('stays as it is while its employee is deleted', async () => {
    const leaver = await hire(server);
    const { id } = await plan(server, leaver);
    await done(server.graphql(DELETE_SCHEDULE, { id }, leaver));
    await done(server.graphql(DELETE_EMPLOYEE, { id: leaver.employeeId }, boss));
    expect(await refusal(RESTORE_SCHEDULE, { id }, boss)).toEqual([{ code: 'NOT_FOUND', field: 'id' }]);
    expect(await logOf(server, id)).toMatchObject([{ action: 'SCHEDULE_DELETED' }]);
    await done(server.graphql(RESTORE_EMPLOYEE, { id: leaver.employeeId }, boss));
    expect(await read(id, leaver)).toBeNull();
    await done(server.graphql(RESTORE_SCHEDULE, { id }, boss));
    expect(await read(id, leaver)).toMatchObject({ id });
  });

  test('is final after the time for it', async () => {
    const { id } = await plan(server, employee);
    await done(server.graphql(DELETE_SCHEDULE, { id }, employee));
    await query(em(), sql`update schedules set deleted_at = now() - interval '91 days' where id = ${id}`);
    expect(await purgeDeleted(em(), 90)).toBe(1);
    expect(await refusal(RESTORE_SCHEDULE, { id }, boss)).toEqual([{ code: 'NOT_FOUND', field: 'id' }]);
  });

  test('is not final yet where it was deleted long ago in the system that it came from', async () => {
    const { id } = await plan(server, employee);
    await query(
      em(),
      sql`update schedules set deleted_at = now() - interval '2 years', imported_at = now() - interval '89 days'
        where id = ${id}`,
    );
    expect(await purgeDeleted(em(), 90)).toBe(0);
    await done(server.graphql(RESTORE_SCHEDULE, { id }, boss));
    await query(
      em(),
      sql`update schedules set deleted_at = now() - interval '2 years', imported_at = now() - interval '91 days'
        where id = ${id}`,
    );
    expect(await purgeDeleted(em(), 90)).toBe(1);
  });
});

test('the times of edits are noted by the database, and of nothing else', async () => {
  const { id } = await plan(server, employee);
  const touched = async (change: ReturnType<typeof sql>) => {
    const { before } = await row<{ before: string }>(
      server,
      sql`select updated_at as before from schedules where id = ${id}`,
    );
    const { after } = await row<{ after: string }>(
      server,
      sql`update schedules set ${change} where id = ${id} returning updated_at as after`,
    );
    return after > before;
  };
  expect(await touched(sql`title = 'By hand'`)).toBe(true);
  expect(await touched(sql`deleted_at = now()`)).toBe(false);
  expect(await touched(sql`reminder_queued_for = now()`)).toBe(false);
  expect(await touched(sql`reminder_sent_for = now()`)).toBe(false);
});
