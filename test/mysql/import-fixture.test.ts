import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { startTestServer } from '../support/server.js';
import { countsOf, findingsOf, importMysql, rejectedIn, stateOf, workplace } from './import-support.js';
import { GAME_FIXTURE, type MysqlDatabase, mysqlDatabase, runFile } from './support.js';

const place = workplace();
const ZONE = ['--source-time-zone', 'Asia/Seoul'];
/** Its one friendship between two who are not there is found by each of its ends. */
const ORPHAN = ['orphans friendships.receiver_id 1', 'orphans friendships.requester_id 1'];
const READ = { users: 31, scores: 4, friendships: 6, monthly_scores: 31, game_visits: 375 };

let mysql: MysqlDatabase;
let database: TestDatabase;

beforeAll(async () => {
  mysql = await mysqlDatabase();
  await runFile(mysql, GAME_FIXTURE);
  database = await openTestDatabase();
});

afterAll(async () => {
  await mysql?.drop();
  await database?.close();
  place.remove();
});

const run = (...words: string[]): ReturnType<typeof importMysql> =>
  importMysql(mysql.url, { url: database.url! }, [...ZONE, ...words], place);

test('a dry run, and a run without a policy, find the orphan and change nothing', async () => {
  const before = await stateOf(database.url!);
  const dry = await run('--dry-run');
  expect([dry.code, dry.report?.outcome, findingsOf(dry.report)]).toEqual([1, 'findings', ORPHAN]);
  expect(countsOf(dry.report)).toEqual(
    Object.fromEntries(Object.entries(READ).map(([table, read]) => [table, [read, 0, 0, 0, 0]])),
  );
  expect(await stateOf(database.url!)).toBe(before);

  const ended = await run();
  expect([ended.code, ended.report?.outcome, findingsOf(ended.report)]).toEqual([1, 'findings', ORPHAN]);
  expect(await stateOf(database.url!)).toBe(before);

  // With a policy for everything a dry run tells what would be: that is a finding still.
  const folder = place.fresh('dry');
  const chosen = await run('--dry-run', '--orphans', 'reject', '--rejects', folder);
  expect([chosen.code, chosen.report?.outcome]).toEqual([1, 'checked']);
  expect(await stateOf(database.url!)).toBe(before);
});

test('446 rows arrive and one is kept in a file; then it is in use, and merges what it has', async () => {
  const folder = place.fresh('rejects');
  const kept = place.fresh('report.json');
  const done = await run('--orphans', 'reject', '--rejects', folder, '--report', kept);
  expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
  expect(countsOf(done.report)).toEqual({
    users: [31, 31, 0, 0, 0],
    scores: [4, 4, 0, 0, 0],
    friendships: [6, 5, 0, 1, 0],
    monthly_scores: [31, 31, 0, 0, 0],
    game_visits: [375, 375, 0, 0, 0],
  });
  expect(done.report!.sequences.map(({ name, last }) => [name, Number(last)])).toEqual([
    ['users_id_seq', 33],
    ['scores_id_seq', 4],
    ['friendships_id_seq', 10],
    ['monthly_scores_id_seq', 45],
    ['game_visits_id_seq', 763],
  ]);
  for (const { comparisons } of done.report!.tables) {
    expect(comparisons.map(({ between, equal }) => [between, equal])).toEqual([
      ['source and arrived', true],
      ['checked and stored', true],
    ]);
  }
  expect(done.report!.audits.length).toBeGreaterThan(0);
  expect(done.report!.audits.filter(({ wrong }) => wrong !== 0)).toEqual([]);
  expect({ ...JSON.parse(readFileSync(kept, 'utf8')), report: kept }).toEqual(done.report);

  expect(readdirSync(folder)).toEqual(['friendships.csv']);
  expect(readFileSync(join(folder, 'friendships.csv'), 'utf8')).toBe(
    'id,requester_id,receiver_id,status,created_at,_reasons\n3,4,3,pending,2026-01-15 18:30:21,orphans: requester_id\n',
  );
  expect(done.report!.rejects).toEqual([join(folder, 'friendships.csv')]);

  const after = await stateOf(database.url!);
  const again = await run('--orphans', 'reject', '--rejects', place.fresh('again'));
  expect(again.code).toBe(1);
  expect(again.output).toMatch(/in use.*[Nn]othing was changed/s);
  expect(await stateOf(database.url!)).toBe(after);

  const merged = await run('--merge', 'newer', '--orphans', 'reject', '--rejects', place.fresh('merged'));
  expect([merged.code, merged.report?.outcome]).toEqual([0, 'done']);
  expect(countsOf(merged.report)).toEqual({
    users: [31, 0, 31, 0, 0],
    scores: [4, 0, 4, 0, 0],
    friendships: [6, 0, 5, 1, 0],
    monthly_scores: [31, 0, 31, 0, 0],
    game_visits: [375, 0, 375, 0, 0],
  });
  expect(merged.report!.tables.map(({ updated }) => updated)).toEqual([0, 0, 0, 0, 0]);
  expect(await stateOf(database.url!)).toBe(after);
});

test('players sign in with their old passwords', async () => {
  const server = await startTestServer({}, database);
  try {
    const signIn = (password: string) =>
      server.graphql('mutation ($input: LoginInput!) { login(input: $input) { accessToken user { nickname } } }', {
        input: { email: 'Player2@example.com', password },
      });
    const wrong = await signIn('password-3');
    expect(wrong.errors).toHaveLength(1);
    const right = await signIn('password-2');
    expect([right.errors, right.data.login.user.nickname]).toEqual([undefined, 'oname']);
  } finally {
    await server.apollo.stop();
    await server.http.close();
  }
});

test('the embedded database takes the same, and is made where there is none', async () => {
  const folder = place.fresh('embedded');
  const rejects = place.fresh('embedded-rejects');
  const into = { folder };
  const done = await importMysql(mysql.url, into, [...ZONE, '--orphans', 'reject', '--rejects', rejects], place);
  expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
  expect(Object.values(countsOf(done.report)).map(([read, written]) => [read, written])).toEqual([
    [31, 31],
    [4, 4],
    [6, 5],
    [31, 31],
    [375, 375],
  ]);
  expect(done.report!.sequences.map(({ last }) => last)).toEqual(['33', '4', '10', '45', '763']);
  expect(rejectedIn(rejects)['friendships']).toHaveLength(1);
  // Reports go beside the database where nothing else is said.
  expect(readdirSync(join(folder, 'reports'))).toHaveLength(1);
});
