import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hash } from 'bcrypt';
import { scrubAccounts } from '../../src/account/housekeeping.job.js';
import { purgeDeleted } from '../../src/admin/soft-delete.service.js';
import { Scope } from '../../src/admin/scope.js';
import { query, sql } from '../../src/database/query.js';
import { newId } from '../../src/shared/ids.js';
import { DELETE, insertUser, LOGIN, promote, row } from '../account/support.js';
import { type MailingServer, startMailingServer, tokenIn } from '../account/mail-support.js';
import { logOf, suspend } from '../admin/moderation-support.js';
import { makeKey, withKey } from '../admin/support.js';
import { PASSWORD, type Player } from '../support/server.js';
import {
  CREATE_EMPLOYEE,
  DELETE_EMPLOYEE,
  done,
  EMPLOYEE,
  EMPLOYEES,
  errorsIn,
  hire,
  plan,
  RESTORE_EMPLOYEE,
  SCHEDULE,
  SCHEDULES,
  type ShownEmployee,
  type ShownPage,
  type StaffPlayer,
  UPDATE_EMPLOYEE,
} from './support.js';

let server: MailingServer;
let admin: Player;
let boss: StaffPlayer;
let employee: StaffPlayer;
let colleague: StaffPlayer;
let stranger: Player;
beforeAll(async () => {
  server = await startMailingServer();
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
const read = async (id: string, as: As): Promise<ShownEmployee | null> =>
  (await done(server.graphql(EMPLOYEE, { id }, as))).employee;
const FORBIDDEN = [{ code: 'FORBIDDEN' }];

describe('createEmployee', () => {
  test('makes an employee of an account, for an admin, a key and an admin of the staff', async () => {
    for (const as of [admin, 'service', boss] as const) {
      const player = await server.player();
      const input = { userId: player.id, name: ' Ada L. ', username: `ada ${player.id}`, email: player.email };
      const { createEmployee } = await done(server.graphql(CREATE_EMPLOYEE, { input }, as));
      expect(createEmployee.employee).toEqual({
        id: expect.any(String),
        name: 'Ada L.',
        username: input.username,
        email: player.email,
        role: 'USER',
        isActive: true,
        version: 1,
        createdAt: expect.stringMatching(/Z$/),
        updatedAt: createEmployee.employee.createdAt,
        user: { id: player.id },
      });
      expect(await logOf(server, createEmployee.employee.id)).toMatchObject([
        { action: 'EMPLOYEE_CREATED', details: { role: 'USER', isActive: true } },
      ]);
      expect(await read(createEmployee.employee.id, player)).toEqual(createEmployee.employee);
    }
  });

  test('makes an account where none is named, whose password is set by mail', async () => {
    const email = `new-${newId()}@example.com`;
    const input = { name: 'New Person', username: email, email };
    const { createEmployee } = await done(server.graphql(CREATE_EMPLOYEE, { input }, admin));
    const token = tokenIn(await server.post.next(email));
    const reset = `mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) {
      user { id employee { id username } } } }`;
    const { resetPassword } = await done(server.graphql(reset, { input: { token, newPassword: PASSWORD } }));
    expect(resetPassword.user.id).toBe(createEmployee.employee.user.id);
    const login = await done(server.graphql(LOGIN, { input: { email, password: PASSWORD } }));
    const as = { accessToken: login.login.accessToken } as Player;
    expect((await done(server.graphql(`{ viewer { employee { username } } }`, {}, as))).viewer.employee).toEqual({
      username: email,
    });

    const again = { ...input, username: 'another', email: email.toUpperCase() };
    expect(await refusal(CREATE_EMPLOYEE, { input: again }, admin)).toEqual([
      { code: 'CONFLICT', reason: 'EMAIL_TAKEN', field: 'input.userId' },
    ]);
  });

  test('takes the old password of an account that was carried over', async () => {
    const email = `carried-${newId()}@example.com`;
    const passwordHash = await hash('the old password', 4);
    const userId = await insertUser(server, { nickname: email, email, passwordHash });
    await done(server.graphql(CREATE_EMPLOYEE, { input: { userId, name: 'C', username: email, email } }, admin));
    const { login } = await done(server.graphql(LOGIN, { input: { email, password: 'the old password' } }));
    const as = { accessToken: login.accessToken } as Player;
    expect((await done(server.graphql(`{ viewer { employee { name } } }`, {}, as))).viewer.employee).toEqual({
      name: 'C',
    });
  });

  test.each([
    ['a blank name', { name: ' ' }, 'input.name'],
    ['a name of two lines', { name: 'a\nb' }, 'input.name'],
    ['a long username', { username: 'x'.repeat(101) }, 'input.username'],
    ['what is no address', { email: 'nobody' }, 'input.email'],
  ])('refuses %s', async (_what, fault, field) => {
    const input = { userId: stranger.id, name: 'x', username: 'x', email: 'x@example.com', ...fault };
    expect(await refusal(CREATE_EMPLOYEE, { input }, admin)).toEqual([{ code: 'BAD_USER_INPUT', field }]);
  });

  test('refuses what is taken, whatever its case, also at the same time', async () => {
    const { username, email } = (await read(employee.employeeId, admin))!;
    const other = { userId: stranger.id, name: 'x', username: 'unused', email: 'unused@example.com' };
    const conflict = (reason: string, field: string) => [{ code: 'CONFLICT', reason, field }];
    for (const [fault, expected] of [
      [{ username: username.toUpperCase() }, conflict('USERNAME_TAKEN', 'input.username')],
      [{ email: email.toUpperCase() }, conflict('EMAIL_TAKEN', 'input.email')],
      [{ userId: employee.id }, conflict('ALREADY_EMPLOYEE', 'input.userId')],
    ] as const) {
      expect(await refusal(CREATE_EMPLOYEE, { input: { ...other, ...fault } }, admin)).toEqual(expected);
    }
    for (const userId of [newId(), 'x']) {
      expect(await refusal(CREATE_EMPLOYEE, { input: { ...other, userId } }, admin)).toEqual([
        { code: 'NOT_FOUND', field: 'input.userId' },
      ]);
    }
    const player = await server.player();
    const input = { userId: player.id, name: 'x', username: newId(), email: `${newId()}@example.com` };
    const answers = await Promise.all([1, 2, 3].map(() => refusal(CREATE_EMPLOYEE, { input }, admin)));
    expect(answers.filter((errors) => errors.length === 0)).toHaveLength(1);
  });

  test('is for whoever manages the staff', async () => {
    const input = { userId: stranger.id, name: 'x', username: 'y', email: 'y@example.com' };
    expect(await refusal(CREATE_EMPLOYEE, { input }, null)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    for (const as of [employee, stranger]) {
      expect(await refusal(CREATE_EMPLOYEE, { input }, as)).toEqual(FORBIDDEN);
    }
    const { key } = await makeKey(server, [Scope.USERS_READ]);
    expect(errorsIn(await withKey(server, key, CREATE_EMPLOYEE, { input }))).toEqual(FORBIDDEN);
  });
});

describe('updateEmployee', () => {
  const update = (as: As, input: Record<string, unknown>) => server.graphql(UPDATE_EMPLOYEE, { input }, as);

  test('lets employees change what they are called, and managers the rest', async () => {
    const own = await hire(server, {}, 'renamed');
    const id = own.employeeId;
    const username = newId();
    const { updateEmployee } = await done(update(own, { id, version: 1, name: 'Another', username }));
    expect(updateEmployee.employee).toMatchObject({ name: 'Another', username, version: 2, role: 'USER' });
    for (const [field, value] of [
      ['role', 'ADMIN'],
      ['isActive', true],
      ['email', 'else@example.com'],
    ] as const) {
      expect(errorsIn(await update(own, { id, version: 2, [field]: value }))).toEqual([
        { code: 'FORBIDDEN', field: `input.${field}` },
      ]);
    }
    const email = `${newId()}@example.com`;
    const managed = await done(update(boss, { id, version: 2, role: 'ADMIN', email }));
    expect(managed.updateEmployee.employee).toMatchObject({ name: 'Another', role: 'ADMIN', email, version: 3 });
    expect(await logOf(server, id)).toEqual([
      { action: 'EMPLOYEE_UPDATED', actorKind: 'USER', actorId: boss.id, details: { role: 'ADMIN', isActive: true } },
      expect.objectContaining({ action: 'EMPLOYEE_CREATED' }),
    ]);
  });

  test('refuses what was edited since, what is taken, and what cannot be cleared', async () => {
    const own = await hire(server);
    const id = own.employeeId;
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => update(own, { id, version: 1, name })));
    const stale = { code: 'CONFLICT', reason: 'STALE_VERSION', field: 'input.version' };
    expect(answers.flatMap(errorsIn)).toEqual([stale, stale]);
    const { username } = (await read(colleague.employeeId, admin))!;
    expect(errorsIn(await update(own, { id, version: 2, username }))).toEqual([
      { code: 'CONFLICT', reason: 'USERNAME_TAKEN', field: 'input.username' },
    ]);
    expect(errorsIn(await update(own, { id, version: 2, name: null }))).toEqual([
      { code: 'BAD_USER_INPUT', field: 'input.name' },
    ]);
  });

  test('is for their own, and for whoever manages the staff', async () => {
    const change = { id: employee.employeeId, version: 1, name: 'x' };
    expect(errorsIn(await update(null, change))).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(errorsIn(await update(stranger, change))).toEqual(FORBIDDEN);
    const absent = [{ code: 'NOT_FOUND', field: 'input.id' }];
    expect(errorsIn(await update(colleague, change))).toEqual(absent);
    for (const id of [newId(), 'x']) {
      expect(errorsIn(await update(admin, { ...change, id }))).toEqual(absent);
    }
  });
});

describe('the rights of an employee', () => {
  test('end with the next request when they are inactive, deleted or suspended', async () => {
    const own = await hire(server, { role: 'ADMIN' });
    const mine = `{ viewer { employee { id } } }`;
    const seen = async () => (await done(server.graphql(mine, {}, own))).viewer.employee;
    const version = async () => (await read(own.employeeId, admin))!.version;
    expect(await seen()).toEqual({ id: own.employeeId });

    const set = async (isActive: boolean) => {
      const input = { id: own.employeeId, version: await version(), isActive };
      await done(server.graphql(UPDATE_EMPLOYEE, { input }, admin));
    };
    await set(false);
    expect(await seen()).toBeNull();
    expect(await refusal(SCHEDULES, {}, own)).toEqual(FORBIDDEN);
    expect(await refusal(EMPLOYEES, {}, own)).toEqual(FORBIDDEN);
    await set(true);
    expect(await seen()).toEqual({ id: own.employeeId });

    await done(server.graphql(DELETE_EMPLOYEE, { id: own.employeeId }, admin));
    expect(await seen()).toBeNull();
    expect(await refusal(SCHEDULES, {}, own)).toEqual(FORBIDDEN);
    await done(server.graphql(RESTORE_EMPLOYEE, { id: own.employeeId }, admin));
    expect(await seen()).toEqual({ id: own.employeeId });

    await suspend(server, admin, own.id);
    expect(await refusal(SCHEDULES, {}, own)).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
    expect(await read(own.employeeId, admin)).toMatchObject({ user: null });
  });

  test('are to see themselves, and of who manages the staff to see everybody', async () => {
    const who = `query ($id: ID!) { user(id: $id) { employee { id } } }`;
    const seen = async (id: string, as: As) => (await done(server.graphql(who, { id }, as))).user.employee;
    for (const as of [employee, boss, admin, 'service'] as const) {
      expect(await seen(employee.id, as)).toEqual({ id: employee.employeeId });
      expect(await read(employee.employeeId, as)).toMatchObject({ id: employee.employeeId });
    }
    for (const as of [colleague, stranger, null]) {
      expect(await seen(employee.id, as)).toBeNull();
    }
    expect(await read(employee.employeeId, colleague)).toBeNull();
    expect(await read('x', boss)).toBeNull();
    expect(await refusal(EMPLOYEE, { id: employee.employeeId }, stranger)).toEqual(FORBIDDEN);
    expect(await refusal(EMPLOYEE, { id: employee.employeeId }, null)).toEqual([{ code: 'UNAUTHENTICATED' }]);
    expect(await refusal(EMPLOYEES, {}, employee)).toEqual(FORBIDDEN);
  });
});

describe('employees', () => {
  test('are listed by username, page by page, active or not', async () => {
    const other = await hire(server, { isActive: false, username: `Zz-${newId()}` });
    const all: string[] = [];
    let after: string | null = null;
    do {
      const data = await done(server.graphql(EMPLOYEES, { first: 2, after }, boss));
      const employees: ShownPage<ShownEmployee> = data.employees;
      all.push(...employees.nodes.map(({ username }) => username.toLowerCase()));
      after = employees.pageInfo.hasNextPage ? employees.pageInfo.endCursor : null;
    } while (after !== null);
    expect(all).toEqual(all.toSorted());
    expect(all.length).toBeGreaterThan(3);
    const ids = async (isActive: boolean) =>
      (await done(server.graphql(EMPLOYEES, { isActive, first: 100 }, admin))).employees.nodes.map(
        ({ id }: ShownEmployee) => id,
      );
    expect(await ids(true)).not.toContain(other.employeeId);
    expect(await ids(false)).toContain(other.employeeId);
    const { employees } = await done(server.graphql(EMPLOYEES, { isActive: true, first: 1 }, admin));
    expect(await refusal(EMPLOYEES, { after: employees.pageInfo.endCursor }, admin)).toEqual([
      { code: 'BAD_USER_INPUT', field: 'after' },
    ]);
  });
});

describe('deleteEmployee', () => {
  test('takes them and their schedules from everywhere, and they come back whole', async () => {
    const own = await hire(server);
    const { id } = await plan(server, own);
    for (const as of [own, colleague]) {
      expect(await refusal(DELETE_EMPLOYEE, { id: own.employeeId }, as)).toEqual(FORBIDDEN);
    }
    await done(server.graphql(DELETE_EMPLOYEE, { id: own.employeeId }, boss));
    expect(await read(own.employeeId, admin)).toBeNull();
    expect((await done(server.graphql(SCHEDULE, { id }, admin))).schedule).toBeNull();
    const listed = await done(server.graphql(SCHEDULES, { filter: { employeeId: own.employeeId } }, admin));
    expect(listed.schedules.nodes).toEqual([]);
    const absent = [{ code: 'NOT_FOUND', field: 'id' }];
    expect(await refusal(DELETE_EMPLOYEE, { id: own.employeeId }, boss)).toEqual(absent);
    expect(await refusal(RESTORE_EMPLOYEE, { id: own.employeeId }, employee)).toEqual(FORBIDDEN);
    for (const unknown of [newId(), 'x']) {
      expect(await refusal(DELETE_EMPLOYEE, { id: unknown }, boss)).toEqual(absent);
      expect(await refusal(RESTORE_EMPLOYEE, { id: unknown }, boss)).toEqual(absent);
    }
    for (let time = 0; time < 2; time += 1) {
      await done(server.graphql(RESTORE_EMPLOYEE, { id: own.employeeId }, boss));
    }
    expect((await done(server.graphql(SCHEDULE, { id }, own))).schedule).toMatchObject({ id });
    expect((await logOf(server, own.employeeId)).map(({ action }: { action: string }) => action)).toEqual([
      'EMPLOYEE_RESTORED',
      'EMPLOYEE_DELETED',
      'EMPLOYEE_CREATED',
    ]);
  });

  test('is final after the time for it, with their schedules', async () => {
    const own = await hire(server);
    const { id } = await plan(server, own);
    await done(server.graphql(DELETE_EMPLOYEE, { id: own.employeeId }, boss));
    await query(em(), sql`update employees set deleted_at = now() - interval '91 days' where id = ${own.employeeId}`);
    expect(await purgeDeleted(em(), 90)).toBe(1);
    expect(await refusal(RESTORE_EMPLOYEE, { id: own.employeeId }, boss)).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(await row(server, sql`select count(*)::int as left from schedules where id = ${id}`)).toEqual({ left: 0 });
  });
});

describe('an account', () => {
  test('that is scrubbed leaves its schedules, of nobody', async () => {
    const own = await hire(server);
    const { id } = await plan(server, own, { clientName: 'A client' });
    await done(server.graphql(DELETE, { input: { password: PASSWORD } }, own));
    await query(em(), sql`update users set deleted_at = now() - interval '31 days' where id = ${own.id}`);
    await scrubAccounts(em(), 30);
    expect(await read(own.employeeId, admin)).toMatchObject({
      name: 'Former employee',
      username: `former-${own.employeeId}`,
      email: `former-${own.employeeId}@deleted.invalid`,
      isActive: false,
      user: null,
    });
    expect((await done(server.graphql(SCHEDULE, { id }, admin))).schedule).toMatchObject({ clientName: 'A client' });
  });

  test('exports what the staff has of it', async () => {
    const own = await hire(server);
    await plan(server, own, { title: 'Of mine' });
    await plan(server, colleague, { title: 'Of somebody else' });
    const { accountExport } = await done(server.graphql('{ accountExport }', {}, own));
    expect(accountExport.employee).toMatchObject({ id: own.employeeId, role: 'user' });
    expect(accountExport.schedules).toMatchObject([{ title: 'Of mine', date: '2026-03-02' }]);
  });
});
