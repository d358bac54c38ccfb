import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { countsOf, findingsOf, importMysql, stateOf, workplace } from './import-support.js';
import { GAME_FIXTURE, type MysqlDatabase, mysqlDatabase, runFile } from './support.js';

const place = workplace();
const ZONE = ['--source-time-zone', 'Asia/Seoul'];

let mysql: MysqlDatabase;
let database: TestDatabase;

beforeAll(async () => {
  mysql = await mysqlDatabase();
  await runFile(mysql, GAME_FIXTURE);
  await mysql.run('delete from friendships where id = 3');
});
beforeEach(async () => {
  await database?.close();
  database = await openTestDatabase();
});
afterAll(async () => {
  await mysql?.drop();
  await database?.close();
  place.remove();
});

const run = (...words: string[]): ReturnType<typeof importMysql> =>
  importMysql(mysql.url, { url: database.url! }, words, place);

test('times of the game service cannot be kept without a zone', async () => {
  const before = await stateOf(database.url!);
  const kept = await run('--time-zones', 'keep');
  expect([kept.code, kept.output]).toEqual([
    2,
    expect.stringMatching(/become instants.*Nothing was changed.*--source-time-zone/),
  ]);
  expect(await stateOf(database.url!)).toBe(before);
  expect((await run('--time-zones', 'keep', ...ZONE)).code).toBe(0);
});

describe('tables of the service in another form', () => {
  beforeAll(() =>
    mysql.run(`alter table game_visits modify visit_date datetime; alter table friendships modify created_at date;
      alter table users modify role int; rename table monthly_scores to Monthly_Scores`),
  );
  afterAll(() =>
    mysql.run(`alter table game_visits modify visit_date date; alter table friendships modify created_at datetime;
      alter table users modify role varchar(20); update users set role = 'user';
      rename table Monthly_Scores to monthly_scores`),
  );

  const FOUND = [
    'definitions Monthly_Scores.* 0',
    'definitions friendships.created_at 0',
    'definitions game_visits.visit_date 0',
    'definitions users.role 0',
  ];

  test('are found, in a dry run as well, and nothing is changed', async () => {
    const before = await stateOf(database.url!);
    for (const words of [['--dry-run'], []]) {
      const ended = await run(...ZONE, ...words);
      expect([ended.code, ended.report?.outcome, findingsOf(ended.report)]).toEqual([1, 'findings', FOUND]);
    }
    expect(await stateOf(database.url!)).toBe(before);
  });

  test('are left out where that is said, and named', async () => {
    const done = await run(...ZONE, '--definitions', 'plain');
    expect([done.code, done.report?.outcome, findingsOf(done.report)]).toEqual([0, 'done', FOUND]);
    expect(countsOf(done.report)).toEqual({ users: [31, 31, 0, 0, 0], scores: [4, 4, 0, 0, 0] });
    expect(done.report!.notCarried).toEqual(
      expect.arrayContaining([
        { name: 'game_visits', why: 'visit_date is datetime, and a date in the game service' },
        { name: 'friendships', why: 'created_at is date, and a date and time in the game service' },
        { name: 'users.role', why: 'role is int(11), and text in the game service' },
        { name: 'Monthly_Scores', why: 'the table is called monthly_scores in the game service' },
      ]),
    );
  });
});
