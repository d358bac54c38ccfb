import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GameOptions } from '../../src/transfer/game/options.js';
import { isReconciled } from '../../src/transfer/game/reconcile.js';
import { recogniseGame } from '../../src/transfer/game/shape.js';
import type { Policies } from '../../src/transfer/policy.js';
import {
  check,
  type Moved,
  move,
  moveAndCommit,
  openTarget,
  OPTIONS,
  type Rows,
  stage,
  TABLES,
  type TestTarget,
  undone,
  user,
} from './game-support.js';

const NEWER: GameOptions = { ...OPTIONS, merge: 'newer' };
const FAIL: GameOptions = { ...OPTIONS, merge: 'fail' };

/** What came with an earlier run. */
const EARLIER: Rows = {
  users: [1, 2, 3].map((id) => user(id)),
  scores: [{ id: 1, user_id: 1, score: 10, created_at: '2026-01-10 12:00' }],
  friendships: [{ id: 1, requester_id: 1, receiver_id: 2, status: 'pending', created_at: '2026-01-10 12:00' }],
  monthly_scores: [
    { id: 1, user_id: 1, year: 2026, month: 1, score: 10, updated_at: '2026-01-10 12:00' },
    { id: 2, user_id: 2, year: 2026, month: 1, score: 20, updated_at: '2026-01-20 12:00' },
  ],
  game_visits: [{ id: 1, user_id: 1, visit_date: '2026-01-10', visit_count: 3 }],
};

let open: TestTarget;
beforeAll(async () => {
  open = await openTarget();
  await moveAndCommit(open.target, EARLIER);
  // Players of Laurel's own, one of whom the source knows too.
  await open.target.query(
    `insert into users (id, email, nickname, password_hash) values
      ('00000000-0000-4000-8000-00000000000a', 'Both@example.com', 'both', null),
      ('00000000-0000-4000-8000-00000000000b', 'own@example.com', 'own', null)`,
  );
});
afterAll(() => open.close());

/** Merges, looks, and leaves nothing. */
function merged(
  rows: Rows,
  query: string,
  named: Partial<Policies> = {},
  options = NEWER,
): Promise<[Moved, unknown[]]> {
  return undone(open.target, async () => {
    const moved = await move(open.target, rows, named, options);
    expect(moved.reconciliation.tables.flatMap(({ differences }) => differences)).toEqual([]);
    expect(moved.reconciliation.audits.filter(({ wrong }) => wrong > 0)).toEqual([]);
    return [moved, (await open.target.query<{ v: unknown }>(query)).map(({ v }) => v)];
  });
}

