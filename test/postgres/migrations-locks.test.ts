import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { type TestDatabase, loadFixture, openPostgres } from '../migrations/support.js';

/** Needs a second connection, which the embedded database does not have. */
describe('migrations on PostgreSQL beside a writer', () => {
  let db: TestDatabase;
  let writer: Client;
  beforeAll(async () => {
    db = await openPostgres();
    const [{ name }] = (await db.query<{ name: string }>('select current_database() as name')) as [{ name: string }];
    const url = new URL(process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres');
    url.pathname = `/${name}`;
    writer = new Client({ connectionString: url.href });
    await writer.connect();
  });
  afterAll(async () => {
    await writer?.end();
    await db?.close();
  });

  it.each([
    [
      'scores',
      `insert into scores (id, user_id, score, created_at) values (80, 9999, 1, '2026-01-01')`,
      /scores: orphans.*ids: 80\./,
    ],
    [
      'monthly_scores',
      `insert into monthly_scores (id, user_id, year, month, score) values (90, 9999, 2026, 1, 1)`,
      /monthly_scores: orphans.*ids: 90\./,
    ],
    [
      'game_visits',
      `insert into game_visits (id, user_id, visit_date, visit_count) values (900, 2, '2030-01-01', 0)`,
      /game_visits: visit_count.*ids: 900\./,
    ],
    ['friendships', `update friendships set status = 'odd' where id = 1`, /friendships: unknown status.*ids: 1\./],
    ['users', `update users set role = 'odd' where id = 2`, /users: unknown role.*ids: 2\./],
  ])('waits for an open write to %s and then sees its row', async (_table, sql, says) => {
    const migrator = await db.fresh();
    await loadFixture(db, migrator);
    await writer.query('begin');
    await writer.query(sql);
    let settled = false;
    const run = migrator.up().then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    void run.then(() => (settled = true));
    for (;;) {
      const { rows } = await writer.query<{ n: number }>(
        `select count(*)::int as n from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`,
      );
      if (rows[0]!.n > 0 || settled) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(settled).toBe(false);
    await writer.query('commit');
    expect((await run)?.message).toMatch(says);
    expect((await migrator.getExecuted()).length).toBe(1);
  });
});
