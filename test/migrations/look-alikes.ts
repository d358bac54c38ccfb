import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type OpenDatabase, type TestDatabase, loadFixture, migrationNames } from './support.js';

const LOOK_ALIKES = 'Migration20261121002100_look_alikes';

/** Nicknames by age: those of one line look alike, and the first is the oldest player's. */
const ALIKE = [['Dave', 'Dаve', 'Dаvе', 'ＤAѴE'], ['Lily', 'LiIy'], ['mom', 'rnom', 'Mоm'], ['alone']];

/** Players who look alike when the rule comes. */
export function lookAlikeSuite(open: OpenDatabase): void {
  describe('players who look alike', () => {
    let db: TestDatabase;
    beforeAll(async () => {
      db = await open();
    });
    afterAll(() => db?.close());

    const names = async (condition: string) =>
      (await db.query(`select nickname from users where ${condition} order by nickname collate "C"`)).map(
        ({ nickname }) => nickname as string,
      );

    it('all keep their nicknames, and the oldest holds it against others', async () => {
      const migrator = await db.fresh();
      await loadFixture(db, migrator);
      const history = await migrationNames();
      await migrator.up({ to: history[history.indexOf(LOOK_ALIKES) - 1]! });
      // Inserted from the youngest on.
      for (const [place, nickname] of ALIKE.flatMap((line) => [...line.entries()]).toReversed()) {
        await db.query(`insert into users (id, nickname, created_at)
          values (gen_random_uuid(), '${nickname}', '2026-01-0${place + 1}')`);
      }
      // The oldest of all, but nobody any more.
      await db.query(`insert into users (id, nickname, created_at, deleted_at, scrubbed_at)
        values (gen_random_uuid(), 'DAVЕ', '2020-01-01', '2020-01-02', '2020-01-03')`);
      const before = { schema: await db.fingerprint(), rows: await db.snapshot() };

      await migrator.up({ migrations: [LOOK_ALIKES] });
      const after = await db.snapshot();
      const losers = [...ALIKE.flatMap(([, ...younger]) => younger), 'DAVЕ'].toSorted();
      expect((await names('look_alike_kept')).toSorted()).toEqual(losers);
      expect(await names('look_alike_kept <> (nickname_skeleton is null)')).toEqual([]);
      expect((await names('true')).length).toBe(before.rows['users']!.length);
      await expect(db.query(`insert into users (id, nickname) values (gen_random_uuid(), 'Dаv℮')`)).rejects.toThrow(
        /users_nickname_skeleton_unique/,
      );

      await migrator.down({ migrations: [LOOK_ALIKES] });
      expect({ schema: await db.fingerprint(), rows: await db.snapshot() }).toEqual(before);
      await migrator.up({ migrations: [LOOK_ALIKES] });
      expect(await db.snapshot()).toEqual(after);
    });
  });
}
