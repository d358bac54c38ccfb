import 'reflect-metadata';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { newId } from '../../src/shared/ids.js';
import { errorsOf } from '../account/support.js';
import {
  CREATE_EMPLOYEE,
  CREATE_SCHEDULE,
  DELETE_EMPLOYEE,
  hire,
  plan,
  RESTORE_EMPLOYEE,
  SET_STATUS,
  type StaffPlayer,
  UPDATE_EMPLOYEE,
  UPDATE_SCHEDULE,
} from '../staff/support.js';
import { startTestServer, type TestServer } from '../support/server.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

const ROUNDS = 32;
// Hundreds of requests take a while on a busy machine.
jest.setTimeout(300_000);

let server: TestServer;
let employee: StaffPlayer;
beforeAll(async () => {
  server = await startTestServer();
  employee = await hire(server);
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();

test('of changes of status at the same time, those are done that lead on from one another', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { id } = await plan(server, employee);
    await query(em(), sql`update schedules set status = 'in_progress' where id = ${id}`);
    const wanted = ['COMPLETED', 'CANCELLED', 'COMPLETED', 'CANCELLED'];
    const answers = await Promise.all(
      wanted.map((status) => server.graphql(SET_STATUS, { input: { id, status } }, employee)),
    );
    const { status, version } = await queryExactlyOne(
      em(),
      sql<{ status: string; version: number }>`select status, version from schedules where id = ${id}`,
    );
    expect(version).toBe(2);
    for (const [index, answer] of answers.entries()) {
      const refused = { code: 'CONFLICT', reason: 'STATUS_NOT_ALLOWED', field: 'input.status' };
      expect(errorsOf(answer)).toEqual(wanted[index] === status.toUpperCase() ? [] : [refused]);
    }
  }
});

test('of edits of the same version at the same time, one is done, and a change of status is none that it misses', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { id } = await plan(server, employee, { startTime: '09:00', endTime: '10:00' });
    const answers = await Promise.all([
      server.graphql(UPDATE_SCHEDULE, { input: { id, version: 1, startTime: '09:30' } }, employee),
      server.graphql(UPDATE_SCHEDULE, { input: { id, version: 1, endTime: '09:15' } }, employee),
      server.graphql(SET_STATUS, { input: { id, status: 'IN_PROGRESS' } }, employee),
    ]);
    const done = answers.filter((answer) => errorsOf(answer).length === 0).length;
    const { version, inOrder } = await queryExactlyOne(
      em(),
      sql<{ version: number; inOrder: boolean }>`select version, start_time < end_time as "inOrder"
        from schedules where id = ${id}`,
    );
    expect({ version, inOrder }).toEqual({ version: 1 + done, inOrder: true });
    expect(errorsOf(answers[2])).toEqual([]);
    expect(done).toBeLessThanOrEqual(2);
  }
});

test('one account becomes one employee, and one username belongs to one', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [one, other] = [await server.player(), await server.player()];
    const username = newId();
    const inputs = [
      { userId: one.id, name: 'x', username, email: `${newId()}@example.com` },
      { userId: one.id, name: 'x', username: newId(), email: `${newId()}@example.com` },
      { userId: other.id, name: 'x', username: username.toUpperCase(), email: `${newId()}@example.com` },
    ];
    const answers = await Promise.all(inputs.map((input) => server.graphql(CREATE_EMPLOYEE, { input }, 'service')));
    const refused = answers.flatMap(errorsOf);
    expect(refused.length).toBeGreaterThanOrEqual(1);
    expect(refused.every(({ code }) => code === 'CONFLICT')).toBe(true);
    const { count } = await queryExactlyOne(
      em(),
      sql<{ count: number }>`select count(*)::int as count from employees
        where user_id in (${one.id}, ${other.id})`,
    );
    expect(count).toBe(3 - refused.length);
  }
});

test('who loses their rights at the same time does nothing after that', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const boss = await hire(server, { role: 'ADMIN' }, 'boss');
    const input = { employeeId: employee.employeeId, type: 'OTHER', title: `By ${boss.id}`, date: '2026-03-02' };
    const [created, demoted] = await Promise.all([
      server.graphql(CREATE_SCHEDULE, { input }, boss),
      server.graphql(UPDATE_EMPLOYEE, { input: { id: boss.employeeId, version: 1, isActive: false } }, 'service'),
    ]);
    expect(errorsOf(demoted)).toEqual([]);
    const codes = errorsOf(created).map(({ code }) => code);
    expect([[], ['FORBIDDEN'], ['NOT_FOUND']]).toContainEqual(codes);
    const late = await server.graphql(CREATE_SCHEDULE, { input }, boss);
    expect(errorsOf(late)).toEqual([{ code: 'FORBIDDEN' }]);
  }
});

test('an employee who is deleted and restored at the same time is one or the other, and the log says which', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { employeeId: id } = await hire(server);
    await Promise.all([
      server.graphql(DELETE_EMPLOYEE, { id }, 'service'),
      server.graphql(RESTORE_EMPLOYEE, { id }, 'service'),
      server.graphql(DELETE_EMPLOYEE, { id }, 'service'),
    ]);
    const { deleted, logged } = await queryExactlyOne(
      em(),
      sql<{ deleted: boolean; logged: number }>`select deleted_at is not null as deleted, (
          select (count(*) filter (where action = 'EMPLOYEE_DELETED')
            - count(*) filter (where action = 'EMPLOYEE_RESTORED'))::int
          from audit_log where target_id = ${id}
        ) as logged from employees where id = ${id}`,
    );
    expect(logged).toBe(deleted ? 1 : 0);
  }
});
