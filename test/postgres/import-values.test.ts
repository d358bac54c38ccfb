import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type CsvPlace, csvPlace } from './import-support.js';

let place: CsvPlace;
beforeAll(async () => {
  place = await csvPlace();
});
afterAll(() => place?.close());
beforeEach(() => place.client.query('drop schema if exists public cascade; create schema public'));

/** The rows of a table, by its first column. */
async function rowsOf(table: string, columns = '*'): Promise<unknown[]> {
  const { rows } = await place.client.query({
    text: `select ${columns} from ${table} order by 1`,
    rowMode: 'array',
  });
  return rows;
}

function findings(report: Awaited<ReturnType<CsvPlace['run']>>['report']): string[] {
  return (report?.findings ?? []).map(({ kind, column, rows }) => `${kind} ${column} ${rows}`);
}

test('values of types that PostgreSQL spells in its own way are equal on both sides', async () => {
  await place.client.query(`create table spelled (id int primary key, j jsonb, i interval, a int[], m money, c char(5),
    r numrange, n numeric(14,6))`);
  const file = place.file(
    'spelled.csv',
    'id,j,i,a,m,c,r,n\n1,"{""b"":1, ""a"":2}",24 hours,"{1, 2}",12.5,"ab ","[1, 2)",6.23\n2,,90 minutes,{},,x,,1\n',
  );
  const done = await place.run(file);
  expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
  expect(await rowsOf('spelled', 'id, j::text, i::text, a::text, m::text, c::text, r::text, n::text')).toEqual([
    [1, '{"a": 2, "b": 1}', '24:00:00', '{1,2}', '$12.50', 'ab', '[1,2)', '6.230000'],
    [2, null, '01:30:00', '{}', null, 'x', null, '1.000000'],
  ]);
  const again = await place.run(file, '--merge', 'fail');
  expect([again.code, again.report?.tables[0]]).toEqual([0, expect.objectContaining({ written: 0, merged: 2 })]);

  const wrong = await place.run(place.file('spelled.csv', 'id,i\n3,tomorrow\n'));
  expect([wrong.code, wrong.output]).toEqual([
    1,
    expect.stringMatching(/Values of spelled cannot be read: .* Nothing was changed\. .*i \(interval\)/),
  ]);
});

test('a file can have times with an offset beside those of the zone', async () => {
  await place.client.query('create table ev (id int primary key, at timestamptz)');
  const done = await place.run(
    place.file('ev.csv', 'id,at\n1,2026-01-01 12:00:00\n2,2026-01-01 12:00:00+00\n3,2026-01-01T12:00:00Z\n4,\n'),
    '--source-time-zone',
    'Asia/Seoul',
  );
  expect([done.code, done.report?.outcome]).toEqual([0, 'done']);
  expect(await rowsOf('ev', `id, at::text`)).toEqual([
    [1, expect.stringContaining('03:00:00')],
    [2, expect.stringContaining('12:00:00')],
    [3, expect.stringContaining('12:00:00')],
    [4, null],
  ]);
  const gap = await place.run(
    place.file('ev.csv', 'id,at\n5,2026-03-29 02:30:00\n6,2026-03-29 02:30:00+02\n7,none+00\n8,none\n'),
    '--source-time-zone',
    'Europe/Berlin',
  );
  expect([gap.code, findings(gap.report)]).toEqual([1, ['time-gaps at 1', 'dates at 2']]);
});

test('numbers that floating point cannot hold are found, and those that it can are taken', async () => {
  await place.client.query('create table fl (id int primary key, d double precision, r real)');
  const sound = place.file(
    'fl.csv',
    'id,d,r\n1,0.1,0.1\n2,0.10000000000000001,1e10\n3,9007199254740992,16777216\n4,-1.50,NaN\n5,0,-0.0\n6,1e300,.5\n',
  );
  const done = await place.run(sound);
  expect([done.code, findings(done.report)]).toEqual([0, []]);
  const lossy = place.file(
    'fl.csv',
    'id,d,r\n11,9007199254740993,1\n12,12345678901234567890.0123456789,1\n13,1,16777217\n14,1,0.30000000000000004\n',
  );
  const ended = await place.run(lossy);
  expect([ended.code, findings(ended.report)]).toEqual([1, ['numbers d 2', 'numbers r 2']]);
  const clamped = await place.run(lossy, '--numbers', 'clamp');
  expect([clamped.code, clamped.report?.outcome]).toEqual([0, 'done']);
  expect((await rowsOf('fl', 'id, d, r')).slice(6)).toEqual([
    [11, 9007199254740992, 1],
    [12, 12345678901234567000, 1],
    [13, 1, 16777216],
    [14, 1, 0.3],
  ]);
});