/** Temporary tables are gone with the transaction of a run; here is another one in the same. */
async function forgetRun(): Promise<void> {
  const tables = await open.target.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = pg_my_temp_schema() and relkind = 'r'`,
  );
  await open.target.query(`drop table ${tables.map(({ name }) => name).join(', ')}`);
}

function counted({ counts }: Moved): Record<string, number[]> {
  return Object.fromEntries(
    counts.map(({ table, read, written, merged: met, updated }) => [table, [read, written, met, updated]]),
  );
}

async function found(rows: Rows, options: GameOptions): Promise<unknown[]> {
  const { findings } = await undone(open.target, async () => {
    await stage(open.target, rows);
    return check(open.target, {}, options);
  });
  return findings.map(({ kind, table, column, samples }) => [kind, table, column, samples.join(', ')]);
}

test('without --merge, a Laurel in use is refused', async () => {
  await expect(undone(open.target, () => move(open.target, EARLIER))).rejects.toThrow(
    /in use: there are rows in users, friendships, scores, standings, visits. Nothing was changed/,
  );
});

test('the same once more changes nothing', async () => {
  for (const options of [NEWER, FAIL]) {
    const [moved] = await merged(EARLIER, 'select 1 as v', {}, options);
    expect(counted(moved)).toEqual({
      users: [3, 0, 3, 0],
      scores: [1, 0, 1, 0],
      friendships: [1, 0, 1, 0],
      monthly_scores: [2, 0, 2, 0],
      game_visits: [1, 0, 1, 0],
    });
  }
});

test('new rows join those that are there, of players who came earlier as well', async () => {
  const rows: Rows = {
    users: [user(1), user(8)],
    // Player 3 is not in this source, but came before.
    scores: [
      { id: 8, user_id: 8, score: 5, created_at: '2026-02-10 12:00' },
      { id: 9, user_id: 3, score: 6, created_at: '2026-02-10 12:00' },
    ],
    monthly_scores: [{ id: 8, user_id: 8, year: 2026, month: 1, score: 15, updated_at: '2026-01-10 12:00' }],
  };
  const [moved, ranks] = await merged(
    rows,
    `select u.nickname || ' ' || 1 + laurel_count_better(s.season_id, s.sort_score) as v
      from standings s join users u on u.id = s.user_id order by s.sort_score`,
  );
  expect(counted(moved)).toMatchObject({ users: [2, 1, 1, 0], scores: [2, 2, 0, 0], monthly_scores: [1, 1, 0, 0] });
  expect(ranks).toEqual(['nick2 1', 'nick8 2', 'nick1 3']);
});

describe('a user', () => {
  test('is known by the email address whatever its case, keeps what Laurel has, and gets the old id', async () => {
    const rows = { users: [user(20, { email: 'bOTH@example.com' })] };
    const [moved, users] = await merged(
      rows,
      `select concat_ws(' ', id, nickname, email, legacy_id, coalesce(password_hash, 'none')) as v
        from users where lower(email) = 'both@example.com'`,
    );
    expect(counted(moved)['users']).toEqual([1, 0, 1, 0]);
    expect(users).toEqual(['00000000-0000-4000-8000-00000000000a both Both@example.com 20 none']);
  });

  test('known by the email address gets no more with the second run than with the first', async () => {
    await undone(open.target, async () => {
      for (const _ of ['first', 'second']) {
        await move(open.target, { users: [user(20, { email: 'both@example.com' })] }, {}, NEWER);
        expect(await open.target.query('select password_hash, birth_date from users where legacy_id = 20')).toEqual([
          { password_hash: null, birth_date: null },
        ]);
        await forgetRun();
      }
    });
  });

  test('is known by the old id first, and stays as Laurel has them', async () => {
    await undone(open.target, async () => {
      await open.target.query('update users set birth_date = null where legacy_id = 1');
      await move(open.target, { users: [user(1, { nickname: 'renamed', birth_date: '1990-01-01' })] }, {}, NEWER);
      expect(
        await open.target.query('select nickname, birth_date::text as born from users where legacy_id = 1'),
      ).toEqual([{ nickname: 'nick1', born: null }]);
    });
  });

  test('who is deleted in Laurel gets nothing; their rows arrive, and are hidden with them', async () => {
    await undone(open.target, async () => {
      await open.target.query(`update users set deleted_at = now() where nickname = 'both'`);
      const { reconciliation } = await move(
        open.target,
        {
          users: [user(20, { email: 'both@example.com' })],
          scores: [{ id: 20, user_id: 20, score: 7, created_at: '2026-01-10 12:00' }],
          monthly_scores: [{ id: 20, user_id: 20, year: 2026, month: 1, score: 7, updated_at: '2026-01-10 12:00' }],
        },
        {},
        NEWER,
      );
      expect(isReconciled(reconciliation)).toBe(true);
      expect(
        await open.target.query(
          `select u.legacy_id, u.password_hash, u.birth_date, e.score::integer, s.ranked
            from users u join scores e on e.user_id = u.id join standings s on s.user_id = u.id
            where u.nickname = 'both'`,
        ),
      ).toEqual([{ legacy_id: null, password_hash: null, birth_date: null, score: 7, ranked: false }]);
    });
  });

  test('who was scrubbed does not come back: what refers to them is an orphan', async () => {
    await undone(open.target, async () => {
      await open.target.query('alter table users add column if not exists scrubbed_at timestamptz');
      await open.target.query(
        `update users set deleted_at = now(), scrubbed_at = now(), email = null, nickname = 'deleted-3'
          where legacy_id = 3`,
      );
      const scores = [{ id: 30, user_id: 3, score: 7, created_at: '2026-01-10 12:00' }];
      for (const rows of [
        { users: [user(3)], scores },
        { users: [user(1)], scores },
      ]) {
        const { findings, counts } = await move(open.target, rows, { orphans: 'reject' }, NEWER);
        expect(findings).toMatchObject([{ kind: 'orphans', table: 'scores', column: 'user_id', rows: 1 }]);
        expect(counts.slice(0, 2)).toMatchObject([
          { table: 'users', read: 1, merged: 1, updated: 0 },
          { table: 'scores', read: 0 },
        ]);
        await forgetRun();
      }
      expect(await open.target.query('select email, password_hash from users where legacy_id = 3')).toEqual([
        { email: null, password_hash: expect.any(String) },
      ]);
    });
  });

  test('whose UUID Laurel has is the one who has it', async () => {
    const rows = {
      users: [user(21, { user_id: '00000000-0000-4000-8000-00000000000b', email: 'moved@example.com' })],
    };
    const [, users] = await merged(rows, 'select email as v from users where legacy_id = 21');
    expect(users).toEqual(['own@example.com']);
  });

  test('must not be one player of Laurel twice', async () => {
    const rows = { users: [user(1), user(30, { email: 'player1@example.com', nickname: 'x30' })] };
    rows.users[0]!['email'] = 'new@example.com';
    expect(await found(rows, NEWER)).toEqual([['email-collisions', 'users', 'email', 'id 30']]);
  });

  test('whose nickname another player of Laurel has is found, and renamed', async () => {
    const rows = { users: [user(40, { nickname: 'OWN' })] };
    expect(await found(rows, NEWER)).toEqual([['nickname-collisions', 'users', 'nickname', 'id 40']]);
    const [, names] = await merged(rows, 'select nickname as v from users where legacy_id = 40', {
      'nickname-collisions': 'rename',
    });
    expect(names).toEqual(['OWN-40']);
  });

  test('who differs is found where nothing may', async () => {
    expect(await found({ users: [user(1), user(2, { nickname: 'renamed' })] }, FAIL)).toEqual([
      ['duplicates', 'users', null, 'id 2'],
    ]);
  });
});

describe('a row under an old id that another row has', () => {
  const others: Rows = {
    users: [user(1), user(2), user(3)],
    scores: [{ id: 1, user_id: 1, score: 11, created_at: '2026-01-10 12:00' }],
    friendships: [{ id: 1, requester_id: 1, receiver_id: 3, status: 'pending', created_at: '2026-01-10 12:00' }],
    monthly_scores: [{ id: 1, user_id: 1, year: 2026, month: 2, score: 10, updated_at: '2026-01-10 12:00' }],
    game_visits: [{ id: 1, user_id: 1, visit_date: '2026-01-11', visit_count: 3 }],
  };

  test('is found', async () => {
    expect(await found(others, NEWER)).toEqual(
      ['scores', 'friendships', 'monthly_scores', 'game_visits'].map((table) => ['duplicates', table, 'id', 'id 1']),
    );
  });

  test('is left out where the first may stay', async () => {
    const [moved] = await merged(others, 'select 1 as v', { duplicates: 'first' });
    expect(counted(moved)).toMatchObject({
      scores: [0, 0, 0, 0],
      friendships: [0, 0, 0, 0],
      game_visits: [0, 0, 0, 0],
    });
  });
});

describe('of two that are of the same thing', () => {
  const base = { users: [user(1), user(2)] };

  test('the friendship that is later stays, whoever asked', async () => {
    const state = `select concat_ws(' ', u.legacy_id, f.status, f.legacy_id) as v
      from friendships f join users u on u.id = f.requester_id`;
    const row = { id: 5, requester_id: 2, receiver_id: 1, status: 'accepted' };
    const [later, is] = await merged({ ...base, friendships: [{ ...row, created_at: '2026-01-11 12:00' }] }, state);
    expect([counted(later)['friendships'], is]).toEqual([[1, 0, 1, 1], ['2 accepted 1']]);
    const [earlier, stays] = await merged(
      { ...base, friendships: [{ ...row, created_at: '2026-01-09 12:00' }] },
      state,
    );
    expect([counted(earlier)['friendships'], stays]).toEqual([[1, 0, 1, 0], ['1 pending 1']]);
  });

  test('the month’s better score stays, and the visits that are more', async () => {
    const rows = {
      ...base,
      monthly_scores: [
        { id: 51, user_id: 1, year: 2026, month: 1, score: 30, updated_at: '2026-01-09 12:00' },
        { id: 52, user_id: 2, year: 2026, month: 1, score: 19, updated_at: '2026-01-21 12:00' },
      ],
      game_visits: [{ id: 51, user_id: 1, visit_date: '2026-01-10', visit_count: 4 }],
    };
    const [moved, standings] = await merged(
      rows,
      `select concat_ws(' ', u.legacy_id, s.score, s.imported_score, 1 + laurel_count_better(s.season_id, s.sort_score)) as v
        from standings s join users u on u.id = s.user_id order by s.sort_score`,
    );
    expect(standings).toEqual(['1 30 30 1', '2 20 20 2']);
    // Of equals, the one that was reached first.
    for (const [at, stays] of [
      ['2026-01-09 12:00', '2026-01-09'],
      ['2026-01-11 12:00', '2026-01-10'],
    ]) {
      const equals = [{ id: 1, user_id: 1, year: 2026, month: 1, score: 10, updated_at: at }];
      const [, reached] = await merged(
        { ...base, monthly_scores: equals },
        `select to_char(achieved_at, 'YYYY-MM-DD') as v from standings where legacy_id = 1`,
      );
      expect(reached).toEqual([stays]);
    }
    expect(counted(moved)).toMatchObject({ monthly_scores: [2, 0, 2, 1], game_visits: [1, 0, 1, 1] });
    expect(await found(rows, FAIL)).toEqual([
      ['duplicates', 'monthly_scores', null, 'id 51, id 52'],
      ['duplicates', 'game_visits', null, 'id 51'],
    ]);
  });

  test('friends who block each other in Laurel are found', async () => {
    await undone(open.target, async () => {
      await open.target.query(
        `insert into blocks (blocker_id, blocked_id) select a.id, b.id from users a, users b
          where a.legacy_id = 2 and b.legacy_id = 3`,
      );
      const friendships = [{ id: 9, requester_id: 3, receiver_id: 2, status: 'accepted', created_at: '2026-01-11' }];
      await stage(open.target, { users: [user(2), user(3)], friendships });
      const { findings } = await check(open.target, {}, NEWER);
      expect(findings.map(({ kind, table }) => [kind, table])).toEqual([['values', 'friendships']]);
    });
  });
});

test('monthly scores come without scores and users, as after a correction', async () => {
  const shape = recogniseGame([TABLES.find(({ name }) => name === 'monthly_scores')!], true)!;
  const rows = { monthly_scores: [{ id: 9, user_id: 3, year: 2026, month: 2, score: 5, updated_at: '2026-02-10' }] };
  await undone(open.target, async () => {
    const { counts, reconciliation } = await move(open.target, rows, {}, NEWER, shape);
    expect([counts[0]!.written, isReconciled(reconciliation)]).toEqual([1, true]);
  });
});

test('seasons that were played in another zone are not moved', async () => {
  const options = { ...NEWER, seasonTimeZone: 'Asia/Seoul' };
  await expect(undone(open.target, () => move(open.target, EARLIER, {}, options))).rejects.toThrow(
    /were played in UTC. Nothing was changed. Set SEASON_TIME_ZONE=UTC/,
  );
});
