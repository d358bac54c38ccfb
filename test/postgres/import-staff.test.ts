import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { LaurelProcess } from '../cli/process.js';
import { type Imported, openPlace, type Place, runImport } from './import-support.js';
import { FAULTS, PLAYERS, staffService } from './staff-service.js';

const ZONE = ['--source-time-zone', 'Asia/Seoul'];
const REPAIRS =
  '--values null --password-hashes null --nickname-collisions rename --accounts link --orphans reject --emails reject';
const POLICIES = `${REPAIRS} --email-collisions reject --null-values reject --dates reject --duplicates reject`.split(
  ' ',
);

const folder = mkdtempSync(join(tmpdir(), 'laurel-staff-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (into: Place, words: string[]): Promise<Imported> => runImport(into, join(folder, 'data'), words);

const fromStaff = (source: Place, into: Place, ...words: string[]): Promise<Imported> =>
  run(into, ['postgres', '--from', source.url, ...ZONE, ...words]);

/** All employees and schedules of the old service as it would show them, in the words that Laurel keeps. */
async function inSource({ client }: Place): Promise<unknown> {
  const employees = await client.query(`
    select employee_id as id, email, username, name, lower(role::text) as role, is_active, is_deleted,
      deleted_at::text, created_at::text from employees order by 1`);
  const schedules = await client.query(`
    select schedule_id as id, employee_id, lower(schedule_type::text) as type, title, schedule_date::date::text as date,
      description, start_time::time::text as starts, end_time::time::text as ends, location, client_name, client_contact,
      purpose, lower(status::text) as status, lower(priority::text) as priority, result, follow_up, reminder,
      reminder_time::text as reminds, created_at::text, coalesce(updated_at, created_at)::text as updated_at, is_deleted,
      deleted_at::text from schedules order by 1`);
  return { employees: employees.rows, schedules: schedules.rows };
}

/** The same of what came from there, as Laurel has it, by clocks in Seoul. */
async function inLaurel({ client }: Place): Promise<unknown> {
  const at = (column: string): string => `(${column} at time zone 'Asia/Seoul')::text`;
  const employees = await client.query(`
    select legacy_id as id, email, username, name, role, is_active, deleted_at is not null as is_deleted,
      ${at('deleted_at')} as deleted_at, ${at('created_at')} as created_at
    from employees where legacy_id is not null order by 1`);
  const schedules = await client.query(`
    select l.legacy_id as id, e.legacy_id as employee_id, l.type, l.title, l.schedule_date::text as date, l.description,
      l.start_time::text as starts, l.end_time::text as ends, l.location, l.client_name, l.client_contact, l.purpose,
      l.status, l.priority, l.result, l.follow_up, l.reminder, ${at('l.reminder_at')} as reminds,
      ${at('l.created_at')} as created_at, ${at('l.updated_at')} as updated_at, l.deleted_at is not null as is_deleted,
      ${at('l.deleted_at')} as deleted_at
    from schedules l join employees e on e.id = l.employee_id where l.legacy_id is not null order by 1`);
  return { employees: employees.rows, schedules: schedules.rows };
}

async function countsOf({ client }: Place): Promise<Record<string, number>> {
  const { rows } = await client.query(
    `select (select count(*)::integer from users) as users, (select count(*)::integer from employees) as employees,
      (select count(*)::integer from schedules) as schedules`,
  );
  return rows[0];
}

describe('a staff service as it made its tables', () => {
  let source: Place;
  let target: Place;
  beforeAll(async () => {
    source = await openPlace('template0');
    await source.client.query(`${staffService(true)};
      alter table employees add column shoe_size integer; create table alembic_version (version_num varchar(32))`);
    target = await openPlace(process.env['LAUREL_TEST_TEMPLATE']);
  });
  afterAll(async () => {
    await target?.close();
    await source?.close();
  });

  test('a dry run reads all of it and changes nothing', async () => {
    const { code, report } = await fromStaff(source, target, '--dry-run');
    expect([code, report?.outcome, report?.mode]).toEqual([0, 'checked', 'staff']);
    expect(await countsOf(target)).toEqual({ users: 0, employees: 0, schedules: 0 });
  });

  test('every row is there afterwards, with every value', async () => {
    const { code, report } = await fromStaff(source, target);
    expect([code, report?.outcome, report?.findings]).toEqual([0, 'done', []]);
    expect(report?.tables.map(({ table, read, written }) => ({ table, read, written }))).toEqual([
      { table: 'employees', read: 60, written: 60 },
      { table: 'schedules', read: 400, written: 400 },
    ]);
    expect(report?.tables.map(({ comparisons }) => comparisons.map(({ equal }) => equal))).toEqual([
      [true, true],
      [true, true],
    ]);
    expect(report?.audits.filter(({ wrong }) => wrong > 0)).toEqual([]);
    expect(report?.notCarried).toEqual([
      { name: 'alembic_version', why: 'is no table of the staff service' },
      { name: 'employees.shoe_size', why: 'integer is no column of the staff service' },
    ]);
    expect(await inLaurel(target)).toEqual(await inSource(source));
    expect(await countsOf(target)).toEqual({ users: 60, employees: 60, schedules: 400 });
  });

  test('what was due there is not reminded of here, and what is to come is', async () => {
    const { rows } = await target.client.query(
      `select count(*) filter (where reminder_at <= imported_at and reminder_queued_for = reminder_at)::integer as past,
        count(*) filter (where reminder_at > imported_at and reminder_queued_for is null)::integer as coming,
        count(reminder_at)::integer as together from schedules`,
    );
    expect(rows[0].past).toBeGreaterThan(0);
    expect(rows[0].coming).toBeGreaterThan(0);
    expect(rows[0].past + rows[0].coming).toBe(rows[0].together);
  });

  test('an employee signs in with the old password and finds their plans', async () => {
    const server = new LaurelProcess(['serve'], {
      DATABASE_URL: target.url,
      DATA_DIR: join(folder, 'data'),
      PORT: '0',
    });
    const address = new URL('/graphql', await server.address());
    const ask = async (query: string, token?: string) => {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ query }) });
      return JSON.parse(await answer.text());
    };
    const login = `mutation { login(input: { email: "staff1@example.com", password: "password-2" }) { accessToken } }`;
    const token = (await ask(login)).data.login.accessToken;
    const { data } = await ask(
      '{ viewer { nickname employee { name username role } } schedules(first: 100) { nodes { title } } }',
      token,
    );
    expect(data.viewer).toEqual({
      nickname: 'Lee Joon 0',
      employee: { name: 'Lee Joon 0', username: 'staff1', role: 'ADMIN' },
    });
    const { rows } = await target.client.query(
      `select title from schedules s join employees e on e.id = s.employee_id
        where s.deleted_at is null and e.deleted_at is null
        order by schedule_date, coalesce(start_time, '00:00'), s.id limit 100`,
    );
    expect(data.schedules.nodes).toEqual(rows);
    const deleted = await target.client.query(
      'select id from employees where legacy_id = 30 and deleted_at is not null',
    );
    expect((await ask(`{ employee(id: "${deleted.rows[0].id}") { name } }`, token)).data).toEqual({ employee: null });
    server.kill('SIGTERM');
    await server.finished;
  });

  test('a second time it is refused, and merged where that is said: what is newer stays', async () => {
    const before = await inLaurel(target);
    const refused = await fromStaff(source, target);
    expect([refused.code, refused.output]).toEqual([
      1,
      expect.stringMatching(/moved here before: there are its rows in employees and schedules.*Add --merge newer/),
    ]);
    const same = await fromStaff(source, target, '--merge', 'fail');
    expect([same.code, same.report?.tables.map(({ merged, updated }) => ({ merged, updated }))]).toEqual([
      0,
      [
        { merged: 60, updated: 0 },
        { merged: 400, updated: 0 },
      ],
    ]);
    expect(await inLaurel(target)).toEqual(before);

    await source.client.query(`
      update schedules set title = 'Changed there', updated_at = '2026-06-01' where schedule_id in (2, 4);
      update schedules set is_deleted = true, deleted_at = '2099-01-01' where schedule_id = 6;
      update employees set is_deleted = true, deleted_at = '2026-06-01' where employee_id = 6;
      insert into employees (email, username, password, name, role) values ('new@example.com', 'new', 'x', 'New', 'USER')`);
    await target.client.query(`
      update schedules set title = 'Changed here', updated_at = '2026-09-01' where legacy_id = 4;
      update schedules set deleted_at = null where legacy_id = 22`);
    const differing = await fromStaff(source, target, '--merge', 'fail', '--password-hashes', 'null');
    expect([differing.code, differing.report?.findings]).toEqual([
      1,
      expect.arrayContaining([expect.objectContaining({ kind: 'duplicates', table: 'schedules', rows: 4 })]),
    ]);
    const merged = await fromStaff(source, target, '--merge', 'newer', '--password-hashes', 'null');
    expect([
      merged.code,
      merged.report?.tables.map(({ read, written, updated }) => ({ read, written, updated })),
    ]).toEqual([
      0,
      [
        { read: 61, written: 1, updated: 0 },
        { read: 400, written: 0, updated: 2 },
      ],
    ]);
    expect(merged.report?.notes).toEqual([expect.stringMatching(/stay as they are here.*: 1 \(employee_id 6\)/)]);
    const { rows } = await target.client.query(
      `select legacy_id as id, title, deleted_at is not null as deleted, version from schedules
        where legacy_id in (2, 4, 6, 22) order by 1`,
    );
    expect(rows).toEqual([
      { id: 2, title: 'Changed there', deleted: false, version: 2 },
      { id: 4, title: 'Changed here', deleted: false, version: 1 },
      { id: 6, title: 'Plan 3', deleted: true, version: 2 },
      { id: 22, title: 'Plan 11', deleted: false, version: 1 },
    ]);
  });
});