test('digits behind the second that a column cannot hold are found', async () => {
  await place.client.query('create table fr (id int primary key, at timestamp(0), t time(3))');
  const file = place.file(
    'fr.csv',
    'id,at,t\n1,2026-01-01 10:00:00.000,10:00:00.1230\n2,2026-01-01 10:00:00.5,10:00:00.1234\n',
  );
  const ended = await place.run(file, '--time-zones', 'keep');
  expect([ended.code, findings(ended.report)]).toEqual([1, ['numbers at 1', 'numbers t 1', 'time-zones at 1']]);
  const cut = await place.run(file, '--time-zones', 'keep', '--numbers', 'clamp');
  expect(cut.code).toBe(0);
  expect(await rowsOf('fr', 'id, at::text, t::text')).toEqual([
    [1, '2026-01-01 10:00:00', '10:00:00.123'],
    [2, '2026-01-01 10:00:00', '10:00:00.123'],
  ]);
});

test('Latin-1 is Windows-1252, by whichever version of Node', async () => {
  await place.client.query('create table k (id int primary key, a text)');
  const bytes = [0x31, 0x2c, 0x80, 0x20, 0x93, 0x78, 0x94, 0x81, 0xe4];
  const done = await place.run(
    place.file('k.csv', Buffer.concat([Buffer.from('id,a\n'), Buffer.from(bytes)])),
    '--encoding',
    'latin1',
  );
  expect(done.code).toBe(0);
  expect(await rowsOf('k')).toEqual([[1, '€ “x”\u0081ä']]);
});

describe('rows that could not be recognised again', () => {
  test('are not added to a table without a key that has rows', async () => {
    await place.client.query('create table nk (a int, b text)');
    const file = place.file('nk.csv', 'a,b\n1,x\n2,y\n');
    expect((await place.run(file)).code).toBe(0);
    for (const words of [[], ['--merge', 'newer'], ['--dry-run']]) {
      const refused = await place.run(file, ...words);
      expect([refused.code, refused.output]).toEqual([
        2,
        expect.stringMatching(/nk has rows and no key .*Nothing was changed/),
      ]);
    }
    expect(await rowsOf('nk')).toEqual([
      [1, 'x'],
      [2, 'y'],
    ]);
  });

  test('are not added to a table that others inherit from', async () => {
    await place.client.query('create table ih (id int primary key); create table heir () inherits (ih)');
    const refused = await place.run(place.file('ih.csv', 'id\n1\n'));
    expect([refused.code, refused.output]).toEqual([2, expect.stringMatching(/inherit from ih.*Nothing was changed/)]);
  });
});

test('a column that is called as the one of the reasons is a column, and the reasons go beside it', async () => {
  await place.client.query('create table why (id int primary key, n int not null, _reasons text)');
  const folder = join(place.folder, 'why');
  const file = place.file('why.csv', 'id,n,_reasons\n1,1,because\n2,,therefore\n');
  expect((await place.run(file, '--null-values', 'reject', '--rejects', folder)).code).toBe(0);
  const rejected = join(folder, 'why.csv');
  expect(readFileSync(rejected, 'utf8')).toBe('id,n,_reasons,__reasons\n2,,therefore,null-values: n\n');
  writeFileSync(rejected, readFileSync(rejected, 'utf8').replace('2,,', '2,2,'));
  expect((await place.run(rejected)).code).toBe(0);
  expect(await rowsOf('why', 'id, n, _reasons')).toEqual([
    [1, 1, 'because'],
    [2, 2, 'therefore'],
  ]);
});

describe('sequences', () => {
  test('that a column uses and does not own go on behind its rows', async () => {
    await place.client.query(
      `create sequence us; create table uses (id int primary key default nextval('us'), v text)`,
    );
    const done = await place.run(place.file('uses.csv', 'id,v\n7,x\n'));
    expect([done.code, done.report?.sequences]).toEqual([0, [{ name: 'uses.id', last: '7' }]]);
    await place.client.query(`insert into uses (v) values ('next')`);
    expect(await rowsOf('uses', 'id')).toEqual([[7], [8]]);
  });

  test('of columns that are no whole numbers are no fault', async () => {
    await place.client.query(`create table sq (code text primary key, n numeric(10,2));
      create sequence sqs owned by sq.code; alter table sq alter code set default 'X' || nextval('sqs');
      create sequence sqn owned by sq.n; alter table sq alter n set default nextval('sqn')`);
    const done = await place.run(place.file('sq.csv', 'code,n\nX9,9.50\nX8,NaN\n'));
    expect([done.code, done.report?.sequences]).toEqual([0, [{ name: 'sq.n', last: '9' }]]);
  });
});
