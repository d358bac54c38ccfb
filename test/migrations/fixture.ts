import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Migrator } from '@mikro-orm/migrations';
import { v3 } from 'uuid';
import {
  FIRST,
  type OpenDatabase,
  type Row,
  type Snapshot,
  type TestDatabase,
  loadFixture,
  withoutRunDetails,
} from './support.js';

const MONTHLY = '01900000-0000-7000-8000-000000000001';
const OLD_TABLES = ['users', 'scores', 'friendships', 'monthly_scores', 'game_visits'];

const by = (rows: Row[], key: string) => new Map(rows.map((row) => [row[key], row]));
const byId = (rows: Row[]) => [...rows].toSorted((a, b) => (a['id'] as number) - (b['id'] as number));
/** A zone-less time of the old tables, as the instant it was in UTC. */
const instant = (time: unknown) => Date.parse(`${time as string}Z`);
const at = (time: unknown) => Date.parse(time as string);

/** The old service's database carried up with its rows, and back down. */
export function fixtureSuite(open: OpenDatabase): void {
  describe('the old database', () => {
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

    const downToFirst = () => migrator.down({ to: FIRST });
    const idOf = async (legacyId: number) =>
      (await db.query<{ id: string }>(`select id from users where legacy_id = ${legacyId}`))[0]!.id;
    const rowsOf = (snapshot: Snapshot, table: string) => snapshot[table]!;

    it('arrives with every row', async () => {
      const old = await db.snapshot();
      expect(OLD_TABLES.map((table) => rowsOf(old, table).length)).toEqual([31, 4, 6, 31, 375]);
      await migrator.up();
      const now = await db.snapshot();

      const users = by(rowsOf(now, 'users'), 'legacy_id');
      expect(users.size).toBe(31);
      for (const user of rowsOf(old, 'users')) {
        expect(users.get(user['id'])).toMatchObject({
          id: user['user_id'],
          email: user['email'],
          nickname: user['nickname'],
          password_hash: user['password'],
          birth_date: user['birth_date'],
          role: user['role'],
          picture_url: null,
          time_zone: null,
          deleted_at: null,
        });
      }
      const uuid = (legacyId: unknown) => users.get(legacyId)!['id'];
      const seasons = by(rowsOf(now, 'seasons'), 'id');
      const seasonKey = (id: unknown) => seasons.get(id)!['key'];

      const scores = by(rowsOf(now, 'scores'), 'legacy_id');
      expect(scores.size).toBe(4);
      for (const score of rowsOf(old, 'scores')) {
        const found = scores.get(score['id'])!;
        expect(found).toMatchObject({
          user_id: uuid(score['user_id']),
          score: score['score'],
          improved: false,
          idempotency_key: null,
        });
        expect(at(found['created_at'])).toBe(instant(score['created_at']));
        expect(seasonKey(found['season_id'])).toBe((score['created_at'] as string).slice(0, 7));
      }

      const friendships = by(rowsOf(now, 'friendships'), 'legacy_id');
      expect(friendships.size).toBe(6);
      expect(rowsOf(now, 'archive_friendships_merged')).toEqual([]);
      for (const row of rowsOf(old, 'friendships')) {
        const found = friendships.get(row['id'])!;
        expect(found).toMatchObject({
          requester_id: uuid(row['requester_id']),
          receiver_id: uuid(row['receiver_id']),
          status: row['status'],
          responded_at: null,
        });
        expect(at(found['created_at'])).toBe(instant(row['created_at']));
      }

      const standings = by(rowsOf(now, 'standings'), 'legacy_id');
      expect(standings.size).toBe(31);
      for (const row of rowsOf(old, 'monthly_scores')) {
        const found = standings.get(row['id'])!;
        expect(found).toMatchObject({
          user_id: uuid(row['user_id']),
          score: row['score'],
          sort_score: -(row['score'] as number),
          imported_score: row['score'],
          score_id: null,
          ranked: true,
        });
        expect(seasonKey(found['season_id'])).toBe(`${row['year'] as number}-${String(row['month']).padStart(2, '0')}`);
        expect([at(found['achieved_at']), at(found['imported_at'])]).toEqual([
          instant(row['updated_at']),
          instant(row['updated_at']),
        ]);
      }

      const visits = by(rowsOf(now, 'visits'), 'legacy_id');
      expect(visits.size).toBe(375);
      for (const row of rowsOf(old, 'game_visits')) {
        expect(visits.get(row['id'])).toEqual({
          user_id: uuid(row['user_id']),
          visit_date: row['visit_date'],
          visit_count: row['visit_count'],
          legacy_id: row['id'],
        });
      }

      for (const season of seasons.values()) {
        expect(season['id']).toBe(v3(season['key'] as string, season['leaderboard_id'] as string));
        const [year, month] = (season['key'] as string).split('-').map(Number) as [number, number];
        expect([at(season['starts_at']), at(season['ends_at'])]).toEqual([
          Date.UTC(year, month - 1, 1),
          Date.UTC(year, month, 1),
        ]);
        expect(season['leaderboard_id']).toBe(MONTHLY);
      }
      const months = new Set(
        rowsOf(old, 'monthly_scores').map((row) => `${row['year'] as number}-${String(row['month']).padStart(2, '0')}`),
      );
      for (const row of rowsOf(old, 'scores')) months.add((row['created_at'] as string).slice(0, 7));
      expect([...seasons.values()].map((season) => season['key']).toSorted()).toEqual([...months].toSorted());
    });

    it('goes back down to the same rows, column by column, and up again', async () => {
      const old = await db.snapshot();
      const schema = await db.fingerprint();
      await migrator.up();
      const head = withoutRunDetails(await db.snapshot());
      await downToFirst();
      expect(await db.snapshot()).toEqual(old);
      expect(await db.fingerprint()).toEqual(schema);
      await migrator.up();
      expect(withoutRunDetails(await db.snapshot())).toEqual(head);
    });

    it('reads zone-less times as UTC and keeps microseconds, whatever the zone of the connection', async () => {
      await db.query(`update scores set created_at = '2026-01-31 23:59:59.123456' where id = 3`);
      await db.query(`update monthly_scores set updated_at = '2026-01-31 23:59:59.654321' where id = 2`);
      const old = await db.snapshot();
      const database = (await db.query<{ name: string }>('select current_database() as name'))[0]!.name;
      await db.query(`alter database "${database}" set timezone = 'Asia/Seoul'`);
      await db.query(`set timezone = 'Asia/Seoul'`);
      try {
        await migrator.up();
        expect(
          await db.query(`
            select key, to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as at
            from scores s join seasons on seasons.id = s.season_id where s.legacy_id = 3`),
        ).toEqual([{ key: '2026-01', at: '2026-01-31 23:59:59.123456' }]);
        expect(
          await db.query(
            `select to_char(starts_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as at from seasons where key = '2026-02'`,
          ),
        ).toEqual([{ at: '2026-02-01 00:00' }]);
        await downToFirst();
        expect(await db.snapshot()).toEqual(old);
      } finally {
        await db.query(`alter database "${database}" reset timezone`);
        await db.query(`reset timezone`);
      }
    });

    it('dates users by their earliest trace', async () => {
      await db.query(`
        insert into users (id, email, nickname, password, birth_date, role)
        select id, id || '@trace', 'trace' || id, 'x', '2000-01-01', 'user' from generate_series(101, 106) id`);
      await db.query(
        `insert into scores (user_id, score, created_at) values (101, 1, '2020-01-01 10:00'), (101, 1, '2019-06-01 10:00')`,
      );
      await db.query(
        `insert into friendships (requester_id, receiver_id, status, created_at) values (102, 103, 'pending', '2020-02-02 11:00')`,
      );
      await db.query(
        `insert into friendships (requester_id, receiver_id, status, created_at) values (103, 102, 'pending', '2020-02-01 11:00')`,
      );
      await db.query(
        `insert into monthly_scores (user_id, year, month, score, updated_at) values (104, 2020, 3, 1, '2020-03-03 12:00')`,
      );
      await db.query(
        `insert into game_visits (user_id, visit_date, visit_count) values (105, '2020-04-04', 1), (104, '2020-04-04', 1)`,
      );
      await db.query(`insert into game_visits (user_id, visit_date, visit_count) values (106, '2999-01-01', 1)`);
      await migrator.up();
      const rows = await db.query(`
        select legacy_id, case when created_at > now() - interval '1 hour' then 'now'
          else to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') end as created
        from users where legacy_id between 101 and 106 order by legacy_id`);
      expect(rows.map((row) => row['created'])).toEqual([
        '2019-06-01 10:00',
        '2020-02-01 11:00',
        '2020-02-01 11:00',
        '2020-03-03 12:00',
        '2020-04-04 00:00',
        'now',
      ]);
    });

    it('fills a NULL user_id, and makes exactly those NULL again', async () => {
      await db.query('update users set user_id = null where id in (2, 5)');
      const old = await db.snapshot();
      await migrator.up();
      const filled = await db.query(`select legacy_id, id from users where legacy_id in (2, 5)`);
      expect(new Set(filled.map((row) => row['id'])).size).toBe(2);
      expect(await db.query('select count(*)::int as n from archive_users_filled_ids')).toEqual([{ n: 2 }]);
      expect(
        await db.query(
          `select f.legacy_id from friendships f join users u on u.id = f.requester_id where u.legacy_id = 2 order by 1`,
        ),
      ).toEqual([{ legacy_id: 1 }, { legacy_id: 9 }, { legacy_id: 10 }]);
      await downToFirst();
      expect(await db.snapshot()).toEqual(old);
    });

    it('takes a user_id that is NOT NULL, and friendships without foreign keys', async () => {
      await db.query('alter table users alter column user_id set not null');
      await db.query('alter table friendships drop constraint friendships_requester_id_fkey');
      await db.query('alter table friendships drop constraint friendships_receiver_id_fkey');
      const old = await db.snapshot();
      await migrator.up();
      await downToFirst();
      expect(await db.snapshot()).toEqual(old);
    });

    describe('where a pair has both directions', () => {
      const statuses = ['accepted', 'pending', 'rejected'] as const;
      const early = '2026-01-01 10:00:00.000001';
      const late = '2026-01-02 10:00:00.000002';
      /** Every combination of statuses, with either row the earlier one, and once at the same moment. */
      const cases = statuses.flatMap((first) =>
        statuses.flatMap((second) =>
          (
            [
              [early, late],
              [late, early],
              [early, early],
            ] as const
          ).map(([firstAt, secondAt]) => ({ first, second, firstAt, secondAt })),
        ),
      );
      const userOf = (index: number, side: 0 | 1) => 1000 + index * 2 + side;
      const rowId = (index: number, row: 0 | 1) => 5000 + index * 2 + row;

      beforeEach(async () => {
        await db.query(`
          insert into users (id, email, nickname, password, birth_date, role, user_id)
          select id, id || '@pair', 'pair' || id, 'x', '2000-01-01', 'user', gen_random_uuid()
          from generate_series(1000, ${userOf(cases.length - 1, 1)}) id`);
        for (const [index, { first, second, firstAt, secondAt }] of cases.entries()) {
          const [a, b] = [userOf(index, 0), userOf(index, 1)];
          await db.query(`
            insert into friendships (id, requester_id, receiver_id, status, created_at) values
              (${rowId(index, 0)}, ${a}, ${b}, '${first}', '${firstAt}'),
              (${rowId(index, 1)}, ${b}, ${a}, '${second}', '${secondAt}')`);
        }
      });

      it('keeps the right one and archives the other', async () => {
        await migrator.up();
        const rows = by(
          await db.query(`
          select f.legacy_id, f.status, r.legacy_id as requester,
            to_char(f.responded_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as responded
          from friendships f join users r on r.id = f.requester_id where f.legacy_id >= 5000`),
          'legacy_id',
        );
        expect(rows.size).toBe(cases.length);
        for (const [index, { first, second, firstAt, secondAt }] of cases.entries()) {
          const order = statuses.indexOf(first) - statuses.indexOf(second);
          const survivor = order < 0 || (order === 0 && firstAt <= secondAt) ? 0 : 1;
          const mutual = first === 'pending' && second === 'pending';
          expect(rows.get(rowId(index, survivor))).toEqual({
            legacy_id: rowId(index, survivor),
            status: mutual ? 'accepted' : survivor === 0 ? first : second,
            requester: userOf(index, survivor),
            responded: mutual ? (firstAt > secondAt ? firstAt : secondAt) : null,
          });
        }
        expect(await db.query('select count(*)::int as n from archive_friendships_merged')).toEqual([
          { n: cases.length },
        ]);
      });

      it('brings both back on the way down', async () => {
        const old = await db.snapshot();
        await migrator.up();
        await downToFirst();
        expect(await db.snapshot()).toEqual(old);
      });

      it('restores the merged row only beside its survivor as it was', async () => {
        const pending = cases.findIndex(({ first, second }) => first === 'pending' && second === 'pending');
        const rejected = cases.findIndex(({ first, second }) => first === 'rejected' && second === 'rejected');
        const accepted = cases.findIndex(({ first, second }) => first === 'accepted' && second === 'rejected');
        await migrator.up();
        // Unfriended; asked again the other way round; left as it was.
        await db.query(`delete from friendships where legacy_id = ${rowId(pending, 0)}`);
        await db.query(`
          update friendships set requester_id = receiver_id, receiver_id = requester_id, status = 'pending', created_at = now()
          where legacy_id = ${rowId(rejected, 0)}`);
        await downToFirst();
        const left = byId(await db.query(`select id, requester_id, status from friendships where id >= 5000`));
        const of = (index: number) =>
          left.filter((row) => [rowId(index, 0), rowId(index, 1)].includes(row['id'] as number));
        expect(of(pending)).toEqual([]);
        expect(of(rejected)).toEqual([
          { id: rowId(rejected, 0), requester_id: userOf(rejected, 1), status: 'pending' },
        ]);
        expect(of(accepted).map((row) => row['status'])).toEqual(['accepted', 'rejected']);
      });
    });

    it('carries what the server has written since back down, with integers from the old sequences', async () => {
      const old = await db.snapshot();
      await migrator.up();
      const player2 = await idOf(2);
      const newId = '019a0000-0000-7000-8000-000000000001';
      const [january] = await db.query<{ id: string }>(`select id from seasons where key = '2026-01'`);
      await db.query(`
        insert into users (id, email, nickname, password_hash, birth_date) values ('${newId}', 'new@x', 'newcomer', 'h', '2001-01-01')`);
      await db.query(
        `insert into friendships (id, requester_id, receiver_id, status) values (gen_random_uuid(), '${newId}', '${player2}', 'pending')`,
      );
      await db.query(`insert into blocks values ('${newId}', '${player2}')`);
      await db.query(`insert into sessions (id, user_id, expires_at) values (gen_random_uuid(), '${newId}', now())`);
      await db.query(
        `insert into session_tokens (token_hash, session_id, expires_at) select '\\x01', id, now() from sessions`,
      );
      await db.query(`insert into visits (user_id, visit_date) values ('${newId}', '2026-03-01')`);
      await db.query(`
        insert into scores (id, user_id, season_id, score, created_at)
        values (gen_random_uuid(), '${newId}', '${january!.id}', 77, '2026-03-01 00:00:00.5+00')`);
      await db.query(`
        insert into standings (season_id, user_id, score, achieved_at, score_id)
        select '${january!.id}', '${newId}', 77, created_at, id from scores where user_id = '${newId}'`);
      // Another leaderboard, which the old schema has no place for.
      await db.query(`
        insert into leaderboards values (gen_random_uuid(), 'laps', 'Laps', 'BEST', 'LOWER_IS_BETTER', 'ALL_TIME', 'UTC')`);
      await db.query(
        `insert into seasons (id, leaderboard_id, key) select gen_random_uuid(), id, 'all-time' from leaderboards where slug = 'laps'`,
      );
      await db.query(
        `insert into scores (id, user_id, season_id, score) select gen_random_uuid(), '${newId}', id, 1 from seasons where key = 'all-time'`,
      );
      await db.query(
        `insert into standings (season_id, user_id, score) select id, '${newId}', 5000000000 from seasons where key = 'all-time'`,
      );
      // An imported standing improved since.
      const [improved] = byId(rowsOf(old, 'monthly_scores').filter((row) => row['user_id'] === 2));
      await db.query(
        `update standings set score = 999999, achieved_at = '2026-03-02 01:02:03.000004+00' where legacy_id = ${improved!['id'] as number}`,
      );

      await downToFirst();
      const back = await db.snapshot();
      const added = (table: string) => {
        const known = new Set(rowsOf(old, table).map((row) => row['id']));
        return rowsOf(back, table).filter((row) => !known.has(row['id']));
      };
      expect(added('users')).toEqual([
        {
          id: 34,
          email: 'new@x',
          nickname: 'newcomer',
          password: 'h',
          birth_date: '2001-01-01',
          role: 'user',
          user_id: newId,
        },
      ]);
      expect(added('friendships')).toMatchObject([{ id: 12, requester_id: 34, receiver_id: 2, status: 'pending' }]);
      expect(added('scores')).toEqual([{ id: 5, user_id: 34, score: 77, created_at: '2026-03-01T00:00:00.5' }]);
      expect(added('monthly_scores')).toEqual([
        { id: 46, user_id: 34, year: 2026, month: 1, score: 77, updated_at: '2026-03-01T00:00:00.5' },
      ]);
      expect(added('game_visits')).toEqual([{ id: 764, user_id: 34, visit_date: '2026-03-01', visit_count: 1 }]);
      for (const table of OLD_TABLES) {
        const rows = by(rowsOf(back, table), 'id');
        for (const row of rowsOf(old, table)) {
          const expected =
            table === 'monthly_scores' && row['id'] === improved!['id']
              ? { ...row, score: 999999, updated_at: '2026-03-02T01:02:03.000004' }
              : row;
          expect(rows.get(row['id'])).toEqual(expected);
        }
      }
      // The old service's own inserts go on from there.
      expect(await db.query(`insert into scores (user_id, score) values (34, 1) returning id`)).toEqual([{ id: 6 }]);

      await migrator.up();
      expect(await idOf(34)).toBe(newId);
    });

    it('gives a newer user its integer at whichever step first needs it', async () => {
      await migrator.up();
      const newId = '019a0000-0000-7000-8000-000000000002';
      await db.query(
        `insert into users (id, email, nickname, password_hash, birth_date) values ('${newId}', 'n@x', 'n', 'h', '2001-01-01')`,
      );
      await db.query(`insert into visits (user_id, visit_date) values ('${newId}', '2026-03-01')`);
      await migrator.down({ to: 'Migration20261121000600_standings_from_monthly_scores' });
      expect(await db.query(`select user_id from game_visits where visit_date = '2026-03-01'`)).toEqual([
        { user_id: 34 },
      ]);
      await migrator.up();
      expect(await db.query(`select user_id from visits where visit_date = '2026-03-01'`)).toEqual([
        { user_id: newId },
      ]);
    });

    describe('at its end', () => {
      beforeEach(() => migrator.up());

      it('takes a deleted player out of every season, and back on restoration', async () => {
        const ranked = async () =>
          (
            await db.query(
              `select distinct ranked from standings st join users u on u.id = st.user_id where u.legacy_id = 2`,
            )
          ).map((row) => row['ranked']);
        await db.query('update users set deleted_at = now() where legacy_id = 2');
        expect(await ranked()).toEqual([false]);
        expect(
          await db.query(`select count(*)::int as n from standings where not ranked and user_id <> '${await idOf(2)}'`),
        ).toEqual([{ n: 0 }]);
        await db.query('update users set deleted_at = null where legacy_id = 2');
        expect(await ranked()).toEqual([true]);
      });

      it('keeps sort_score right where only the score is named', async () => {
        const player = await idOf(2);
        await db.query(
          `insert into leaderboards values ('019a0000-0000-7000-8000-00000000000b', 'laps', 'Laps', 'BEST', 'LOWER_IS_BETTER', 'ALL_TIME', 'UTC')`,
        );
        for (const [key, board, factor] of [
          ['2030-01', MONTHLY, -1],
          ['all-time', '019a0000-0000-7000-8000-00000000000b', 1],
        ] as const) {
          await db.query(
            `insert into seasons (id, leaderboard_id, key) values (gen_random_uuid(), '${board}', '${key}')`,
          );
          const read = async () =>
            (
              await db.query(
                `select st.sort_score::text as s from standings st join seasons on seasons.id = st.season_id where key = '${key}'`,
              )
            )[0]!['s'];
          await db.query(
            `insert into standings (season_id, user_id, score) select id, '${player}', 10 from seasons where key = '${key}'`,
          );
          expect(await read()).toBe(String(factor * 10));
          await db.query(
            `update standings set score = -7 where season_id = (select id from seasons where key = '${key}')`,
          );
          expect(await read()).toBe(String(factor * -7));
        }
      });

      it('lets no second row in for a pair, an email, a nickname or a legacy id', async () => {
        const [a, b] = [await idOf(2), await idOf(1)];
        const refused: [string, RegExp][] = [
          [
            `insert into friendships (id, requester_id, receiver_id) values (gen_random_uuid(), '${b}', '${a}')`,
            /friendships_pair_unique/,
          ],
          [
            `insert into users (id, email, nickname) values (gen_random_uuid(), 'PLAYER2@example.com', 'fresh')`,
            /users_email_unique/,
          ],
          [
            `insert into users (id, email, nickname) values (gen_random_uuid(), 'fresh@x', 'ＯＮame')`,
            /users_nickname_key_unique/,
          ],
          [
            `insert into users (id, legacy_id, nickname) values (gen_random_uuid(), 2, 'fresh')`,
            /users_legacy_id_unique/,
          ],
          [
            `insert into visits (user_id, visit_date, visit_count) values ('${a}', '2030-01-01', 0)`,
            /visits_count_positive/,
          ],
          [`update users set role = 'root' where legacy_id = 2`, /users_role_check/],
          [`insert into blocks values ('${a}', '${a}')`, /blocks_no_self/],
          [
            `update standings set score = 9007199254740992, sort_score = -9007199254740992 where legacy_id = 2`,
            /standings_safe_integer/,
          ],
        ];
        for (const [sql, message] of refused) await expect(db.query(sql)).rejects.toThrow(message);
      });
    });
  });
}
