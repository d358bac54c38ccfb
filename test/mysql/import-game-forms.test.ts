import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { laurel } from '../cli/process.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { answer, countsOf, findingsOf, importMysql, reportIn, stateOf, workplace } from './import-support.js';
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

describe('rejected rows', () => {
  beforeAll(() =>
    mysql.run(`create table kept like scores; insert into kept select * from scores;
      alter table scores modify created_at timestamp null;
      update scores set created_at = '0000-00-00 00:00:00' where id = 1; update scores set user_id = 99 where id = 2;
      update friendships set receiver_id = 99 where id = 1; update monthly_scores set month = 13 where id = 2`),
  );
  afterAll(() =>
    mysql.run(`drop table scores; rename table kept to scores; update monthly_scores set month = 2 where id = 2;
      update friendships set receiver_id = 1 where id = 1`),
  );

  test('come back corrected by one command, whether their times have an offset or the source’s clock', async () => {
    const folder = place.fresh('rejects');
    const policies = ['dates', 'orphans', 'months'].flatMap((kind) => [`--${kind}`, 'reject']);
    const done = await run(...ZONE, ...policies, '--rejects', folder);
    expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
    const scores = readFileSync(join(folder, 'scores.csv'), 'utf8');
    expect(scores).toMatch(/^2,99,\d+,2026-01-20 09:15:42\+00,orphans: user_id$/m);
    correct(folder, 'scores', /0000-00-00 00:00:00(\+00)?/, '2026-01-12 21:04:11');
    correct(folder, 'scores', /^2,99,/m, '2,5,');
    correct(folder, 'friendships', /^(1,\d+),99,/m, '$1,5,');
    const months = readFileSync(join(folder, 'monthly_scores.csv'), 'utf8');
    correct(folder, 'monthly_scores', /,13,/, ',2,');

    const words = ['import', 'csv', folder, '--game', '--merge', 'newer', '--json'];
    const settings = { DATABASE_URL: database.url!, DATA_DIR: place.path };
    const zoneless = await laurel(words, settings);
    expect(findingsOf(reportIn(zoneless.output))).toEqual([
      'time-zones friendships.created_at 1',
      'time-zones monthly_scores.updated_at 1',
      'time-zones scores.created_at 1',
    ]);
    expect(await laurel([...words, '--time-zones', 'keep'], settings)).toMatchObject({
      code: 2,
      output: expect.stringMatching(/Nothing was changed.*--source-time-zone/),
    });
    const back = await laurel([...words, ...ZONE], settings);
    expect([back.code, findingsOf(reportIn(back.output))]).toEqual([0, []]);
    expect(countsOf(reportIn(back.output))).toEqual({
      scores: [2, 2, 0, 0, 0],
      friendships: [1, 1, 0, 0, 0],
      monthly_scores: [1, 1, 0, 0, 0],
    });
    const at = `to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')`;
    expect(
      await answer(database.url!, `select ${at} as v from scores where legacy_id in (1, 2) order by legacy_id`),
    ).toEqual(['2026-01-12 12:04:11', '2026-01-20 09:15:42']);
    const [, local] = /,(2026-[^,]*),/.exec(months.split('\n')[1]!)!;
    expect(
      await answer(
        database.url!,
        `select achieved_at = '${local}'::timestamp at time zone 'Asia/Seoul' as v from standings where legacy_id = 2`,
      ),
    ).toEqual([true]);
  });
});

/** Changes the one place in a file that is wrong. */
function correct(folder: string, table: string, wrong: RegExp, right: string): void {
  const path = join(folder, `${table}.csv`);
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(wrong);
  writeFileSync(path, text.replace(wrong, right));
}

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