describe('a staff service with faults, into a Laurel in use', () => {
  let source: Place;
  let target: Place;
  beforeAll(async () => {
    source = await openPlace('template0');
    await source.client.query(`${staffService(false)}; ${FAULTS}`);
    target = await openPlace(process.env['LAUREL_TEST_TEMPLATE']);
    await target.client.query(PLAYERS);
  });
  afterAll(async () => {
    await target?.close();
    await source?.close();
  });
  const rejects = join(folder, 'rejected');

  test('all of them are found at once, and nothing is changed', async () => {
    const { code, report } = await fromStaff(source, target);
    expect([code, report?.outcome]).toEqual([1, 'findings']);
    const found = report?.findings.map(({ kind, table, column, rows }) => `${kind} ${table}.${column} ${rows}`);
    expect(found?.toSorted()).toEqual(
      [
        'accounts employees.email 1',
        'dates employees.created_at 1',
        'dates schedules.schedule_date 1',
        'duplicates schedules.schedule_id 1',
        'email-collisions employees.email 2',
        'emails employees.email 1',
        'nickname-collisions employees.username 1',
        'null-values employees.name 1',
        'null-values schedules.employee_id 1',
        'null-values schedules.schedule_date 1',
        'null-values schedules.title 1',
        'orphans schedules.employee_id 1',
        'password-hashes employees.password 1',
        'values employees.deleted_at 1',
        'values employees.is_active 1',
        'values employees.role 1',
        'values schedules.deleted_at 1',
        'values schedules.is_deleted 1',
        'values schedules.priority 1',
        'values schedules.reminder 1',
        'values schedules.schedule_type 1',
        'values schedules.status 1',
      ].toSorted(),
    );
    expect(await countsOf(target)).toEqual({ users: 3, employees: 0, schedules: 0 });
  });

  test('what can be placed is, and what cannot is in files with its reason', async () => {
    const { code, report } = await fromStaff(source, target, ...POLICIES, '--rejects', rejects);
    expect([code, report?.outcome]).toEqual([0, 'done']);
    expect(
      report?.tables.map(({ table, read, written, rejected, removed }) => ({
        table,
        read,
        written,
        rejected,
        removed,
      })),
    ).toEqual([
      { table: 'employees', read: 70, written: 65, rejected: 5, removed: 0 },
      { table: 'schedules', read: 412, written: 405, rejected: 7, removed: 0 },
    ]);
    expect(report?.notes).toEqual(['Employees who sign in with the account that they had here, and its password: 1']);
    expect(await countsOf(target)).toEqual({ users: 3 + 64, employees: 65, schedules: 405 });
    expect(reasonsIn(join(rejects, 'employees.csv'))).toEqual([
      '901 email-collisions: email',
      '902 emails: email',
      '907 null-values: name',
      '908 dates: created_at',
      '910 email-collisions: email',
    ]);
    expect(reasonsIn(join(rejects, 'schedules.csv'))).toEqual([
      '2001 orphans: employee_id',
      '2002 orphans: employee_id',
      '2004 null-values: title',
      '2007 null-values: schedule_date',
      '2009 dates: schedule_date',
      '2010 duplicates: schedule_id',
      '2011 null-values: employee_id',
    ]);
  });

  test('repairs are what was said', async () => {
    const { rows: employees } = await target.client.query(`
      select e.legacy_id as id, e.username, e.role, e.is_active, (e.deleted_at = e.created_at) as deleted,
        u.nickname, u.password_hash is null as passwordless
      from employees e join users u on u.id = e.user_id where e.legacy_id in (3, 903, 904, 905, 906, 909) order by 1`);
    const usual = { role: 'user', is_active: true, deleted: null, passwordless: false };
    expect(employees).toEqual([
      { ...usual, id: 3, username: 'staff1', role: 'admin', nickname: expect.stringMatching(/^Lee Joon 0\d{6}$/) },
      { ...usual, id: 903, username: 'STAFF6-903', nickname: 'Same username' },
      { ...usual, id: 904, username: 's904', nickname: 'Unknown role' },
      { ...usual, id: 905, username: 's905', nickname: 'No hash', passwordless: true },
      { ...usual, id: 906, username: 's906', nickname: 'Deleted at no time', deleted: true },
      { ...usual, id: 909, username: 's909', nickname: 'Player One', role: 'admin', passwordless: true },
    ]);
    const { rows: schedules } = await target.client.query(`
      select legacy_id as id, type, status, priority, reminder, deleted_at, start_time > end_time as reversed,
        reminder_at from schedules where legacy_id in (2003, 2005, 2006, 2008) order by 1`);
    const sent = { type: 'visit', status: 'scheduled', priority: 'low', reminder: false };
    const plain = { ...sent, deleted_at: null, reversed: null, reminder_at: null };
    expect(schedules).toEqual([
      { ...plain, id: 2003, type: 'other', priority: 'medium' },
      { ...plain, id: 2005, reversed: true },
      { ...plain, id: 2006, reminder: true },
      { ...plain, id: 2008 },
    ]);
  });

  test('rejected rows come in when they are corrected', async () => {
    const [employees, schedules] = ['employees.csv', 'schedules.csv'].map((name) => join(rejects, name)) as [
      string,
      string,
    ];
    correct(employees, (text) =>
      text.replace('staff5@example.com', 's901@example.com').replace('no address', 's902@example.com'),
    );
    correct(schedules, (text) => text.replace('99999', '904'));
    const again = join(folder, 'rejected-again');
    const words = [
      'csv',
      employees,
      schedules,
      '--staff',
      '--merge',
      'newer',
      ...ZONE,
      ...POLICIES,
      '--rejects',
      again,
    ];
    const { code, report, output } = await run(target, words);
    expect([code, report?.outcome, output]).toEqual([0, 'done', expect.anything()]);
    expect(report?.tables.map(({ table, read, written, rejected }) => ({ table, read, written, rejected }))).toEqual([
      { table: 'employees', read: 5, written: 2, rejected: 3 },
      { table: 'schedules', read: 7, written: 2, rejected: 4 },
    ]);
    const { rows } = await target.client.query(
      `select l.legacy_id as id, e.legacy_id as employee from schedules l join employees e on e.id = l.employee_id
        where l.legacy_id in (2001, 2002) order by 1`,
    );
    expect(rows).toEqual([
      { id: 2001, employee: 904 },
      { id: 2002, employee: 902 },
    ]);
  });
});

