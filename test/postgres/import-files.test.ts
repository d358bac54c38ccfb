import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { laurel } from '../cli/process.js';
import { type CsvPlace, csvPlace } from './import-support.js';

let place: CsvPlace;
beforeAll(async () => {
  place = await csvPlace();
  await place.client.query('create table parents (id integer primary key); insert into parents values (1)');
});
afterAll(() => place?.close());

let path: string;
let rejects: string;
let count = 0;
beforeEach(async () => {
  await place.client.query(`drop table if exists things;
    create table things (id integer primary key, parent integer references parents, note text)`);
  path = place.file('things.csv', 'id,parent,note\n1,99,lost\n2,1,kept\n');
  rejects = join(place.folder, `rejects-${(count += 1)}`);
});

async function rows(): Promise<number> {
  const { rowCount } = await place.client.query('select from things');
  return rowCount!;
}

const REJECTING = ['--orphans', 'reject', '--rejects'];

test('rejected rows that cannot be written are not lost: nothing is changed', async () => {
  mkdirSync(rejects);
  symlinkSync('/dev/full', join(rejects, 'things.csv.part'));
  const ended = await place.run(path, ...REJECTING, rejects);
  expect([ended.code, ended.output]).toEqual([
    1,
    expect.stringMatching(/Rejected rows could not be written to .*things\.csv.*ENOSPC.* Nothing was changed/),
  ]);
  expect(await rows()).toBe(0);
});

test('a folder of rejected rows that is a file is refused', async () => {
  const refused = await place.run(path, ...REJECTING, path);
  expect([refused.code, refused.output]).toEqual([
    1,
    expect.stringMatching(/cannot be written to the folder .*Name another folder/),
  ]);
  expect(await rows()).toBe(0);
});

test('a report in a folder, or where nothing can be, is refused before anything is read', async () => {
  for (const report of [place.folder, '/dev/null/report.json']) {
    const refused = await place.run(path, ...REJECTING, rejects, '--report', report);
    expect([refused.code, refused.output]).toEqual([2, expect.stringMatching(/Nothing was changed\. Name /)]);
  }
  expect(existsSync(rejects)).toBe(false);
  expect(await rows()).toBe(0);
});

test('a report that cannot be written rolls back, and the rejected rows go with it', async () => {
  const report = join(place.folder, 'full.json');
  symlinkSync('/dev/full', `${report}.part`);
  const ended = await place.run(path, ...REJECTING, rejects, '--report', report);
  expect([ended.code, ended.output]).toEqual([
    1,
    expect.stringMatching(/The report could not be written to .*ENOSPC.* Nothing was changed/),
  ]);
  expect(await rows()).toBe(0);
  expect(readdirSync(rejects).filter((name) => name.startsWith('things'))).toEqual([]);
});

test('what a dry run or a failed run left is written over; what somebody changed, or a run left, is not', async () => {
  const dry = await place.run(path, '--dry-run', ...REJECTING, rejects);
  expect([dry.code, dry.report?.outcome]).toEqual([1, 'checked']);
  const failed = await place.run(path, '--rejects', rejects);
  expect([failed.code, failed.report?.outcome]).toEqual([1, 'findings']);
  const kept = join(rejects, 'things.csv');
  const written = readFileSync(kept, 'utf8');
  writeFileSync(kept, written.replace('99', '1'));
  const refused = await place.run(path, ...REJECTING, rejects);
  expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('rejected rows of an earlier run')]);
  writeFileSync(kept, written);
  const done = await place.run(path, ...REJECTING, rejects);
  expect([done.code, done.report?.outcome, done.report?.rejects]).toEqual([0, 'done', [kept]]);
  expect(readFileSync(kept, 'utf8')).toBe('id,parent,note,_reasons\n1,99,lost,orphans: parent\n');
  await place.client.query('truncate things');
  const again = await place.run(path, ...REJECTING, rejects);
  expect([again.code, again.output]).toEqual([1, expect.stringContaining('rejected rows of an earlier run')]);
});

test('a dry run without a database leaves none', async () => {
  const folder = join(place.folder, 'nobody');
  const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('laurel-dry-run-'));
  const before = left();
  const fixture = place.file('users.csv', 'id,email\n');
  const { code, output } = await laurel(['import', 'csv', fixture, '--dry-run'], { DATA_DIR: folder });
  expect(output).toContain('The table users needs values');
  expect(code).toBe(2);
  expect(existsSync(join(folder, 'database'))).toBe(false);
  expect(left()).toEqual(before);
});
