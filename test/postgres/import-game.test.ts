import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPlace, type Place, runImport } from './import-support.js';

const folder = mkdtempSync(join(tmpdir(), 'laurel-game-'));
let source: Place;
let target: Place;
beforeAll(async () => {
  source = await openPlace('template0');
  await source.client.query(readFileSync(new URL('../fixtures/hexdb-postgres.sql', import.meta.url), 'utf8'));
  // The file leaves the connection without a schema.
  await source.client.query('reset search_path');
  target = await openPlace(process.env['LAUREL_TEST_TEMPLATE']);
});
afterAll(async () => {
  await target?.close();
  await source?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('the old game service moves in from PostgreSQL, and its UUIDs stay the players’', async () => {
  const given = await source.client.query('select id, user_id from users where user_id is not null order by 1');
  expect(given.rows.length).toBeGreaterThan(0);
  const words = ['postgres', '--from', source.url, '--source-time-zone', 'Asia/Seoul'];
  const { code, report } = await runImport(target, folder, words);
  expect([code, report?.outcome]).toEqual([0, 'done']);
  expect(report?.tables.map(({ table, written }) => `${table} ${written}`)).toEqual([
    'users 31',
    'scores 4',
    'friendships 6',
    'monthly_scores 31',
    'game_visits 375',
  ]);
  const { rows } = await target.client.query(
    'select legacy_id as id, id as user_id from users where legacy_id = any ($1) order by 1',
    [given.rows.map(({ id }) => id)],
  );
  expect(rows).toEqual(given.rows);
});
