import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Finished, laurel } from '../cli/process.js';
import { type CsvPlace, csvPlace } from './import-support.js';

let place: CsvPlace;
beforeAll(async () => {
  place = await csvPlace();
});
afterAll(() => place?.close());

function run(words: string[], settings: Record<string, string> = {}): Promise<Finished> {
  return laurel(['import', ...words], { DATABASE_URL: place.url, DATA_DIR: join(place.folder, 'data'), ...settings });
}

test.each([
  ['mysql', 'mysql://root:s3cret@127.0.0.1'],
  ['mysql', 'root:s3cret@127.0.0.1/game'],
  ['postgres', 'postgrs://u:s3cret@127.0.0.1/game'],
  ['postgres', 'postgres://u:s3cr#et@127.0.0.1/game'],
])('%s refuses %s without a word of it', async (kind, url) => {
  const { code, output } = await run([kind, '--from', url]);
  expect([code, output]).toEqual([2, expect.stringMatching(/^--from is to be like .*Nothing was changed/)]);
  expect(output).not.toMatch(/s3cr/);
});

test('a target that cannot be opened is told with what to do', async () => {
  const file = place.file('any.csv', 'id\n1\n');
  const unreadable = await run(['csv', file], { DATABASE_URL: 'postgres://u:s3cr#et@127.0.0.1/x' });
  expect([unreadable.code, unreadable.output]).toEqual([expect.any(Number), expect.stringMatching(/DATABASE_URL.*/)]);
  expect(unreadable.output).not.toMatch(/s3cr|^ +at /m);
  const down = await run(['csv', file], { DATABASE_URL: 'postgres://u@127.0.0.1:1/x' });
  expect([down.code, down.output]).toEqual([
    1,
    expect.stringMatching(
      /could not be opened \(PostgreSQL at 127\.0\.0\.1:1\/x\): .*ECONNREFUSED.*Nothing was changed\. See/,
    ),
  ]);
});

test('names of no tables are refused', async () => {
  const { code, output } = await run(['csv', place.file('any.csv', 'id\n1\n'), '--tables', ',']);
  expect([code, output]).toEqual([2, expect.stringContaining('names with commas between')]);
});

test('a condition for a table that is not carried over is refused', async () => {
  await place.client.query(`create schema game; set search_path to game;
    create table users (id int primary key, email text, nickname text, password text, birth_date date, role text, user_id text);
    create table scores (id int primary key, user_id int, score int, created_at timestamp);
    create table friendships (id int primary key, requester_id int, receiver_id int, status text, created_at timestamp);
    create table monthly_scores (id int primary key, user_id int, year int, month int, score int, updated_at timestamp);
    create table game_visits (id int primary key, user_id int, visit_date date, visit_count int);
    create table extra (id int primary key); reset search_path`);
  const words = ['postgres', '--from', place.url, '--from-schema', 'game', '--where'];
  const refused = await run([...words, 'extra=id = 7']);
  expect([refused.code, refused.output]).toEqual([
    2,
    expect.stringMatching(/extra is not carried over\. Nothing was changed/),
  ]);
  const taken = await run([...words, 'scores=id = 7']);
  expect(taken.output).not.toContain('--where is for tables that are read');
});

test('infinity is a fault of numbers with so many digits', async () => {
  await place.client.query('create table nu (id int primary key, n numeric(10,2))');
  const { report } = await place.run(place.file('nu.csv', 'id,n\n1,Infinity\n2,NaN\n'));
  expect(report?.findings).toEqual([expect.objectContaining({ kind: 'numbers', column: 'n', rows: 1 })]);
});