describe('a staff service whose columns are of other types', () => {
  let source: Place;
  let target: Place;
  beforeEach(async () => {
    source = await openPlace('template0');
    target = await openPlace(process.env['LAUREL_TEST_TEMPLATE']);
  });
  afterEach(async () => {
    await target.close();
    await source.close();
  });

  test.each([
    [
      'flags that are integers',
      `alter table schedules alter reminder drop default, alter reminder type integer using reminder::integer`,
    ],
    ['days that are text', `alter table schedules alter schedule_date type text using schedule_date::date::text`],
    [
      'times of the day that are text',
      `alter table schedules alter start_time type text using to_char(start_time, 'HH24:MI')`,
    ],
    ['numbers that are text', `alter table schedules alter schedule_id drop default, alter schedule_id type text`],
    [
      'flags that are words',
      `alter table employees alter is_active drop default, alter is_active type text using initcap(is_active::text)`,
    ],
  ])('%s are what they say', async (_what, change) => {
    await source.client.query(staffService(true));
    const expected = await inSource(source);
    await source.client.query(change);
    const { code, report } = await fromStaff(source, target);
    expect([code, report?.outcome, report?.findings]).toEqual([0, 'done', []]);
    expect(await inLaurel(target)).toEqual(expected);
  });

  test('rejected schedules whose times come with their day are corrected and come in', async () => {
    await source.client.query(`${staffService(true)};
      alter table schedules drop constraint schedules_employee_id_fkey;
      update schedules set employee_id = 99999 where schedule_id = 8;
      update schedules set end_time = 'infinity' where schedule_id = 20`);
    const rejects = join(folder, 'dated');
    const reject = ['--orphans', 'reject', '--dates', 'reject', '--rejects'];
    expect(await fromStaff(source, target, ...reject, rejects)).toMatchObject({ code: 0 });
    const path = join(rejects, 'schedules.csv');
    correct(path, (text) => text.replace('99999', '3').replace('infinity', '18:30'));
    const { code, report } = await run(target, ['csv', path, '--staff', '--merge', 'newer', ...ZONE]);
    expect([code, report?.findings, report?.tables.map(({ written }) => written)]).toEqual([0, [], [2]]);
    await source.client.query(`
      update schedules set employee_id = 3 where schedule_id = 8;
      update schedules set end_time = schedule_date + time '18:30' where schedule_id = 20`);
    expect(await inLaurel(target)).toEqual(await inSource(source));
  });

  test('usernames beyond any index are found, and cut off where that is said', async () => {
    await source.client.query(`${staffService(false)}; alter table employees alter username type text;
      update employees set username = (select string_agg(md5(n::text), '') from generate_series(1, 500) n)
        where employee_id = 6`);
    const { code, report } = await fromStaff(source, target);
    expect([code, report?.findings.map(({ kind, column, rows }) => [kind, column, rows])]).toEqual([
      1,
      [['length', 'username', 1]],
    ]);
    expect(await fromStaff(source, target, '--length', 'truncate')).toMatchObject({ code: 0 });
    const { rows } = await target.client.query(
      'select char_length(username)::integer as characters from employees where legacy_id = 6',
    );
    expect(rows).toEqual([{ characters: 255 }]);
  });

  test('beginnings that are instants stand in for changes and deletions that are clock times', async () => {
    await source.client.query(`${staffService(true)};
      alter table schedules alter created_at type timestamptz using created_at at time zone 'Asia/Seoul';
      update schedules set updated_at = null, is_deleted = true, deleted_at = null where schedule_id = 8`);
    const { code, report } = await fromStaff(source, target, '--values', 'null');
    expect([code, report?.outcome]).toEqual([0, 'done']);
    const { rows } = await target.client.query(
      `select updated_at = created_at as changed, deleted_at = created_at as deleted,
        (created_at at time zone 'Asia/Seoul')::text as created_at from schedules where legacy_id = 8`,
    );
    expect(rows).toEqual([{ changed: true, deleted: true, created_at: '2025-01-01 00:04:00.000001' }]);
  });

  test('who was made at no time is made at the time of the run, and a missing username is no other one', async () => {
    await source.client.query(`${staffService(false)};
      update employees set created_at = null where employee_id = 6;
      update employees set username = null where employee_id in (3, 9)`);
    const words = ['--values', 'null', '--null-values', 'reject', '--orphans', 'reject'];
    const dry = await fromStaff(source, target, '--dry-run');
    expect(dry.report?.findings.map(({ kind, column, rows }) => [kind, column, rows])).toEqual([
      ['values', 'created_at', 1],
      ['null-values', 'username', 2],
    ]);
    const { code } = await fromStaff(source, target, ...words, '--rejects', join(folder, 'timeless'));
    const { rows } = await target.client.query(
      `select abs(extract(epoch from imported_at - created_at))::integer as seconds from employees where legacy_id = 6`,
    );
    expect([code, rows]).toEqual([0, [{ seconds: 0 }]]);
  });
});

