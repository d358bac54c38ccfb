import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { verifyPassword } from '../../src/account/password.js';
import { convertGame } from '../../src/transfer/game/convert.js';
import { isReconciled, reconcileGame } from '../../src/transfer/game/reconcile.js';
import { recogniseGame } from '../../src/transfer/game/shape.js';
import { check, openTarget, OPTIONS, stage, table, TABLES, type TestTarget, undone } from './game-support.js';

/** The old MySQL database has no user_id. */
const SHAPE = recogniseGame([
  table('users', 'id integer, email varchar, nickname varchar, password varchar, birth_date date, role varchar'),
  ...TABLES.slice(1),
])!;

/** The old database's rows as they are in the dump, with its one orphan. */
const INSERTS = (
  readFileSync(new URL('../fixtures/hexdb-mysql.sql', import.meta.url), 'utf8').match(/^INSERT INTO [^;]+/gm) ?? []
).map((statement) => statement.replace(/^INSERT INTO (\w+)/, 'insert into laurel_staging_$1'));

describe('the old MySQL database', () => {
  let open: TestTarget;
  beforeAll(async () => {
    open = await openTarget();
  });
  afterAll(() => open.close());

  async function stageFixture(): Promise<void> {
    await stage(open.target, {}, SHAPE);
    for (const insert of INSERTS) {
      await open.target.query(insert);
    }
  }

  test('has one orphan, at whose both ends nobody is', async () => {
    const { findings } = await undone(open.target, async () => {
      await stageFixture();
      return check(open.target, {}, OPTIONS, SHAPE);
    });
    expect(findings).toEqual([
      { kind: 'orphans', table: 'friendships', column: 'requester_id', rows: 1, samples: ['id 3'], policy: 'fail' },
      { kind: 'orphans', table: 'friendships', column: 'receiver_id', rows: 1, samples: ['id 3'], policy: 'fail' },
    ]);
  });

  test('arrives without the orphan: 446 rows, sequences, standings, passwords, keys as they were', async () => {
    const { target } = open;
    const definitions = `select conrelid::regclass::text as place, conname as name, pg_get_constraintdef(oid) as text
        from pg_constraint where connamespace = 'public'::regnamespace
      union all select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'
      union all select tgrelid::regclass::text, tgname, tgenabled::text from pg_trigger where not tgisinternal
      order by 1, 2, 3`;
    const before = await target.query(definitions);
    await undone(target, async () => {
      await stageFixture();
      const { rejected } = await check(target, { orphans: 'reject' }, OPTIONS, SHAPE);
      expect(rejected).toEqual({ users: 0, scores: 0, friendships: 1, monthly_scores: 0, game_visits: 0 });
      const counts = await convertGame(target, SHAPE, OPTIONS);
      expect(counts.map(({ read, written, merged }) => [read, written, merged])).toEqual([
        [31, 31, 0],
        [4, 4, 0],
        [5, 5, 0],
        [31, 31, 0],
        [375, 375, 0],
      ]);
      const reconciliation = await reconcileGame(target, SHAPE, OPTIONS, counts);
      expect(reconciliation.audits.filter(({ wrong }) => wrong > 0)).toEqual([]);
      expect(isReconciled(reconciliation)).toBe(true);
      expect(reconciliation.tables[1]!.sums).toContainEqual({ column: 'score', staged: '7730', stored: '7730' });

      expect(await target.query(definitions)).toEqual(before);
      expect(
        await target.query(`select array[
          (select last_value from users_id_seq), (select last_value from scores_id_seq),
          (select last_value from friendships_id_seq), (select last_value from monthly_scores_id_seq),
          (select last_value from game_visits_id_seq)]::integer[] as last`),
      ).toEqual([{ last: [33, 4, 10, 45, 763] }]);
      expect(
        await target.query(
          `select u.nickname, s.score::integer, 1 + laurel_count_better(s.season_id, s.sort_score) as rank
            from standings s join users u on u.id = s.user_id join seasons on seasons.id = s.season_id
            where seasons.key = '2026-02' order by s.sort_score, s.achieved_at limit 8`,
        ),
      ).toEqual([
        { nickname: '김예준', score: 4057, rank: 1 },
        { nickname: '정서서', score: 3317, rank: 2 },
        { nickname: '윤예준', score: 3198, rank: 3 },
        { nickname: '김하은', score: 2588, rank: 4 },
        { nickname: '김유나', score: 1873, rank: 5 },
        { nickname: '장도윤', score: 1836, rank: 6 },
        { nickname: 'admin', score: 1244, rank: 7 },
        { nickname: '임민준', score: 1244, rank: 7 },
      ]);
      const [oname] = await target.query<{ hash: string; created: string }>(
        `select password_hash as hash, to_char(created_at, 'YYYY-MM-DD') as created from users
          where lower(email) = 'player2@example.com'`,
      );
      expect(await verifyPassword('password-2', oname!.hash)).toEqual({ valid: true, outdated: true });
      // The earliest trace of a player; nobody noted when they registered.
      expect(oname!.created < '2026-01-13').toBe(true);
    });
    expect(await target.query('select last_value::integer as last, is_called from users_id_seq')).toEqual([
      { last: 1, is_called: false },
    ]);
  });

  test('attaches scores to the month of the season’s zone, by the clock of the source’s', async () => {
    const options = { ...OPTIONS, timeZone: 'Asia/Seoul', seasonTimeZone: 'America/New_York' };
    const scores = await undone(open.target, async () => {
      await stageFixture();
      await check(open.target, { orphans: 'reject' }, options, SHAPE);
      const counts = await convertGame(open.target, SHAPE, options);
      expect(isReconciled(await reconcileGame(open.target, SHAPE, options, counts))).toBe(true);
      return open.target.query(
        `select s.legacy_id as id, seasons.key, to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as at
          from scores s join seasons on seasons.id = s.season_id order by 1`,
      );
    });
    expect(scores).toEqual([
      { id: 1, key: '2026-01', at: '2026-01-12 12:04:11' },
      { id: 2, key: '2026-01', at: '2026-01-20 00:15:42' },
      { id: 3, key: '2026-01', at: '2026-01-31 14:59:58' },
      { id: 4, key: '2026-01', at: '2026-01-31 15:00:03' },
    ]);
  });
});
