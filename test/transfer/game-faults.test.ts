import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { array, assert, asyncProperty, constant, constantFrom, integer, record } from 'fast-check';
import { isReconciled, reconcileGame } from '../../src/transfer/game/reconcile.js';
import type { Policies } from '../../src/transfer/policy.js';
import { survivors } from './game-model.js';
import {
  GAME,
  OPTIONS,
  check,
  move,
  openTarget,
  policies,
  stage,
  type Rows,
  type TestTarget,
  undone,
  user,
} from './game-support.js';

let open: TestTarget;
beforeAll(async () => {
  open = await openTarget();
});
afterAll(() => open.close());

const score = (id: number, rest: object = {}): Record<string, unknown> => ({
  id,
  user_id: 1,
  score: 10,
  created_at: '2026-01-15 12:00:00',
  ...rest,
});
const friendship = (id: number, requester_id: number, receiver_id: number, rest: object = {}) => ({
  id,
  requester_id,
  receiver_id,
  status: 'accepted',
  created_at: '2026-01-15 12:00:00',
  ...rest,
});
const month = (id: number, rest: object = {}): Record<string, unknown> => ({
  id,
  user_id: 1,
  year: 2026,
  month: 1,
  score: 10,
  updated_at: '2026-01-15 12:00:00',
  ...rest,
});
const visit = (id: number, rest: object = {}): Record<string, unknown> => ({
  id,
  user_id: 1,
  visit_date: '2026-01-15',
  visit_count: 1,
  ...rest,
});

interface Fault {
  kind: keyof Policies;
  table: string;
  column: string | null;
  rows: Rows;
  /** Ids of the rows in question. */
  found: number[];
  /** For each repair: the query, and what it answers after it. */
  repairs?: Record<string, [sql: string, expected: unknown[]]>;
  /** Policies that let other findings of these rows pass. */
  beside?: Partial<Policies>;
  timeZone?: string;
}

const UUID = '0f0e0d0c-0b0a-4908-8706-050403020100';
const many = 'x'.repeat(321);

