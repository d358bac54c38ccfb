import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Migrator } from '@mikro-orm/migrations';
import { FIRST, type OpenDatabase, type TestDatabase, loadFixture, migrationNames } from './support.js';

interface Refusal {
  rows: string;
  /** Statements that put the bad rows in. */
  sql: string[];
  /** What the message must say: table, problem, ids. */
  says: RegExp[];
}

const NO_FRIENDSHIP_KEYS = [
  'alter table friendships drop constraint friendships_requester_id_fkey',
  'alter table friendships drop constraint friendships_receiver_id_fkey',
];
const user = (id: number, email: string, nickname: string, role = 'user') =>
  `insert into users (id, email, nickname, password, birth_date, role, user_id)
   values (${id}, '${email}', '${nickname}', 'x', '2000-01-01', '${role}', gen_random_uuid())`;

const refusalsUp: Refusal[] = [
  {
    rows: 'friendships of users who do not exist, either side',
    sql: [
      ...NO_FRIENDSHIP_KEYS,
      `insert into friendships (id, requester_id, receiver_id, status) values (70, 4, 2, 'pending'), (71, 2, 4, 'pending'), (72, 3, 4, 'rejected')`,
    ],
    says: [/friendships: orphans.*3 rows, ids: 70, 71, 72\. Delete/],
  },
  {
    rows: 'scores of users who do not exist',
    sql: [
      `insert into scores (id, user_id, score, created_at) values (80, 4, 1, '2026-01-01'), (81, 9999, 1, '2026-01-01')`,
    ],
    says: [/scores: orphans.*2 rows, ids: 80, 81\. Delete/],
  },
  {
    rows: 'monthly totals of users who do not exist',
    sql: [`insert into monthly_scores (id, user_id, year, month, score) values (90, 9999, 2026, 1, 1)`],
    says: [/monthly_scores: orphans.*1 rows, ids: 90\. Delete/],
  },
  {
    rows: 'visits of users who do not exist',
    sql: [`insert into game_visits (id, user_id, visit_date, visit_count) values (900, 9999, '2026-01-01', 1)`],
    says: [/game_visits: orphans.*1 rows, ids: 900\. Delete/],
  },
  {
    rows: 'emails that differ only in case',
    sql: [
      user(101, 'Player2@Example.com', 'other'),
      user(102, 'a@b', 'x1'),
      user(103, 'A@b', 'x2'),
      user(104, 'a@B', 'x3'),
    ],
    says: [/users: emails.*2 sets of ids: 2 = 101; 102 = 103 = 104\. Change/],
  },
  {
    rows: 'nicknames that differ only in case or width',
    sql: [user(101, 'a@b', 'ONAME'), user(102, 'a@c', 'Straße'), user(103, 'a@d', 'STRASSE')],
    says: [/users: nicknames.*2 sets of ids: 2 = 101; 102 = 103\. Rename/],
  },
  {
    rows: 'several problems of one table, told together',
    sql: [user(101, 'PLAYER2@example.com', 'ONAME', 'ADMIN')],
    says: [/users: emails.*2 = 101/, /users: nicknames.*2 = 101/, /users: unknown role, 1 rows, ids: 101\. Set/],
  },
  {
    rows: 'an unknown role',
    sql: [user(101, 'a@b', 'r1', 'moderator'), user(102, 'a@c', 'r2', '')],
    says: [/users: unknown role, 2 rows, ids: 101, 102\. Set/],
  },
  {
    rows: 'an unknown status',
    sql: [`update friendships set status = 'blocked' where id in (1, 7)`],
    says: [/friendships: unknown status, 2 rows, ids: 1, 7\. Set/],
  },
  {
    rows: 'months and years that are none',
    sql: [
      `insert into monthly_scores (id, user_id, year, month, score) values (91, 2, 2026, 0, 1), (92, 2, 2026, 13, 1), (93, 2, 0, 1, 1), (94, 2, 10000, 1, 1)`,
    ],
    says: [/monthly_scores: year outside 1 to 9999 or month outside 1 to 12, 4 rows, ids: 91, 92, 93, 94\. Correct/],
  },
  {
    rows: 'scores out of any season',
    sql: [
      `insert into scores (id, user_id, score, created_at) values (82, 2, 1, 'infinity'), (83, 2, 1, '10000-01-01'), (84, 2, 1, '0001-12-31 BC')`,
    ],
    says: [/scores: created_at outside the years 1 to 9999, 3 rows, ids: 82, 83, 84\. Correct/],
  },
  {
    rows: 'several totals of one user and month',
    sql: [
      'alter table monthly_scores drop constraint uq_monthly_scores',
      `insert into monthly_scores (id, user_id, year, month, score) values (95, 2, 2030, 1, 1), (96, 2, 2030, 1, 2)`,
    ],
    says: [/monthly_scores: several rows of one user and month, 1 sets of ids: 95 = 96\. Keep/],
  },
  {
    rows: 'visit counts that are not positive',
    sql: [
      `insert into game_visits (id, user_id, visit_date, visit_count) values (901, 2, '2030-01-01', 0), (902, 2, '2030-01-02', -3)`,
    ],
    says: [/game_visits: visit_count is not positive, 2 rows, ids: 901, 902\. Correct/],
  },
  {
    rows: 'several visits of one user and day',
    sql: [
      'alter table game_visits drop constraint uq_game_visits',
      `insert into game_visits (id, user_id, visit_date, visit_count) values (903, 2, '2030-01-01', 1), (904, 2, '2030-01-01', 1)`,
    ],
    says: [/game_visits: several rows of one user and day, 1 sets of ids: 903 = 904\. Add/],
  },
  {
    rows: 'more orphans than a message should list',
    sql: [
      `insert into scores (id, user_id, score, created_at) select id, 9999, 1, '2026-01-01' from generate_series(1001, 1050) id`,
    ],
    says: [/scores: orphans.*50 rows, ids: 1001, .*1019, 1020\. Delete/],
  },
];

