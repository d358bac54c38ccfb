import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Migrator } from '@mikro-orm/migrations';
import { RIGHT_TREE, TREE_FAULTS } from '../support/rank-tree.js';
import { type OpenDatabase, type TestDatabase, loadFixture, migrationNames } from './support.js';

const TREE = 'Migration20261121001000_standing_counts';
const SEASON = '11111111-1111-4111-8111-111111111111';

/** The rank tree of a database that has standings already. */
export function rankTreeSuite(open: OpenDatabase): void {
  describe('the rank tree', () => {
    let db: TestDatabase;
    beforeAll(async () => {
      db = await open();
    });
    afterAll(() => db?.close());

    /** The old database, then a crowd of 700 equals, 100 with scores of their own, and every tenth deleted. */
    async function played(): Promise<Migrator> {
      const migrator = await db.fresh();
      await loadFixture(db, migrator);
      const names = await migrationNames();
      await migrator.up({ to: names[names.indexOf(TREE) - 1]! });
      await db.query(`insert into users (id, nickname)
        select gen_random_uuid(), 'crowd-' || i from generate_series(1, 800) i`);
      await db.query(`insert into seasons (id, leaderboard_id, key)
        select '${SEASON}', id, '1999-01' from leaderboards`);
      await insert(`case when i <= 700 then 5 else i * 1000 end`, `nickname like 'crowd-%'`);
      await db.query(`update users set deleted_at = now() where nickname like 'crowd-%0'`);
      return migrator;
    }

    /** As by hand, naming four columns. */
    const insert = (score: string, whose: string) =>
      db.query(`insert into standings (season_id, user_id, score, achieved_at)
        select '${SEASON}', id, ${score}, '2026-02-05'::timestamptz + i % 7 * interval '1 second'
        from (select id, split_part(nickname, '-', 2)::integer as i from users where ${whose}) players`);

    async function faults() {
      const [row] = await db.query(TREE_FAULTS);
      return row;
    }

    /** Where the season's players are counted: in all, with the crowd's score, and in runs of it. */
    async function counted() {
      const [row] = await db.query(`select
        (select sum(players)::int from standing_counts where season_id = '${SEASON}' and level = 0) as players,
        (select players from standing_counts where season_id = '${SEASON}' and level = 0 and bucket = -5) as crowd,
        (select sum(players)::int from standing_tie_counts where season_id = '${SEASON}') as in_runs`);
      return row;
    }

    it('counts standings that are there, loses itself on the way down, and counts again on the way up', async () => {
      const migrator = await played();
      const before = { schema: await db.fingerprint(), rows: await db.snapshot() };
      await migrator.up({ migrations: [TREE] });
      expect(await faults()).toEqual(RIGHT_TREE);
      expect(await counted()).toEqual({ players: 720, crowd: 630, in_runs: 630 });

      await migrator.down({ migrations: [TREE] });
      expect({ schema: await db.fingerprint(), rows: await db.snapshot() }).toEqual(before);
      const tables = await db.query(`select from pg_class where relname in ('standing_counts', 'standing_tie_counts')`);
      expect(tables).toEqual([]);
      // Between the two, nobody counts.
      await db.query(`delete from standings where season_id = '${SEASON}' and score > 750000`);
      await db.query(`update users set deleted_at = null where nickname = 'crowd-10'`);

      await migrator.up({ migrations: [TREE] });
      expect(await faults()).toEqual(RIGHT_TREE);
      expect(await counted()).toEqual({ players: 676, crowd: 631, in_runs: 631 });
    });

    it('a standing inserted by hand for a deleted player is not ranked until the player is back', async () => {
      const migrator = await played();
      await migrator.up();
      await db.query(`insert into users (id, nickname, deleted_at)
        select gen_random_uuid(), 'late-' || i, case when i = 2 then now() end from generate_series(1, 2) i`);
      await insert('5', `nickname like 'late-%'`);
      const ranked = () =>
        db.query(`select nickname, ranked from standings s join users u on u.id = s.user_id
          where nickname like 'late-%' order by nickname`);
      expect(await ranked()).toEqual([
        { nickname: 'late-1', ranked: true },
        { nickname: 'late-2', ranked: false },
      ]);
      expect(await counted()).toEqual({ players: 721, crowd: 631, in_runs: 631 });
      await db.query(`update users set deleted_at = null where nickname = 'late-2'`);
      expect(await counted()).toEqual({ players: 722, crowd: 632, in_runs: 632 });
      expect(await faults()).toEqual(RIGHT_TREE);
    });

    it('players deleted and restored by one statement leave and come back together', async () => {
      const migrator = await played();
      await migrator.up();
      await db.query(`update users set deleted_at = case when deleted_at is null then now() end
        where nickname like 'crowd-%'`);
      expect(await counted()).toEqual({ players: 80, crowd: 70, in_runs: 70 });
      expect(await faults()).toEqual(RIGHT_TREE);
      await db.query(`update users set deleted_at = null, updated_at = now() where nickname like 'crowd-%'`);
      expect(await counted()).toEqual({ players: 800, crowd: 700, in_runs: 700 });
      // A second time changes nothing.
      await db.query(`update users set deleted_at = null where nickname like 'crowd-%'`);
      expect(await counted()).toEqual({ players: 800, crowd: 700, in_runs: 700 });
      expect(await faults()).toEqual(RIGHT_TREE);
    });
  });
}
