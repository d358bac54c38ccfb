import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { escape } from 'mysql2';
import { ALL_KINDS, choicesOf } from '../../src/transfer/policies.js';
import type { Kind, Policy } from '../../src/transfer/policy.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import {
  answer,
  countsOf,
  findingsOf,
  type Imported,
  importMysql,
  rejectedIn,
  stateOf,
  workplace,
} from './import-support.js';
import { type MysqlDatabase, mysqlDatabase, type PostgresDatabase, postgresDatabase } from './support.js';

const place = workplace();
afterAll(() => place.remove());

type Fault = `${Kind} ${string}`;

type Cell = string | number | Buffer | null;

/** A row of the source, and what is wrong with it: `kind column`, first what it is rejected for. */
interface Dirt {
  table: string;
  values: Cell[];
  faults: Fault[];
}

const row = (table: string, values: Cell[], ...faults: Fault[]): Dirt => ({ table, values, faults });

/** Findings as `findingsOf` tells them, where nothing is done about any. */
function expectedFindings(rows: readonly Dirt[]): string[] {
  const counts = new Map<string, number>();
  for (const { table, faults } of rows) {
    for (const fault of faults) {
      const [kind, column] = fault.split(' ');
      const key = `${kind} ${table}.${column}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts].map(([key, count]) => `${key} ${count}`).toSorted();
}

/** For each table `id reason` of the rows that leave, sorted. */
function expectedRejects(rows: readonly Dirt[]): Record<string, string[]> {
  const rejected: Record<string, string[]> = {};
  for (const { table, values, faults } of rows) {
    if (faults.length > 0) {
      const [kind, column] = faults[0]!.split(' ');
      const reason = column === '*' ? kind : `${kind}: ${column}`;
      (rejected[table] ??= []).push(`${values[0]?.toString() ?? ''} ${reason}`);
    }
  }
  return sorted(rejected);
}

function reasonsIn(folder: string): Record<string, string[]> {
  return sorted(
    Object.fromEntries(
      Object.entries(rejectedIn(folder)).map(([table, rows]) => [
        table,
        rows.map((each) => `${each['id']} ${each['_reasons']}`),
      ]),
    ),
  );
}

function sorted(lists: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.toSorted()]));
}

/** Every row is somewhere, and what is there is what was read. */
function expectAccounted({ report }: Imported, rows: readonly Dirt[]): void {
  for (const [table, [read, ...others]] of Object.entries(countsOf(report))) {
    expect([table, read]).toEqual([table, rows.filter((each) => each.table === table).length]);
    expect([table, others.reduce((sum, count) => sum + count, 0)]).toEqual([table, read]);
  }
  for (const { table, comparisons } of report!.tables) {
    expect([table, ...comparisons.map(({ equal }) => equal)]).toEqual(
      [table, true, true].slice(0, comparisons.length + 1),
    );
  }
  expect(report!.audits.filter(({ wrong }) => wrong !== 0)).toEqual([]);
}

/** A file of policies: one for all kinds that can have it, and others for those named. */
function policyFile(everywhere: Policy, named: Partial<Record<Kind, Policy>> = {}): string {
  const path = place.fresh('policies.json');
  const policies = ALL_KINDS.filter((kind) => choicesOf(kind).includes(everywhere)).map((kind) => [kind, everywhere]);
  writeFileSync(path, JSON.stringify({ ...Object.fromEntries(policies), ...named }));
  return path;
}

async function fill(mysql: MysqlDatabase, rows: readonly Dirt[]): Promise<void> {
  await mysql.run(
    "set sql_mode = 'ALLOW_INVALID_DATES', foreign_key_checks = 0, unique_checks = 0, check_constraint_checks = 0",
  );
  for (const { table, values } of rows) {
    await mysql.run(`insert into ${table} values (${values.map((value) => escape(value)).join(', ')})`);
  }
}

describe("a game service's database", () => {
  const AT = '2026-01-15 12:00:00';
  const HASH = `$2b$10$${'a'.repeat(53)}`;
  const uuid = (id: number): string => `0f0e0d0c-0b0a-4908-8706-${String(id).padStart(12, '0')}`;
  const user = (id: number | null, rest: Record<string, Cell>, ...faults: Fault[]): Dirt => {
    const usual = {
      id,
      email: `p${id}@example.com`,
      nickname: `nick${id}`,
      password: HASH,
      birth: '2000-01-01',
      role: 'user',
    };
    return row('users', Object.values({ ...usual, user_id: null, ...rest }), ...faults);
  };
  const score = (values: Cell[], ...faults: Fault[]): Dirt => row('scores', values, ...faults);
  const friendship = (
    id: number,
    one: number | null,
    other: number | null,
    rest: { status?: string; at?: string },
    ...faults: Fault[]
  ): Dirt => row('friendships', [id, one, other, rest.status ?? 'accepted', rest.at ?? AT], ...faults);
  const month = (id: number, values: Cell[], ...faults: Fault[]): Dirt =>
    row('monthly_scores', [id, ...values, ...(values.length === 4 ? [AT] : [])], ...faults);
  const visit = (values: Cell[], ...faults: Fault[]): Dirt => row('game_visits', values, ...faults);

  const ROWS: Dirt[] = [
    user(1, { nickname: 'Kim', email: 'Kim@example.com', user_id: uuid(1) }),
    ...[2, 3, 4, 5, 6, 7, 8].map((id) => user(id, {})),
    user(null, { email: 'n1@example.com', nickname: 'n1' }, 'null-values id'),
    user(null, { email: 'n2@example.com', nickname: 'n2' }, 'null-values id'),
    user(5, { email: 'twice5@example.com', nickname: 'twice5' }, 'duplicates id'),
    user(6, { email: 'twice6@example.com', nickname: 'twice6' }, 'duplicates id'),
    user(20, { user_id: 'none' }, 'values user_id'),
    user(21, { user_id: `${uuid(1)}0` }, 'values user_id'),
    user(22, { user_id: uuid(1).toUpperCase() }, 'duplicates user_id'),
    user(23, { user_id: uuid(1).replaceAll('-', '') }, 'duplicates user_id'),
    user(30, { birth: '0000-00-00' }, 'dates birth_date'),
    user(31, { birth: '2001-02-30' }, 'dates birth_date'),
    user(32, { birth: '2001-00-10' }, 'dates birth_date'),
    user(33, { birth: '2999-01-01' }, 'dates birth_date'),
    user(34, { birth: '1850-01-01' }, 'dates birth_date'),
    user(40, { role: 'root' }, 'values role'),
    user(41, { role: '' }, 'values role'),
    user(42, { password: '5f4dcc3b5aa765d61d8327deb882cf99' }, 'password-hashes password'),
    user(43, { password: 'secret' }, 'password-hashes password'),
    user(44, { password: 'se?ret' }, 'charset password'),
    user(45, { password: '??' }, 'charset password'),
    user(50, { email: 'no at' }, 'emails email'),
    user(51, { email: 'a..b@example.com' }, 'emails email'),
    user(52, { email: 'jos\u00e9@example.com' }, 'emails email'),
    user(53, { email: 'jose\u0301@example.com' }, 'emails email', 'email-collisions email'),
    user(54, { email: 'KIM@example.com' }, 'email-collisions email'),
    user(55, { email: 'kim@EXAMPLE.com' }, 'email-collisions email'),
    user(60, { nickname: null }, 'null-values nickname'),
    user(61, { nickname: null }, 'null-values nickname'),
    user(62, { nickname: '가'.repeat(321) }, 'length nickname'),
    user(63, { nickname: 'z'.repeat(400) }, 'length nickname'),
    user(64, { nickname: 'nul\0byte' }, 'nul-bytes nickname'),
    user(65, { nickname: '\0x65' }, 'nul-bytes nickname'),
    user(66, { nickname: '' }, 'nicknames nickname'),
    user(67, { nickname: 'tab\there' }, 'nicknames nickname'),
    user(68, { nickname: 'kIM' }, 'nickname-collisions nickname'),
    user(69, { nickname: 'ＫＩＭ' }, 'nickname-collisions nickname'),

    score([1, 1, 10, AT]),
    score([2, 2, 20, AT]),
    score([10, 1, '9007199254740992', AT], 'numbers score'),
    score([11, 1, '-9223372036854775808', AT], 'numbers score'),
    score([20, 1, null, AT], 'null-values score'),
    score([21, 2, null, AT], 'null-values score'),
    score([22, null, 5, AT], 'null-values user_id'),
    score([23, 1, 5, null], 'null-values created_at'),
    score([30, 1, 5, '0000-00-00 00:00:00'], 'dates created_at'),
    score([31, 1, 5, '2026-00-10 00:00:00'], 'dates created_at'),
    score([32, 1, 5, '2026-02-30 10:00:00'], 'dates created_at'),
    score([40, 1, 5, '2026-03-29 02:00:00'], 'time-gaps created_at'),
    score([41, 1, 5, '2026-03-29 02:59:59'], 'time-gaps created_at'),
    score([50, 900, 5, AT], 'orphans user_id'),
    score([51, 901, 5, AT], 'orphans user_id'),

    friendship(1, 1, 2, {}),
    friendship(2, 1, 3, {}),
    friendship(10, 1, 2, { status: 'pending' }, 'duplicates *'),
    friendship(11, 1, 3, { status: 'rejected' }, 'duplicates *'),
    friendship(20, 4, 1, {}),
    friendship(21, 1, 4, { status: 'pending' }, 'reversed-friendships *'),
    friendship(22, 5, 1, { status: 'pending', at: '2026-01-01 00:00:00' }),
    friendship(23, 1, 5, { status: 'pending', at: '2026-01-02 00:00:00' }, 'reversed-friendships *'),
    friendship(30, 6, 6, {}, 'self-friendships *'),
    friendship(31, 7, 7, {}, 'self-friendships *'),
    friendship(40, 2, 3, { status: 'Accepted' }, 'values status'),
    friendship(41, 2, 4, { status: '' }, 'values status'),
    friendship(50, 900, 1, {}, 'orphans requester_id'),
    friendship(51, 901, 1, {}, 'orphans requester_id'),
    friendship(52, 1, 902, {}, 'orphans receiver_id'),
    friendship(53, 1, 903, {}, 'orphans receiver_id'),
    friendship(54, 904, 905, {}, 'orphans requester_id', 'orphans receiver_id'),
    friendship(60, 2, 5, { at: '0000-00-00 00:00:00' }, 'dates created_at'),
    friendship(61, 2, 6, { at: '2026-02-30 01:00:00' }, 'dates created_at'),
    friendship(70, 2, 7, { at: '2026-03-29 02:15:00' }, 'time-gaps created_at'),
    friendship(71, 2, 8, { at: '2026-03-29 02:45:00' }, 'time-gaps created_at'),
    friendship(80, null, 3, {}, 'null-values requester_id'),
    friendship(81, 3, null, {}, 'null-values receiver_id'),

    month(1, [1, 2026, 1, 100], 'duplicate-months *'),
    month(2, [2, 2026, 1, 50]),
    month(10, [3, 2026, 0, 5], 'months month'),
    month(11, [3, 2026, 13, 5], 'months month'),
    month(12, [3, 0, 5, 5], 'months month'),
    month(20, [1, 2026, 1, 500]),
    month(21, [1, 2026, 1, 90], 'duplicate-months *'),
    month(22, [2, 2026, 1, 50, '2026-01-16 12:00:00'], 'duplicate-months *'),
    month(30, [4, 2026, 1, '9007199254740992'], 'numbers score'),
    month(31, [5, 2026, 1, '-9007199254740992'], 'numbers score'),
    month(40, [900, 2026, 1, 5], 'orphans user_id'),
    month(41, [901, 2026, 1, 5], 'orphans user_id'),
    month(50, [6, 2026, 1, 5, '0000-00-00 00:00:00'], 'dates updated_at'),
    month(51, [7, 2026, 1, 5, '2026-06-31 00:00:00'], 'dates updated_at'),
    month(60, [8, 2026, 3, 5, '2026-03-29 02:30:00'], 'time-gaps updated_at'),

    visit([1, 1, '2026-01-15', 2], 'duplicate-visits *'),
    visit([2, 1, '2026-01-15', 7]),
    visit([3, 1, '2026-01-15', 1], 'duplicate-visits *'),
    visit([10, 2, '2026-01-15', 0], 'numbers visit_count'),
    visit([11, 3, '2026-01-15', 3_000_000_000], 'numbers visit_count'),
    visit([20, 4, '0000-00-00', 1], 'dates visit_date'),
    visit([21, 4, '2026-02-30', 1], 'dates visit_date'),
    visit([30, 900, '2026-01-15', 1], 'orphans user_id'),
    visit([31, 901, '2026-01-15', 1], 'orphans user_id'),
    visit([40, 5, '2026-01-16', null], 'null-values visit_count'),
  ];
  /** No other number stands for a key: these can be rejected, and nothing else. */
  const IDS: Dirt[] = [
    user(3_000_000_000, {}, 'numbers id'),
    user(3_000_000_001, {}, 'numbers id'),
    score([3_000_000_000, 1, 5, AT], 'numbers id'),
  ];

  let mysql: MysqlDatabase;
  let database: TestDatabase;
  let empty: string;
  const ZONE = ['--source-time-zone', 'Europe/Berlin'];
  const run = (...words: string[]): Promise<Imported> => importMysql(mysql.url, { url: database.url! }, words, place);

  beforeAll(async () => {
    mysql = await mysqlDatabase();
    database = await openTestDatabase();
    empty = await stateOf(database.url!);
    await mysql.run(`
      create table users (id bigint, email varchar(400), nickname varchar(400), password varchar(300) character set latin1,
        birth_date date, role varchar(20), user_id varchar(40));
      create table scores (id bigint primary key, user_id int, score bigint, created_at datetime);
      create table friendships (id int primary key, requester_id int, receiver_id int, status varchar(20), created_at datetime);
      create table monthly_scores (id int primary key, user_id int, year int, month int, score bigint, updated_at datetime);
      create table game_visits (id int primary key, user_id int, visit_date date, visit_count int unsigned)`);
    await fill(mysql, [...ROWS, ...IDS]);
  });
  afterAll(async () => {
    await mysql?.drop();
    await database?.close();
  });

  test('every kind is found, each row of it, and nothing is changed', async () => {
    const all = [...ROWS, ...IDS];
    const folder = place.fresh('dry');
    const dry = await run(...ZONE, '--dry-run', '--rejects', folder);
    expect([dry.code, dry.report?.outcome]).toEqual([1, 'findings']);
    expect(findingsOf(dry.report)).toEqual(expectedFindings(all));
    // Where a row has two faults, it is told twice.
    const told = Object.values(reasonsIn(folder)).flat();
    expect(told).toHaveLength(all.reduce((sum, { faults }) => sum + faults.length, 0));
    const failed = await run(...ZONE);
    expect([failed.code, failed.report?.outcome]).toEqual([1, 'findings']);
    expect(findingsOf(failed.report)).toEqual(expectedFindings(all));
    expect(await stateOf(database.url!)).toBe(empty);
  });

  test('without a zone the times are found as well', async () => {
    const dry = await run('--dry-run');
    const withTime = (table: string, at: number): number =>
      ROWS.filter(
        (each) =>
          each.table === table &&
          each.values[at] !== null &&
          !each.faults.includes(`dates ${table === 'monthly_scores' ? 'updated_at' : 'created_at'}`),
      ).length;
    expect(findingsOf(dry.report).filter((each) => each.startsWith('time-'))).toEqual([
      `time-zones friendships.created_at ${withTime('friendships', 4)}`,
      `time-zones monthly_scores.updated_at ${withTime('monthly_scores', 5)}`,
      `time-zones scores.created_at ${withTime('scores', 3) + 1}`,
    ]);
    expect(dry.code).toBe(1);
  });

  test('all of it is rejected: every other row arrives, and the files have the rest with its reasons', async () => {
    const all = [...ROWS, ...IDS];
    const copy = await openTestDatabase();
    try {
      const folder = place.fresh('rejects');
      const done = await importMysql(
        mysql.url,
        { url: copy.url! },
        [...ZONE, '--policies', policyFile('reject'), '--rejects', folder],
        place,
      );
      expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
      expectAccounted(done, all);
      expect(reasonsIn(folder)).toEqual(expectedRejects(all));
      const kept = all.filter(({ faults }) => faults.length === 0);
      expect(await answer(copy.url!, 'select legacy_id as v from scores order by 1')).toEqual([1, 2]);
      expect(await answer(copy.url!, 'select legacy_id as v from friendships order by 1')).toEqual([1, 2, 20, 22]);
      expect(await answer(copy.url!, 'select count(*)::integer as v from users')).toEqual([
        kept.filter(({ table }) => table === 'users').length,
      ]);
    } finally {
      await copy.close();
    }
  });

  test('each is repaired where that can be, and the rows are as the repairs say', async () => {
    const repairs: Partial<Record<Kind, Policy>> = {
      dates: 'null',
      'time-gaps': 'shift',
      emails: 'null',
      nicknames: 'rename',
      'nickname-collisions': 'rename',
      'password-hashes': 'null',
      'reversed-friendships': 'merge',
      'duplicate-months': 'best',
      'duplicate-visits': 'sum',
      duplicates: 'first',
      values: 'null',
      numbers: 'clamp',
      'nul-bytes': 'strip',
      charset: 'keep',
      length: 'truncate',
    };
    const words = [...ZONE, '--policies', policyFile('reject', repairs), '--rejects'];
    const refused = await run(...words, place.fresh('refused'));
    expect([refused.code, refused.output]).toEqual([
      2,
      expect.stringMatching(/The policy clamp for numbers cannot be had for users\.id.*Nothing was changed/),
    ]);
    expect(await stateOf(database.url!)).toBe(empty);

    await mysql.run('delete from users where id >= 3000000000; delete from scores where id >= 3000000000');
    const folder = place.fresh('repaired');
    const done = await run(...words, folder);
    expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
    expectAccounted(done, ROWS);
    expect(done.report!.tables.map(({ table, rejected, removed }) => [table, rejected, removed])).toEqual([
      ['users', 6, 4],
      ['scores', 9, 0],
      ['friendships', 11, 4],
      ['monthly_scores', 7, 3],
      ['game_visits', 5, 2],
    ]);
    const { users } = reasonsIn(folder);
    expect(users).toEqual(
      [
        ' null-values: id',
        ' null-values: id',
        '54 email-collisions: email',
        '55 email-collisions: email',
        '60 null-values: nickname',
        '61 null-values: nickname',
      ].toSorted(),
    );

    const of = (sql: string): Promise<string[]> => answer<string>(database.url!, sql);
    expect(
      await of(`select concat_ws(' ', legacy_id, coalesce(birth_date::text, '-')) as v from users
      where legacy_id between 30 and 34 order by legacy_id`),
    ).toEqual(['30 -', '31 -', '32 -', '33 -', '34 -']);
    expect(await of('select role as v from users where legacy_id in (40, 41)')).toEqual(['user', 'user']);
    expect(await of('select legacy_id::text as v from users where password_hash is null order by legacy_id')).toEqual([
      '42',
      '43',
      '44',
      '45',
    ]);
    expect(await of('select legacy_id::text as v from users where email is null order by legacy_id')).toEqual([
      '50',
      '51',
      '52',
      '53',
    ]);
    expect(await of('select nickname as v from users where legacy_id between 62 and 69 order by legacy_id')).toEqual([
      '가'.repeat(320),
      'z'.repeat(320),
      'nulbyte',
      'x65',
      'player66',
      'player67',
      'kIM-68',
      'ＫＩＭ-69',
    ]);
    expect(
      await of(`select concat_ws(' ', legacy_id, nickname) as v from users where legacy_id in (5, 6) order by 1`),
    ).toEqual(['5 nick5', '6 nick6']);
    expect(
      await of(`select (id = '${uuid(1)}')::text as v from users where legacy_id in (1, 20) order by legacy_id`),
    ).toEqual(['true', 'false']);
    expect(
      await of(`select concat_ws(' ', legacy_id, score, to_char(created_at at time zone 'UTC', 'DD HH24:MI:SS')) as v
        from scores order by legacy_id`),
    ).toEqual([
      '1 10 15 11:00:00',
      '2 20 15 11:00:00',
      '10 9007199254740991 15 11:00:00',
      '11 -9007199254740991 15 11:00:00',
      '40 5 29 01:00:00',
      '41 5 29 01:59:59',
    ]);
    expect(
      await of(`select concat_ws(' ', legacy_id, status, to_char(responded_at at time zone 'UTC', 'YYYY-MM-DD HH24')) as v
        from friendships where legacy_id in (1, 2, 20, 22, 40, 41) order by legacy_id`),
    ).toEqual(['1 accepted', '2 accepted', '20 accepted', '22 accepted 2026-01-01 23', '40 pending', '41 pending']);
    expect(
      await of(
        `select concat_ws(' ', legacy_id, score) as v from standings where legacy_id is not null order by legacy_id`,
      ),
    ).toEqual(['2 50', '20 500', '30 9007199254740991', '31 -9007199254740991', '60 5']);
    expect(await of(`select concat_ws(' ', legacy_id, visit_count) as v from visits order by legacy_id`)).toEqual([
      '2 10',
      '10 1',
      '11 2147483647',
    ]);
  });
});

describe('plain tables', () => {
  const thing = (id: number, rest: Record<string, Cell>, ...faults: Fault[]): Dirt => {
    const usual = {
      code: `c${id}`,
      age: 5,
      need: 'x',
      bytes: Buffer.from('abc'),
      narrow: 'n',
      at: '2026-01-15 12:00:00',
    };
    return row('things', [id, ...Object.values({ ...usual, ...rest })], ...faults);
  };
  const paint = (id: number, rest: Record<string, Cell>, ...faults: Fault[]): Dirt => {
    const usual = {
      colour: 'red',
      strict: 'a',
      owner: 1,
      always: 1,
      low: 1,
      high: 2,
      name: `n${id}`,
      day: '2026-01-01',
    };
    return row('paints', [id, ...Object.values({ ...usual, ...rest })], ...faults);
  };

  /** Into a table that is there, and is narrower. */
  const THINGS: Dirt[] = [
    thing(1, {}),
    thing(2, { bytes: Buffer.from('déjà 🙂') }),
    thing(10, { code: 'abcde1' }, 'length code'),
    thing(11, { code: 'abcde2' }, 'length code'),
    thing(12, { code: 'abcde🙂' }, 'length code'),
    thing(20, { code: 'twice' }),
    thing(21, { code: 'twice' }, 'duplicates code'),
    thing(22, { code: 'twice' }, 'duplicates code'),
    thing(30, { age: -1 }, 'values age'),
    thing(31, { age: -7 }, 'values age'),
    thing(32, { age: 40_000 }, 'numbers age'),
    thing(33, { age: 2_000_000_000 }, 'numbers age'),
    thing(40, { need: null }, 'null-values need'),
    thing(41, { need: null }, 'null-values need'),
    thing(50, { bytes: Buffer.from([0x63, 0x61, 0x66, 0xe9]) }, 'encoding bytes'),
    thing(51, { bytes: Buffer.from([0x80, 0x31]) }, 'encoding bytes'),
    thing(52, { bytes: Buffer.from([0x61, 0, 0x62]) }, 'nul-bytes bytes'),
    thing(53, { need: 'nul\0' }, 'nul-bytes need'),
    thing(60, { narrow: '?' }, 'charset narrow'),
    thing(61, { narrow: 'caf?' }, 'charset narrow'),
    thing(70, { at: '2026-03-29 02:30:00' }, 'time-gaps at'),
    thing(71, { at: '2026-03-29 02:00:00' }, 'time-gaps at'),
    thing(72, { at: '0000-00-00 00:00:00' }, 'dates at'),
    thing(73, { at: '2026-02-30 00:00:00' }, 'dates at'),
  ];
  /** Into a table that is made. */
  const PAINTS: Dirt[] = [
    paint(1, {}),
    paint(2, { owner: null, day: null, name: null }),
    paint(10, { colour: '' }, 'values colour'),
    paint(11, { colour: '' }, 'values colour'),
    paint(12, { strict: '' }, 'values strict'),
    paint(20, { owner: 900 }, 'orphans owner'),
    paint(21, { owner: 901 }, 'orphans owner'),
    paint(30, { low: 3 }, 'values *'),
    paint(31, { high: -9 }, 'values *'),
    paint(40, { name: 'a\0b' }, 'nul-bytes name'),
    paint(50, { day: '0000-00-00' }, 'dates day'),
    paint(51, { day: '2026-02-31' }, 'dates day'),
  ];
  /** Where there must be an owner, none can be done without. */
  const STRICT = [paint(60, { always: 902 }, 'orphans always'), paint(61, { always: 903 }, 'orphans always')];
  const OWNERS = [row('owners', [1]), row('owners', [2])];
  const ALL = [...OWNERS, ...THINGS, ...PAINTS, ...STRICT];
  const THERE = `create table things (id integer primary key, code varchar(5) unique, age smallint check (age >= 0),
    need text not null, bytes text, narrow text, at timestamptz);
    insert into things values (1000, 'there', 1, 'x')`;

  let mysql: MysqlDatabase;
  let postgres: PostgresDatabase;
  const WORDS = ['--tables', 'all', '--source-time-zone', 'Europe/Berlin'];
  const run = (...words: string[]): Promise<Imported> =>
    importMysql(mysql.url, { url: postgres.url }, [...WORDS, ...words], place);

  beforeAll(async () => {
    mysql = await mysqlDatabase();
    postgres = await postgresDatabase();
    await mysql.run(`
      create table things (id int primary key, code varchar(20), age int, need text, bytes varbinary(40),
        narrow varchar(20) character set latin1, at datetime);
      create table owners (id int primary key);
      create table paints (id int primary key, colour enum('red','blue'), strict enum('a','b') not null, owner int,
        always int not null, low int, high int, name varchar(10), day date,
        constraint ordered check (low < high), foreign key (owner) references owners (id),
        foreign key (always) references owners (id))`);
    await fill(mysql, ALL);
    await postgres.client.query(THERE);
  });
  afterAll(async () => {
    await mysql?.drop();
    await postgres?.drop();
  });

  test('every kind is found, each row of it, and nothing is changed', async () => {
    const before = await stateOf(postgres.url);
    for (const words of [['--dry-run'], []]) {
      const ended = await run(...words);
      expect([ended.code, ended.report?.outcome]).toEqual([1, 'findings']);
      expect(findingsOf(ended.report)).toEqual(expectedFindings(ALL));
      expect(await stateOf(postgres.url)).toBe(before);
    }
  });

  test('a repair that a column cannot have is refused, and nothing is changed', async () => {
    const before = await stateOf(postgres.url);
    const repairs: Partial<Record<Kind, Policy>> = { orphans: 'null' };
    const refused = await run('--policies', policyFile('reject', repairs), '--rejects', place.fresh('refused'));
    expect([refused.code, refused.output]).toEqual([
      2,
      expect.stringMatching(/The policy null for orphans cannot be had for paints\.always.*Nothing was changed/),
    ]);
    expect(await stateOf(postgres.url)).toBe(before);
  });

  test('all of it is rejected: every other row arrives, and the files have the rest with its reasons', async () => {
    await postgres.client.query(`create schema rejecting; set search_path to rejecting; ${THERE}; reset search_path`);
    const folder = place.fresh('rejects');
    const done = await run('--policies', policyFile('reject'), '--rejects', folder, '--schema', 'rejecting');
    expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
    expectAccounted(done, ALL);
    expect(reasonsIn(folder)).toEqual(expectedRejects(ALL));
    expect(await answer(postgres.url, 'select id as v from rejecting.things order by 1')).toEqual([1, 2, 20, 1000]);
    expect(await answer(postgres.url, 'select id as v from rejecting.paints order by 1')).toEqual([1, 2]);
  });

  test('each is repaired where that can be, and the rows are as the repairs say', async () => {
    await mysql.run('delete from paints where id >= 60');
    const repairs: Partial<Record<Kind, Policy>> = {
      length: 'truncate',
      duplicates: 'first',
      numbers: 'clamp',
      encoding: 'latin1',
      'nul-bytes': 'strip',
      charset: 'keep',
      'time-gaps': 'shift',
      dates: 'null',
      orphans: 'null',
    };
    const folder = place.fresh('repaired');
    const done = await run('--policies', policyFile('reject', repairs), '--rejects', folder);
    expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
    expectAccounted(done, [...OWNERS, ...THINGS, ...PAINTS]);
    expect(done.report!.tables.map(({ table, rejected, removed }) => [table, rejected, removed]).toSorted()).toEqual([
      ['owners', 0, 0],
      ['paints', 5, 0],
      ['things', 4, 4],
    ]);
    const of = (sql: string): Promise<string[]> => answer<string>(postgres.url, sql);
    // Cut off, they are one: the first stays.
    expect(await of(`select concat_ws(' ', id, code) as v from things where id between 10 and 29 order by id`)).toEqual(
      ['10 abcde', '20 twice'],
    );
    expect(await of('select age::text as v from things where id between 30 and 39 order by id')).toEqual([
      '32767',
      '32767',
    ]);
    expect(
      await of("select concat_ws(' ', bytes, need) as v from things where id between 50 and 59 order by id"),
    ).toEqual(['café x', '€1 x', 'ab x', 'abc nul']);
    expect(await of('select narrow as v from things where id between 60 and 69 order by id')).toEqual(['?', 'caf?']);
    expect(
      await of(
        `select coalesce(to_char(at at time zone 'UTC', 'HH24:MI:SS'), '-') as v from things where id >= 70 and id < 1000 order by id`,
      ),
    ).toEqual(['01:30:00', '01:00:00', '-', '-']);
    expect(
      await of(`select concat_ws(' ', id, coalesce(owner::text, '-'), coalesce(name, '-'), coalesce(day::text, '-')) as v
        from paints order by id`),
    ).toEqual([
      '1 1 n1 2026-01-01',
      '2 - - -',
      '20 - n20 2026-01-01',
      '21 - n21 2026-01-01',
      '40 1 ab 2026-01-01',
      '50 1 n50 -',
      '51 1 n51 -',
    ]);
  });

  test('a key to a table that is there already is told, and left out', async () => {
    await mysql.run('create table marks (id int primary key, thing int, foreign key (thing) references things (id))');
    const words = ['--tables', 'things,marks', '--dry-run'];
    const dry = await run(...words);
    await mysql.run('drop table marks');
    expect(findingsOf(dry.report)).toContainEqual('definitions marks.thing 0');
    expect(dry.report!.findings[0]!.samples).toEqual([
      expect.stringContaining('refers to a table that is there already'),
    ]);
  });

  test('what is none of the members becomes NULL, or the first of them where there must be one', async () => {
    const folder = place.fresh('values');
    await postgres.client.query(`create schema members; set search_path to members; ${THERE}; reset search_path`);
    const done = await run(
      '--policies',
      policyFile('reject', { values: 'null', duplicates: 'first', charset: 'keep' }),
      '--rejects',
      folder,
      '--schema',
      'members',
    );
    // A check over several columns cannot be mended by one of them.
    expect([done.code, done.output]).toEqual([2, expect.stringMatching(/null for values cannot be had for paints/)]);
    await mysql.run('delete from paints where id in (30, 31)');
    const mended = await run(
      '--policies',
      policyFile('reject', { values: 'null', duplicates: 'first', charset: 'keep' }),
      '--rejects',
      folder,
      '--schema',
      'members',
    );
    expect([mended.code, mended.report?.outcome]).toEqual([0, 'done']);
    expect(
      await answer(
        postgres.url,
        `select concat_ws(' ', id, coalesce(colour::text, '-'), strict) as v from members.paints where id between 10 and 12 order by id`,
      ),
    ).toEqual(['10 - a', '11 - a', '12 red a']);
    expect(await answer(postgres.url, 'select age as v from members.things where id in (30, 31)')).toEqual([
      null,
      null,
    ]);
  });
});