const FAULTS: Fault[] = [
  {
    kind: 'null-values',
    table: 'users',
    column: 'id',
    rows: { users: [user(1), { ...user(2), id: null }] },
    found: [],
  },
  {
    kind: 'numbers',
    table: 'users',
    column: 'id',
    rows: { users: [user(1), user(2147483648, { nickname: 'big' })] },
    found: [2147483648],
  },
  {
    kind: 'duplicates',
    table: 'users',
    column: 'id',
    rows: { users: [user(1), user(1, { email: 'other@example.com', nickname: 'other' })] },
    found: [1],
    repairs: { first: ['select nickname as v from users', ['nick1']] },
  },
  {
    kind: 'values',
    table: 'users',
    column: 'user_id',
    rows: { users: [user(1, { user_id: UUID }), user(2, { user_id: 'none' })] },
    found: [2],
    repairs: { null: [`select (id = '${UUID}')::text as v from users order by legacy_id`, ['true', 'false']] },
  },
  {
    kind: 'duplicates',
    table: 'users',
    column: 'user_id',
    rows: { users: [user(1, { user_id: UUID }), user(2, { user_id: UUID.toUpperCase() })] },
    found: [2],
    repairs: { first: ['select legacy_id::text as v from users', ['1']] },
  },
  {
    kind: 'dates',
    table: 'users',
    column: 'birth_date',
    rows: { users: [user(1), user(2, { birth_date: '2999-01-01' }), user(3, { birth_date: '1899-12-31' })] },
    found: [2, 3],
    repairs: {
      null: ['select birth_date::text as v from users order by legacy_id', ['2000-01-01', null, null]],
    },
  },
  {
    kind: 'values',
    table: 'users',
    column: 'role',
    rows: { users: [user(1, { role: 'admin' }), user(2, { role: 'root' }), user(3, { role: null })] },
    found: [2, 3],
    repairs: { null: ['select role as v from users order by legacy_id', ['admin', 'user', 'user']] },
  },
  {
    kind: 'password-hashes',
    table: 'users',
    column: 'password',
    rows: {
      users: [
        user(1, { password: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA' }),
        user(2, { password: '5f4dcc3b5aa765d61d8327deb882cf99' }),
        user(3, { password: '$2b$10$short' }),
        user(4, { password: null }),
      ],
    },
    found: [2, 3],
    repairs: {
      null: [
        'select (password_hash is null)::text as v from users order by legacy_id',
        ['false', 'true', 'true', 'true'],
      ],
    },
  },
  {
    kind: 'emails',
    table: 'users',
    column: 'email',
    rows: {
      users: [
        user(1, { email: "o'hara+x.y@sub.example.com" }),
        user(2, { email: 'no at' }),
        user(3, { email: '' }),
        user(4, { email: 'a..b@example.com' }),
        user(5, { email: `${'x'.repeat(250)}@example.com` }),
        user(6, { email: null }),
      ],
    },
    found: [2, 3, 4, 5],
    repairs: {
      null: [
        'select email as v from users order by legacy_id',
        ["o'hara+x.y@sub.example.com", null, null, null, null, null],
      ],
    },
  },
  {
    kind: 'email-collisions',
    table: 'users',
    column: 'email',
    rows: { users: [user(1, { email: 'Same@example.com' }), user(2, { email: 'same@EXAMPLE.com' })] },
    found: [2],
  },
  {
    kind: 'email-collisions',
    table: 'users',
    column: 'email',
    rows: { users: [user(1, { email: 'jos\u00e9@example.com' }), user(2, { email: 'jose\u0301@example.com' })] },
    found: [2],
    // Nobody can register with one of these.
    beside: { emails: 'fail' },
  },
  {
    kind: 'null-values',
    table: 'users',
    column: 'nickname',
    rows: { users: [user(1), user(2, { nickname: null })] },
    found: [2],
  },
  {
    kind: 'length',
    table: 'users',
    column: 'nickname',
    rows: { users: [user(1, { nickname: 'x'.repeat(320) }), user(2, { nickname: `y${many}` })] },
    found: [2],
    repairs: { truncate: ['select char_length(nickname)::text as v from users order by legacy_id', ['320', '320']] },
  },
  {
    kind: 'nicknames',
    table: 'users',
    column: 'nickname',
    rows: {
      users: [
        user(1, { nickname: '박민준' }),
        user(2, { nickname: '' }),
        user(3, { nickname: ' \u3000' }),
        user(4, { nickname: 'a\tb' }),
        user(5, { nickname: 'x' }),
        user(6, { nickname: '!' }),
      ],
    },
    found: [2, 3, 4],
    repairs: {
      rename: [
        'select nickname as v from users order by legacy_id',
        ['박민준', 'player2', 'player3', 'player4', 'x', '!'],
      ],
    },
  },
  {
    kind: 'nickname-collisions',
    table: 'users',
    column: 'nickname',
    rows: {
      users: [
        user(1, { nickname: 'Kim' }),
        user(2, { nickname: 'ＫＩＭ' }),
        user(3, { nickname: 'kim' }),
        user(4, { nickname: 'kim-3' }),
        user(5, { nickname: 'z'.repeat(320) }),
        user(6, { nickname: 'Z'.repeat(320) }),
      ],
    },
    found: [2, 3, 6],
    repairs: {
      rename: [
        `select left(nickname, 5) || right(nickname, 2) as v from users where legacy_id <> 4 order by legacy_id`,
        ['Kimim', 'ＫＩＭ-2-2', 'kim-3-3', 'zzzzzzz', 'ZZZZZ-6'],
      ],
    },
  },
  {
    kind: 'dates',
    table: 'scores',
    column: 'created_at',
    rows: { users: [user(1)], scores: [score(1), score(2, { created_at: 'infinity' })] },
    found: [2],
  },
  {
    kind: 'dates',
    table: 'scores',
    column: 'created_at',
    // In UTC it is still the year 0.
    rows: {
      users: [user(1)],
      scores: [score(1, { created_at: '0001-01-01 12:00' }), score(2, { created_at: '0001-01-01 02:00' })],
    },
    found: [2],
    timeZone: 'Asia/Seoul',
  },
  {
    kind: 'time-gaps',
    table: 'scores',
    column: 'created_at',
    rows: {
      users: [user(1)],
      scores: [score(1, { created_at: '2026-03-29 01:59:59' }), score(2, { created_at: '2026-03-29 02:30:00' })],
    },
    found: [2],
    repairs: {
      shift: [
        `select to_char(created_at at time zone 'UTC', 'HH24:MI:SS') as v from scores order by legacy_id`,
        ['00:59:59', '01:30:00'],
      ],
    },
    timeZone: 'Europe/Berlin',
  },
  {
    kind: 'numbers',
    table: 'scores',
    column: 'score',
    rows: {
      users: [user(1)],
      scores: [
        score(1, { score: '9007199254740991' }),
        score(2, { score: '9007199254740992' }),
        score(3, { score: '-9007199254740992' }),
      ],
    },
    found: [2, 3],
    repairs: {
      clamp: [
        'select score::text as v from scores order by legacy_id',
        ['9007199254740991', '9007199254740991', '-9007199254740991'],
      ],
    },
  },
  {
    kind: 'null-values',
    table: 'scores',
    column: 'score',
    rows: { users: [user(1)], scores: [score(1), score(2, { score: null })] },
    found: [2],
  },
  {
    kind: 'orphans',
    table: 'scores',
    column: 'user_id',
    rows: { users: [user(1)], scores: [score(1), score(2, { user_id: 9 }), score(3, { user_id: 9 })] },
    found: [2, 3],
  },
  {
    kind: 'values',
    table: 'friendships',
    column: 'status',
    rows: { users: [user(1), user(2)], friendships: [friendship(1, 1, 2, { status: 'Accepted' })] },
    found: [1],
    repairs: { null: ['select status as v from friendships', ['pending']] },
  },
  {
    kind: 'self-friendships',
    table: 'friendships',
    column: null,
    rows: { users: [user(1), user(2)], friendships: [friendship(1, 1, 2), friendship(2, 2, 2)] },
    found: [2],
  },
  {
    kind: 'duplicates',
    table: 'friendships',
    column: null,
    rows: { users: [user(1), user(2)], friendships: [friendship(1, 1, 2), friendship(2, 1, 2, { status: 'pending' })] },
    found: [2],
    repairs: { first: ['select status as v from friendships', ['accepted']] },
  },
  {
    kind: 'reversed-friendships',
    table: 'friendships',
    column: null,
    rows: {
      users: [user(1), user(2), user(3), user(4)],
      friendships: [
        friendship(1, 1, 2, { status: 'pending', created_at: '2026-01-02' }),
        friendship(2, 2, 1, { status: 'pending', created_at: '2026-01-01' }),
        friendship(3, 3, 4, { status: 'rejected', created_at: '2026-01-01' }),
        friendship(4, 4, 3, { status: 'accepted', created_at: '2026-01-02' }),
      ],
    },
    found: [1, 3],
    repairs: {
      merge: [
        `select concat_ws(' ', legacy_id, status, to_char(responded_at at time zone 'UTC', 'YYYY-MM-DD')) as v
          from friendships order by legacy_id`,
        ['2 accepted 2026-01-02', '4 accepted'],
      ],
    },
  },
  {
    kind: 'months',
    table: 'monthly_scores',
    column: 'month',
    rows: {
      users: [user(1)],
      monthly_scores: [month(1), month(2, { month: 0 }), month(3, { month: 13 }), month(4, { year: 10000 })],
    },
    found: [2, 3, 4],
  },
  {
    kind: 'duplicate-months',
    table: 'monthly_scores',
    column: null,
    rows: {
      users: [user(1)],
      monthly_scores: [
        month(1, { score: 5, updated_at: '2026-01-03' }),
        month(2, { score: 9, updated_at: '2026-01-02' }),
        month(3, { month: 2 }),
      ],
    },
    found: [1],
    repairs: {
      best: ['select score::text as v from standings where legacy_id < 3', ['9']],
      newest: ['select score::text as v from standings where legacy_id < 3', ['5']],
    },
  },
  {
    kind: 'numbers',
    table: 'game_visits',
    column: 'visit_count',
    rows: {
      users: [user(1), user(2), user(3)],
      game_visits: [
        visit(1),
        visit(2, { user_id: 2, visit_count: 0 }),
        visit(3, { user_id: 3, visit_count: 3000000000 }),
      ],
    },
    found: [2, 3],
    repairs: { clamp: ['select visit_count::text as v from visits order by legacy_id', ['1', '1', '2147483647']] },
  },
  {
    kind: 'dates',
    table: 'game_visits',
    column: 'visit_date',
    rows: { users: [user(1)], game_visits: [visit(1), visit(2, { visit_date: 'infinity' })] },
    found: [2],
  },
  {
    kind: 'duplicate-visits',
    table: 'game_visits',
    column: null,
    rows: {
      users: [user(1)],
      game_visits: [
        visit(1, { visit_count: 2 }),
        visit(2, { visit_count: 7 }),
        visit(3, { visit_count: 1 }),
        visit(4, { visit_date: '2026-01-16', visit_count: 4 }),
      ],
    },
    found: [1, 3],
    repairs: {
      sum: ['select visit_count::text as v from visits order by visit_date', ['10', '4']],
      highest: ['select visit_count::text as v from visits order by visit_date', ['7', '4']],
    },
  },
];

const CASES = FAULTS.map((fault) => [`${fault.kind} of ${fault.table}.${fault.column ?? '*'}`, fault] as const);

describe.each(CASES)('%s', (_, fault) => {
  const { kind, table, column, rows, found, repairs = {}, beside = {}, timeZone = 'UTC' } = fault;
  const options = { ...OPTIONS, timeZone };

  test('is found, rejected, and repaired', async () => {
    const { target } = open;
    const count = Math.max(found.length, 1);
    const { findings } = await undone(target, async () => {
      await stage(target, rows);
      return check(target, {}, options);
    });
    expect(findings.filter((finding) => !(finding.kind in beside))).toEqual([
      {
        kind,
        table,
        column,
        rows: count,
        samples: found.length === 0 ? ['id '] : found.map((id) => `id ${id}`),
        policy: 'fail',
      },
    ]);

    // Each conversion takes its time: where there are repairs, theirs shows that what is left can be written.
    if (Object.keys(beside).length === 0 && Object.keys(repairs).length === 0) {
      await undone(target, async () => {
        const { rejected, counts, reconciliation } = await move(target, rows, { [kind]: 'reject' }, options);
        expect(isReconciled(reconciliation)).toBe(true);
        expect(rejected[table]).toBe(count);
        for (const { table: name, written } of counts) {
          expect(written + (rejected[name] ?? 0)).toBe(rows[name]?.length ?? 0);
        }
      });
    }

    for (const [policy, [sql, expected]] of Object.entries(repairs)) {
      await undone(target, async () => {
        const { reconciliation } = await move(target, rows, { [kind]: policy }, options);
        expect(reconciliation.tables.flatMap(({ differences }) => differences)).toEqual([]);
        expect(isReconciled(reconciliation)).toBe(true);
        const answered = await target.query<{ v: unknown }>(sql);
        expect(answered.map(({ v }) => v)).toEqual(expected);
      });
    }
  });
});

test('a repair that a kind does not have here ends the run', async () => {
  const rows = { users: [user(1)], scores: [score(1, { user_id: 9 })] };
  await expect(undone(open.target, () => move(open.target, rows, { orphans: 'null' }))).rejects.toThrow(
    /orphans cannot be had for scores.user_id/,
  );
});

test('rows of rejected users are orphans, and go as well', async () => {
  const rows = {
    users: [user(1), user(2, { role: 'root' })],
    scores: [score(1), score(2, { user_id: 2 })],
    friendships: [friendship(1, 1, 2)],
    monthly_scores: [month(1, { user_id: 2 })],
    game_visits: [visit(1, { user_id: 2 })],
  };
  await undone(open.target, async () => {
    const { rejected } = await move(open.target, rows, { values: 'reject', orphans: 'reject' });
    expect(rejected).toEqual({ users: 1, scores: 1, friendships: 1, monthly_scores: 1, game_visits: 1 });
  });
});

test('what has been changed after the conversion is named: values, exchanged ones, and rows', async () => {
  const rows = { users: [user(1), user(2)], scores: [score(1), score(2, { score: 20 })] };
  const differing = async (change: string): Promise<(string | null)[]> =>
    undone(open.target, async () => {
      const { counts } = await move(open.target, rows);
      await open.target.query(change);
      const again = await reconcileGame(open.target, GAME, OPTIONS, counts);
      expect(isReconciled(again)).toBe(false);
      return again.tables.flatMap(({ differences }) => differences.map(({ column }) => column));
    });
  expect(await differing('update scores set score = 30 - score')).toEqual(['score']);
  expect(await differing('update scores set score = 11 where legacy_id = 1')).toEqual(['score', 'score']);
  expect(await differing(`update users set email = null where legacy_id = 2`)).toEqual(['email']);
  expect(await differing(`update scores set created_at = created_at + interval '1 microsecond'`)).toEqual([
    'created_at',
  ]);
  expect(await differing('delete from scores where legacy_id = 1')).toContain(null);
});

describe('rows of chance', () => {
  const id = integer({ min: 1, max: 12 });
  const player = integer({ min: 1, max: 8 });
  const day = integer({ min: 1, max: 28 }).map((number) => `2026-01-${String(number).padStart(2, '0')} 12:00:00`);
  const rows = record({
    users: array(
      record({
        id: player,
        email: constantFrom('a@example.com', 'A@example.com', 'b@example.com', 'c@example.com', 'none', null),
        nickname: constantFrom('kim', 'KIM', 'ｋｉｍ', 'lee', 'park', 'choi', '', null),
        password: constant(null),
        birth_date: constant(null),
        role: constantFrom('user', 'user', 'user', 'admin', 'root'),
      }),
      { maxLength: 10 },
    ),
    scores: array(record({ id, user_id: player, score: constantFrom(1, 5, null), created_at: day }), {
      maxLength: 12,
    }),
    friendships: array(
      record({
        id,
        requester_id: player,
        receiver_id: player,
        status: constantFrom('accepted', 'pending', 'rejected', 'other'),
        created_at: day,
      }),
      { maxLength: 12 },
    ),
    monthly_scores: array(
      record({
        id,
        user_id: player,
        year: constant(2026),
        month: constantFrom(0, 1, 2),
        score: integer({ min: 1, max: 3 }),
        updated_at: constant('2026-01-15 12:00:00'),
      }),
      { maxLength: 12 },
    ),
    game_visits: array(
      record({
        id,
        user_id: player,
        visit_date: constantFrom('2026-01-15', '2026-01-16'),
        visit_count: integer({ min: 0, max: 3 }),
      }),
      { maxLength: 12 },
    ),
  });
  const everything = Object.fromEntries(Object.keys(policies()).map((kind) => [kind, 'reject'])) as Policies;

  test('arrive or are rejected, each of them, and as the plainest telling of the rules has it', async () => {
    await assert(
      asyncProperty(rows, async (chosen) => {
        await undone(open.target, async () => {
          const { counts, rejected, reconciliation } = await move(open.target, chosen, everything);
          expect(isReconciled(reconciliation)).toBe(true);
          for (const { table, written, merged } of counts) {
            expect([table, written + merged + rejected[table]!]).toEqual([table, chosen[table as 'users'].length]);
          }
          const stored = await open.target.query<{ name: string; ids: number[] }>(
            Object.entries(LAUREL)
              .map(
                ([name, into]) =>
                  `select '${name}' as name, array(select legacy_id from ${into} order by legacy_id) as ids`,
              )
              .join(' union all '),
          );
          expect(Object.fromEntries(stored.map(({ name, ids }) => [name, ids]))).toEqual(survivors(chosen));
        });
      }),
      { numRuns: 15 },
    );
  });
});

/** Where the tables of the source go. */
const LAUREL = {
  users: 'users',
  scores: 'scores',
  friendships: 'friendships',
  monthly_scores: 'standings',
  game_visits: 'visits',
};
