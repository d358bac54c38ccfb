import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, integer } from 'fast-check';
import { literal } from '../../src/transfer/identifier.js';
import { PostgresTarget } from '../../src/transfer/postgres-target.js';
import { timeGaps } from '../../src/transfer/time-gaps.js';
import { CopyBuffer } from '../../src/transfer/values/copy-buffer.js';
import { zonedTimestampCodec } from '../../src/transfer/values/date-time.js';
import { answer, importMysql, findingsOf, countsOf, rejectedIn, stateOf, workplace } from './import-support.js';
import { type MysqlDatabase, mysqlDatabase, type PostgresDatabase, postgresDatabase } from './support.js';

const place = workplace();
let mysql: MysqlDatabase;
let postgres: PostgresDatabase;
let target: PostgresTarget;

beforeAll(async () => {
  mysql = await mysqlDatabase();
  postgres = await postgresDatabase();
  target = await PostgresTarget.open(postgres.url);
});

afterAll(async () => {
  await target?.close();
  await mysql?.drop();
  await postgres?.drop();
  place.remove();
});

// Half an hour, midnights, a whole day, seconds of local mean time, and none at all.
const ZONES = [
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'Africa/Cairo',
  'Pacific/Apia',
  'Asia/Seoul',
  'Africa/Monrovia',
  'UTC',
];

test.each(ZONES)('times next to every gap of %s are told as PostgreSQL reads them', async (zone) => {
  const gaps = await timeGaps(target, zone);
  const edges = [...new Set([...gaps.values()].flat().flatMap(({ from, to }) => [from, to]))];
  const around = ['2026-06-01 12:00:00', ...edges];
  const codec = zonedTimestampCodec(gaps);
  await assert(
    asyncProperty(
      array(integer({ min: 0, max: around.length - 1 }), { minLength: 40, maxLength: 200 }),
      array(constantFrom(-90_000_000, -1_800_500, -1000, -1, 0, 1, 1000, 600_250, 5_400_000, 43_200_000), {
        minLength: 200,
        maxLength: 200,
      }),
      async (places, distances) => {
        const times = places.map((each, index) =>
          new Date(Date.parse(`${around[each]}Z`) + distances[index]!).toISOString().replace('T', ' ').slice(0, 23),
        );
        const read = await target.query<{ shown: string; is_shown: boolean }>(
          `select (t at time zone ${literal(zone)} at time zone ${literal(zone)})::text as shown,
              t at time zone ${literal(zone)} at time zone ${literal(zone)} = t as is_shown
            from unnest($1::timestamp[]) with ordinality each (t, place) order by place`,
          [times],
        );
        const told = times.map((time) => {
          const kind = codec.write(Buffer.from(time), new CopyBuffer());
          const settled = kind === undefined ? Buffer.from(time) : codec.repair(Buffer.from(time), kind, 'shift')!;
          return { shown: codec.canonical(settled).toString(), is_shown: kind === undefined };
        });
        expect(told).toEqual(read);
      },
    ),
    { numRuns: 10 },
  );
});

test('a gap of a whole day is one', async () => {
  const gaps = await timeGaps(target, 'Pacific/Apia');
  expect(gaps.get('2011-12-30')).toEqual([{ from: '2011-12-30 00:00:00', to: '2011-12-31 00:00:00' }]);
  expect(gaps.has('2011-12-31')).toBe(false);
});

test('rows with such times are found, rejected and moved on, in new tables and in those that are there', async () => {
  await mysql.run(`
    create table moments (id int primary key, at datetime(3), plain timestamp null, day date);
    insert into moments values
      (1, '2026-03-29 01:59:59.999', '2026-03-29 02:30:00', '2026-03-29'),
      (2, '2026-03-29 02:00:00', null, null),
      (3, '2026-03-29 02:59:59.999', null, null),
      (4, '2026-03-29 03:00:00', null, null),
      (5, '2026-10-25 02:30:00', null, null),
      (6, null, null, null)`);
  const zone = ['--tables', 'all', '--source-time-zone', 'Europe/Berlin'];
  const run = (...words: string[]): ReturnType<typeof importMysql> =>
    importMysql(mysql.url, { url: postgres.url }, [...zone, ...words], place);
  const before = await stateOf(postgres.url);
  const dry = await run('--dry-run');
  expect([dry.code, findingsOf(dry.report)]).toEqual([1, ['time-gaps moments.at 2']]);
  expect(dry.report!.findings[0]!.samples).toEqual(['id 2', 'id 3']);
  const failed = await run();
  expect([failed.code, failed.report?.outcome]).toEqual([1, 'findings']);
  expect(await stateOf(postgres.url)).toBe(before);

  const folder = place.fresh('rejects');
  const rejected = await run('--time-gaps', 'reject', '--rejects', folder, '--schema', 'rejecting');
  expect([rejected.code, rejected.report?.outcome]).toEqual([0, 'done']);
  expect(countsOf(rejected.report)).toEqual({ moments: [6, 4, 0, 2, 0] });
  expect(rejectedIn(folder)['moments']!.map(({ id, at, _reasons }) => [id, at, _reasons])).toEqual([
    ['2', '2026-03-29 02:00:00.000', 'time-gaps: at'],
    ['3', '2026-03-29 02:59:59.999', 'time-gaps: at'],
  ]);

  const berlin = `select concat_ws(' ', id, to_char(at at time zone 'Europe/Berlin', 'HH24:MI:SS.MS')) as v`;
  const shifted = await run('--time-gaps', 'shift', '--schema', 'shifting');
  expect([shifted.code, shifted.report?.outcome]).toEqual([0, 'done']);
  const expected = ['1 01:59:59.999', '2 03:00:00.000', '3 03:59:59.999', '4 03:00:00.000', '5 02:30:00.000', '6'];
  expect(await answer(postgres.url, `${berlin} from shifting.moments order by id`)).toEqual(expected);

  await postgres.client.query(
    'create schema there; create table there.moments (id int primary key, at timestamptz, plain timestamptz, day date)',
  );
  const there = await run('--time-gaps', 'shift', '--schema', 'there');
  expect([there.code, there.report?.outcome]).toEqual([0, 'done']);
  expect(await answer(postgres.url, `${berlin} from there.moments order by id`)).toEqual(expected);
});