const NEW = `'019a0000-0000-7000-8000-000000000009'`;
const newUser = (columns: string, values: string) =>
  `insert into users (id, nickname, ${columns}) values (${NEW}, 'newer', ${values})`;

const refusalsDown: Refusal[] = [
  {
    rows: 'a user without an email',
    sql: [newUser('password_hash, birth_date', `'h', '2000-01-01'`)],
    says: [/users: no email, password or birth date, 1 rows, ids: 019a0000-0000-7000-8000-000000000009\. Fill/],
  },
  {
    rows: 'a user without a password',
    sql: [newUser('email, birth_date', `'n@x', '2000-01-01'`)],
    says: [/users: no email, password or birth date, 1 rows, ids: 019a0000/],
  },
  {
    rows: 'a user without a birth date',
    sql: [newUser('email, password_hash', `'n@x', 'h'`)],
    says: [/users: no email, password or birth date, 1 rows, ids: 019a0000/],
  },
  {
    rows: 'a deleted user',
    sql: [`update users set deleted_at = now() where legacy_id = 2`],
    says: [/users: deleted, 1 rows, ids: 88a42836-46bd-4a92-ba37-40b870ef8468\. The old schema would bring them back/],
  },
  {
    rows: 'a score beyond 32 bits',
    sql: [
      `insert into scores (id, user_id, season_id, score)
       select ${NEW}, u.id, s.id, 2147483648 from users u, seasons s where u.legacy_id = 2 and s.key = '2026-01'`,
    ],
    says: [/scores: score beyond 32 bits, 1 rows, ids: 019a0000-0000-7000-8000-000000000009\. Lower/],
  },
  {
    rows: 'a standing beyond 32 bits',
    sql: [`update standings set score = -2147483649 where legacy_id = 2`],
    says: [
      /standings: score beyond 32 bits, 1 rows, season and user: 2026-02 6a542af3-6e20-4613-aaad-26c1ed9ed5fb\. Lower/,
    ],
  },
];

/** Rows that the other side cannot hold stop the run, by id, and leave everything as it was. */
export function refusalSuite(open: OpenDatabase): void {
  describe('rows that cannot be carried', () => {
    let db: TestDatabase;
    let migrator: Migrator;
    beforeAll(async () => {
      db = await open();
    });
    afterAll(() => db?.close());
    beforeEach(async () => {
      migrator = await db.fresh();
      await loadFixture(db, migrator);
    });

    const state = async () => ({
      schema: await db.fingerprint(),
      rows: await db.snapshot(),
      executed: (await migrator.getExecuted()).map(({ name }) => name),
    });
    const refused = async (run: Promise<unknown>, says: RegExp[]) => {
      const error = await run.then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
      expect(error).toBeInstanceOf(Error);
      expect(error!.message).toContain('Stopped, nothing was changed.');
      for (const pattern of says) expect(error!.message).toMatch(pattern);
    };

    it.each(refusalsUp)('up, all at once: $rows', async ({ sql, says }) => {
      for (const statement of sql) await db.query(statement);
      const before = await state();
      await refused(migrator.up(), says);
      expect(await state()).toEqual(before);
    });

    it.each(refusalsUp)('up, one by one: $rows', async ({ sql, says }) => {
      for (const statement of sql) await db.query(statement);
      for (const name of (await migrationNames()).slice(1)) {
        const before = await state();
        const error = await migrator.up({ migrations: [name] }).then(
          () => undefined,
          (reason: unknown) => reason as Error,
        );
        if (!error) continue;
        for (const pattern of says) expect(error.message).toMatch(pattern);
        expect(await state()).toEqual(before);
        return;
      }
      throw new Error('nothing stopped the rows');
    });

    it.each(refusalsDown)('down: $rows', async ({ sql, says }) => {
      await migrator.up();
      for (const statement of sql) await db.query(statement);
      const before = await state();
      await refused(migrator.down({ to: FIRST }), says);
      const after = await state();
      // Sequences are outside transactions: the numbers drawn on the way are skipped.
      const withoutSequences = ({ rows, ...rest }: typeof before) => ({
        ...rest,
        rows: Object.fromEntries(Object.entries(rows).filter(([name]) => !name.endsWith('_seq'))),
      });
      expect(withoutSequences(after)).toEqual(withoutSequences(before));
    });

    it('goes through once the rows are mended', async () => {
      await db.query(`insert into game_visits (id, user_id, visit_date, visit_count) values (905, 2, '2030-01-01', 0)`);
      await refused(migrator.up(), [/ids: 905\./]);
      await db.query('update game_visits set visit_count = 1 where id = 905');
      await migrator.up();
      expect(await db.query('select count(*)::int as n from visits')).toEqual([{ n: 376 }]);
    });

    it('stops, changing nothing, where an unknown table refers to the old key', async () => {
      await db.query('create table notes (id integer primary key, user_id integer references users (id))');
      const before = await state();
      await expect(migrator.up()).rejects.toThrow(/users_pkey.*because other objects depend on it/);
      expect(await state()).toEqual(before);
    });
  });
}