test('a column that is missing is named, and times of day in dates are told and left out', async () => {
  const source = await openPlace('template0');
  const target = await openPlace(process.env['LAUREL_TEST_TEMPLATE']);
  try {
    await source.client.query(`${staffService(true)};
      update schedules set schedule_date = schedule_date + interval '10 hours' where schedule_id in (2, 4)`);
    const told = await fromStaff(source, target, '--values', 'null');
    expect([told.code, told.report?.findings.map(({ kind, column, rows }) => ({ kind, column, rows }))]).toEqual([
      0,
      [{ kind: 'values', column: 'schedule_date', rows: 2 }],
    ]);
    const { rows } = await target.client.query('select schedule_date::text as day from schedules where legacy_id = 2');
    expect(rows).toEqual([{ day: '2025-12-03' }]);

    await source.client.query('alter table employees rename username to login');
    const named = await fromStaff(source, target, '--merge', 'newer');
    expect([named.code, named.report?.findings[0]]).toEqual([
      1,
      expect.objectContaining({ kind: 'definitions', table: 'employees', samples: ['there is no column username'] }),
    ]);
  } finally {
    await target.close();
    await source.close();
  }
});

test('players who register meanwhile take no nickname twice, and nothing is lost', async () => {
  const source = await openPlace('template0');
  const target = await openPlace(process.env['LAUREL_TEST_TEMPLATE']);
  try {
    await source.client.query(staffService(true));
    const over = new AbortController();
    const registering = (async () => {
      let registered = 0;
      for (let n = 0; !over.signal.aborted; n += 1) {
        const { rowCount } = await target.client.query(
          `insert into users (id, nickname) values (gen_random_uuid(), $1) on conflict do nothing`,
          [`${['Kim Minji', 'Lee Joon', 'O’Neill'][n % 3]} ${n % 13}`],
        );
        registered += rowCount!;
      }
      return registered;
    })();
    const { code, report } = await fromStaff(source, target);
    over.abort();
    const registered = await registering;
    expect([code, report?.outcome]).toEqual([0, 'done']);
    expect(await countsOf(target)).toEqual({ users: 60 + registered, employees: 60, schedules: 400 });
  } finally {
    await target.close();
    await source.close();
  }
});

/** Old number and reason of each row of a file of rejected ones, by number. */
function reasonsIn(path: string): string[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => `${/^\d+/.exec(line)![0]} ${line.split(',').at(-1)}`)
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

function correct(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}
