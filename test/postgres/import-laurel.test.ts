import 'reflect-metadata';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seedDemo } from '../../src/seed/seed.service.js';
import type { ImportReport } from '../../src/transfer/import/report.js';
import { type Finished, laurel } from '../cli/process.js';
import { createEmptyDatabase, openTestDatabase, type TestDatabase } from '../support/database.js';
import { RIGHT_TREE, TREE_FAULTS } from '../support/rank-tree.js';
import { rowsAt } from '../support/rows-at.js';

const SERVER = (process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres');

let source: string;
let folder: string;
const drops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'laurel-import-'));
  const seeded = await openTestDatabase();
  await seedDemo(seeded.orm.em.fork(), { players: 80, timeZone: 'Asia/Seoul' });
  source = seeded.url!;
  await rowsAt(
    source,
    `update users set nickname = E'\\\\.\\ttab "quote" \\n🎲'
       where email = 'player2@demo.laurel.example';
     update users set deleted_at = now() where email = 'player3@demo.laurel.example'`,
  );
  // So that it can be a template.
  await seeded.orm.close();
  drops.push(() => seeded.close());
});
afterAll(async () => {
  await Promise.all(drops.map((drop) => drop()));
  rmSync(folder, { recursive: true, force: true });
});

/** A migrated Laurel in which nobody has played. */
async function freshLaurel(): Promise<string> {
  const database: TestDatabase = await openTestDatabase();
  await database.orm.close();
  drops.push(() => database.close());
  return database.url!;
}

async function copyOfSource(): Promise<string> {
  const { url, drop } = await createEmptyDatabase(SERVER, new URL(source).pathname.slice(1));
  drops.push(drop);
  return url;
}

function run(words: string[], url: string): Promise<Finished> {
  return laurel(words, { DATABASE_URL: url, DATA_DIR: join(folder, 'data'), SEASON_TIME_ZONE: 'Asia/Seoul' });
}

/** The report of an import, and what it ended with. */
async function imported(words: string[], url: string): Promise<ImportReport & { code: number | null }> {
  const { code, output } = await run(['import', ...words, '--json'], url);
  const line = output.split('\n').find((each) => each.startsWith('{'));
  if (line === undefined) {
    throw new Error(output);
  }
  return { code, ...(JSON.parse(line) as ImportReport) };
}

/** Gives players a score of a board's only month, and a standing that rests on it. */
async function play(url: string, boards: string[], players: number[], score: number, at: string): Promise<void> {
  await rowsAt(
    url,
    `with played as (
       insert into scores (id, user_id, season_id, score, created_at)
       select gen_random_uuid(), u.id, s.id, ${score}, '${at}+00'
       from users u, seasons s join leaderboards l on l.id = s.leaderboard_id
       where l.slug = any('{${boards.join()}}') and u.email ~ '^player[${players.join('')}]@' returning *
     )
     insert into standings (season_id, user_id, score, sort_score, achieved_at, score_id)
     select p.season_id, p.user_id, p.score, case l.score_order when 'LOWER_IS_BETTER' then p.score else -p.score end,
       p.created_at, p.id
     from played p join seasons s on s.id = p.season_id join leaderboards l on l.id = s.leaderboard_id
     on conflict (season_id, user_id) do update set score = excluded.score, sort_score = excluded.sort_score,
       achieved_at = excluded.achieved_at, score_id = excluded.score_id`,
  );
}

/** Rows and hash of every table. */
async function contents(url: string): Promise<string[]> {
  const path = mkdtempSync(join(folder, 'export-'));
  expect(await run(['export', 'csv', '--to', path], url)).toMatchObject({ code: 0 });
  return manifestOf(path);
}

function manifestOf(path: string): string[] {
  const { tables } = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as {
    tables: { name: string; rows: string; hash: string }[];
  };
  return tables.map(({ name, rows, hash }) => `${name} ${rows} ${hash}`);
}

function counts({ tables }: ImportReport): Record<string, number[]> {
  return Object.fromEntries(
    tables.map(({ table, read, written, merged, updated }) => [table, [read, written, merged, updated]]),
  );
}

describe('a Laurel', () => {
  test('is the same after backup, restore, export and import elsewhere', async () => {
    const before = await contents(source);
    const backup = join(folder, 'whole.dump');
    expect(await run(['backup', '--out', backup], source)).toMatchObject({ code: 0 });
    const { url: restored, drop } = await createEmptyDatabase();
    drops.push(drop);
    expect(await run(['restore', backup], restored)).toMatchObject({ code: 0 });
    const path = join(folder, 'round-trip');
    expect(await run(['export', 'csv', '--to', path, '--neutralise-formulas'], restored)).toMatchObject({ code: 0 });
    const elsewhere = await freshLaurel();
    const report = await imported(['csv', path], elsewhere);
    expect(report).toMatchObject({ code: 0, outcome: 'done', findings: [] });
    expect(report.audits.filter(({ wrong }) => wrong > 0)).toEqual([]);
    expect(await contents(elsewhere)).toEqual(before);
    expect(await rowsAt(elsewhere, TREE_FAULTS)).toEqual([RIGHT_TREE]);
    // The embedded database is another one still.
    const dataDir = join(folder, 'embedded');
    const settings = { DATA_DIR: dataDir, SEASON_TIME_ZONE: 'Asia/Seoul' };
    expect(await laurel(['import', 'csv', path], settings)).toMatchObject({ code: 0 });
    expect(await laurel(['export', 'csv', '--to', join(folder, 'of-embedded')], settings)).toMatchObject({ code: 0 });
    expect(manifestOf(join(folder, 'of-embedded'))).toEqual(before);
    expect(await laurel(['doctor'], settings)).toMatchObject({ code: 0 });
  });

  test('comes from another server as a whole, once, and is merged from then on', async () => {
    const there = await copyOfSource();
    const here = await freshLaurel();
    const report = await imported(['postgres', '--from', there], here);
    expect(report).toMatchObject({ code: 0, outcome: 'done', findings: [] });
    expect(await contents(here)).toEqual(await contents(source));
    expect(await rowsAt(here, TREE_FAULTS)).toEqual([RIGHT_TREE]);

    const refused = await run(['import', 'postgres', '--from', there], here);
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('Laurel is in use') });

    const again = await imported(['postgres', '--from', there, '--merge', 'fail'], here);
    expect(again).toMatchObject({ code: 0, outcome: 'done' });
    expect(Object.values(counts(again)).every(([read, written, merged]) => written === 0 && merged === read)).toBe(
      true,
    );

    await rowsAt(
      there,
      `update users set nickname = 'newer there', updated_at = now() + interval '1 hour'
         where email = 'player4@demo.laurel.example';
       update users set nickname = 'older there', updated_at = '2020-01-01'
         where email = 'player5@demo.laurel.example';
       insert into users (id, email, nickname, role) values
         ('01900000-0000-7000-8000-00000000abcd', 'new@example.com', 'new there', 'user')`,
    );
    const differing = await imported(['postgres', '--from', there, '--merge', 'fail'], here);
    expect(differing).toMatchObject({
      code: 1,
      outcome: 'findings',
      findings: [{ kind: 'duplicates', table: 'users', column: 'id', rows: 2, policy: 'fail' }],
    });
    const merged = await imported(['postgres', '--from', there, '--merge', 'newer'], here);
    expect(merged).toMatchObject({ code: 0, outcome: 'done' });
    expect(counts(merged)['users']).toEqual([81, 1, 80, 1]);
    const nicknames = await rowsAt(
      here,
      `select nickname from users where email ~ '^(player[45]@demo|new@)' order by email`,
    );
    expect(nicknames.map(({ nickname }) => nickname)).toEqual([
      'new there',
      'newer there',
      expect.not.stringContaining('older'),
    ]);
    expect(await rowsAt(here, TREE_FAULTS)).toEqual([RIGHT_TREE]);
  });

  test('brings players who look like others, and they keep their nicknames', async () => {
    const there = await copyOfSource();
    const here = await freshLaurel();
    expect(await imported(['postgres', '--from', there], here)).toMatchObject({ code: 0, notes: [] });
    await rowsAt(
      here,
      `insert into users (id, nickname) values (gen_random_uuid(), 'Marta'), (gen_random_uuid(), 'Selma')`,
    );
    await rowsAt(
      there,
      `insert into users (id, nickname, created_at) values (gen_random_uuid(), 'Mаrta', '2020-01-01'),
         (gen_random_uuid(), 'Otto', now()), (gen_random_uuid(), 'Anna', now());
       insert into users (id, nickname, look_alike_kept) values (gen_random_uuid(), 'ОTTO', true);
       update users set nickname = 'Sеlma', updated_at = now() + interval '1 hour'
         where email = 'player4@demo.laurel.example'`,
    );
    const words = ['postgres', '--from', there, '--merge'];
    const note = 'Players who keep nicknames that look like those of others: 1';
    const merged = await imported([...words, 'newer'], here);
    expect(merged).toMatchObject({ code: 0, outcome: 'done', notes: [note] });
    expect(counts(merged)['users']).toEqual([84, 4, 80, 1]);
    const players = await rowsAt(
      here,
      `select nickname || case when look_alike_kept then ' *' else '' end as v from users
         where nickname in ('Anna', 'Otto', 'ОTTO', 'Marta', 'Mаrta', 'Selma', 'Sеlma') order by nickname collate "C"`,
    );
    expect(players.map(({ v }) => v)).toEqual(['Anna', 'Marta', 'Mаrta *', 'Otto', 'Selma', 'Sеlma *', 'ОTTO *']);
    for (const rule of ['fail', 'newer']) {
      const again = await imported([...words, rule], here);
      expect(again).toMatchObject({ code: 0, outcome: 'done', findings: [], notes: [] });
      expect(counts(again)['users']).toEqual([84, 0, 84, 0]);
    }

    // Files of other origin say nothing of look-alikes.
    const file = join(folder, 'users of another game.csv');
    const ids = ['01900000-0000-7000-8000-00000000a001', '01900000-0000-7000-8000-00000000a002'];
    writeFileSync(file, `id,nickname\n${ids[0]},0tto\n${ids[1]},Bruno\n`);
    const other = ['csv', `users=${file}`, '--merge', 'newer'];
    expect(await imported(other, here)).toMatchObject({ code: 0, outcome: 'done', notes: [note] });
    const added = await rowsAt(
      here,
      `select nickname, look_alike_kept as kept from users where id >= '${ids[0]}' and id <= '${ids[1]}' order by id`,
    );
    expect(added).toEqual([
      { nickname: '0tto', kept: true },
      { nickname: 'Bruno', kept: false },
    ]);
    expect(await imported(other, here)).toMatchObject({ code: 0, outcome: 'done', notes: [] });
    expect(await run(['doctor'], here)).toMatchObject({ code: 0 });
  });

  test('that has played on keeps in each month what the board would keep', async () => {
    const there = await copyOfSource();
    await rowsAt(
      there,
      `insert into leaderboards (id, slug, title, aggregation, score_order, period, time_zone)
         select gen_random_uuid(), slug, slug, aggregation, score_order, 'MONTHLY', 'UTC' from (values
           ('most', 'BEST', 'HIGHER_IS_BETTER'), ('least', 'BEST', 'LOWER_IS_BETTER'),
           ('last', 'LATEST', 'HIGHER_IS_BETTER'), ('sum', 'SUM', 'HIGHER_IS_BETTER')) b (slug, aggregation, score_order);
       insert into seasons (id, leaderboard_id, key, starts_at, ends_at)
         select gen_random_uuid(), id, '2026-01', '2026-01-01', '2026-02-01' from leaderboards where slug <> 'monthly'`,
    );
    const boards = ['most', 'least', 'last', 'sum'];
    await play(there, boards, [4, 5, 6, 7], 100, '2026-01-10 12:00');
    const here = await freshLaurel();
    expect(await imported(['postgres', '--from', there], here)).toMatchObject({ code: 0 });

    await play(there, ['most', 'least', 'last'], [4], 90, '2026-01-20 12:00');
    await play(there, ['most', 'least', 'last'], [5], 110, '2026-01-20 12:00');
    // Equal, and reached first; only the standing of who submitted last was played later.
    await play(there, ['most', 'least', 'last'], [6], 100, '2026-01-05 12:00');
    await play(there, ['most'], [7], 120, '2026-01-20 12:00');
    await rowsAt(
      here,
      `update users set deleted_at = now(), updated_at = now() + interval '1 hour' where email ~ '^player7@'`,
    );
    await rowsAt(
      there,
      `update users set deleted_at = now(), updated_at = now() + interval '1 hour' where email ~ '^player6@'`,
    );
    const merged = await imported(['postgres', '--from', there, '--merge', 'newer'], here);
    expect(merged).toMatchObject({ code: 0, outcome: 'done', findings: [] });
    expect(counts(merged)['scores']!.slice(1)).toEqual([10, expect.any(Number), 0]);
    const kept = await rowsAt(
      here,
      `select concat_ws(' ', l.slug, substr(u.email, 7, 1), s.score, to_char(s.achieved_at, 'DD'), s.ranked, e.score) as v
        from standings s join seasons on seasons.id = s.season_id join leaderboards l on l.id = leaderboard_id
          join users u on u.id = s.user_id join scores e on e.id = s.score_id
        where slug in ('most', 'least', 'last') and (u.email !~ '^player7@' or slug = 'most') order by 1`,
    );
    expect(kept.map(({ v }) => v)).toEqual([
      'last 4 90 20 t 90',
      'last 5 110 20 t 110',
      'last 6 100 10 f 100',
      'least 4 90 20 t 90',
      'least 5 100 10 t 100',
      'least 6 100 05 f 100',
      'most 4 100 10 t 100',
      'most 5 110 20 t 110',
      'most 6 100 05 f 100',
      'most 7 120 20 f 120',
    ]);
    expect(await rowsAt(here, TREE_FAULTS)).toEqual([RIGHT_TREE]);
    expect(await run(['doctor'], here)).toMatchObject({ code: 0 });

    // Nobody knows which scores both sums have in them.
    await play(there, ['sum'], [4], 150, '2026-01-20 12:00');
    const sums = await imported(['postgres', '--from', there, '--merge', 'newer'], here);
    expect(sums).toMatchObject({
      code: 1,
      outcome: 'findings',
      findings: [{ kind: 'duplicates', table: 'standings', column: 'score', rows: 1, policy: 'fail' }],
    });
    const repaired = await run(
      ['import', 'postgres', '--from', there, '--merge', 'newer', '--duplicates', 'first'],
      here,
    );
    expect(repaired).toMatchObject({ code: 2, output: expect.stringContaining('standings.score') });
  });

  test('comes in part, where what refers to the rest is found or left out', async () => {
    const here = await freshLaurel();
    const where = ['--where', `users=email <> 'player7@demo.laurel.example'`, '--where', 'visits=false'];
    const stopped = await imported(['postgres', '--from', source, ...where], here);
    expect(stopped).toMatchObject({ code: 1, outcome: 'findings' });
    expect(new Set(stopped.findings.map(({ kind }) => kind))).toEqual(new Set(['orphans']));
    expect(await rowsAt(here, 'select count(*)::integer as users from users')).toEqual([{ users: 0 }]);

    const rejects = join(folder, 'rejects');
    const report = await imported(
      ['postgres', '--from', source, ...where, '--orphans', 'reject', '--rejects', rejects],
      here,
    );
    expect(report).toMatchObject({ code: 0, outcome: 'done' });
    for (const { read, written, merged, rejected } of report.tables) {
      expect(written + merged + rejected).toBe(read);
    }
    const standings = report.tables.find(({ table }) => table === 'standings')!;
    expect(standings.rejected).toBeGreaterThan(0);
    expect(readdirSync(rejects)).toContain('standings.csv');
    expect(await rowsAt(here, TREE_FAULTS)).toEqual([RIGHT_TREE]);
    expect(await run(['doctor'], here)).toMatchObject({ code: 0 });

    const malformed = await run(['import', 'postgres', '--from', source, '--where', 'users=true) or (true'], here);
    expect(malformed).toMatchObject({ code: 1, output: expect.stringContaining('The condition for the table users') });
  });

  test('of another version, or a file that was changed, is refused', async () => {
    const here = await freshLaurel();
    const path = join(folder, 'older');
    expect(await run(['export', 'csv', '--to', path], source)).toMatchObject({ code: 0 });
    const manifest = readFileSync(join(path, 'manifest.json'), 'utf8');
    writeFileSync(
      join(path, 'manifest.json'),
      manifest.replace(/"Migration\d+_[^"]+"/, '"Migration20260101000000_older"'),
    );
    const older = await run(['import', 'csv', path], here);
    expect(older).toMatchObject({ code: 1, output: expect.stringContaining('Migration20260101000000_older') });
    writeFileSync(join(path, 'manifest.json'), manifest);
    writeFileSync(join(path, 'visits.csv'), `${readFileSync(join(path, 'visits.csv'), 'utf8')}\n`);
    const changed = await run(['import', 'csv', path], here);
    expect(changed).toMatchObject({ code: 1, output: expect.stringContaining('visits.csv') });
    expect(await rowsAt(here, 'select count(*)::integer as users from users')).toEqual([{ users: 0 }]);
  });
});

describe('a schema', () => {
  test('is refused where rows go into the tables of Laurel', async () => {
    const here = await freshLaurel();
    const { url: game, drop } = await createEmptyDatabase();
    drops.push(drop);
    await rowsAt(
      game,
      'create table users (id int primary key, email text, nickname text, password text, birth_date date)',
    );
    const file = join(folder, 'friendships.csv');
    writeFileSync(file, 'id,requester_id,receiver_id,status,created_at\n');
    for (const words of [
      ['postgres', '--from', source],
      ['postgres', '--from', game],
      ['csv', file, '--game', '--merge', 'newer'],
    ]) {
      expect(await run(['import', ...words, '--schema', 'copy'], here)).toMatchObject({
        code: 2,
        output: expect.stringMatching(/--schema is for tables as they are.*Nothing was changed/),
      });
    }
    expect(await rowsAt(here, `select from pg_namespace where nspname = 'copy' union all select from users`)).toEqual(
      [],
    );
  });
});

describe('files and tables of other origin', () => {
  test('are not merged past a trigger that changes them: it is named, and so are the columns', async () => {
    const [{ url: there, drop }, { url: here, drop: dropHere }] = [
      await createEmptyDatabase(),
      await createEmptyDatabase(),
    ];
    drops.push(drop, dropHere);
    const table = 'create table items (id integer primary key, label text, updated_at timestamptz not null)';
    await rowsAt(there, `${table}; insert into items values (1, 'newer', '2026-02-01'), (2, 'fresh', '2026-02-01')`);
    await rowsAt(
      here,
      `${table}; insert into items values (1, 'older', '2026-01-01');
       create function touch() returns trigger language plpgsql as 'begin new.updated_at := now(); return new; end';
       create trigger items_touch before update on items for each row execute function touch()`,
    );
    const words = ['import', 'postgres', '--from', there, '--tables', 'items', '--merge', 'newer'];
    const refused = await run(words, here);
    expect(refused).toMatchObject({
      code: 1,
      output: expect.stringMatching(/trigger items_touch: .*updated_at \(1 row\).*Nothing was changed/),
    });
    expect(await rowsAt(here, 'select label from items')).toEqual([{ label: 'older' }]);
    // As it says.
    await rowsAt(here, /^alter table .* disable trigger .*$/m.exec(refused.output)![0]);
    expect(await run(words, here)).toMatchObject({ code: 0 });
    expect(await rowsAt(here, 'select label from items order by id')).toEqual([{ label: 'newer' }, { label: 'fresh' }]);
  });

  test('go into a table that is there, each fault found and left out, and come back corrected', async () => {
    const { url, drop } = await createEmptyDatabase();
    drops.push(drop);
    await rowsAt(
      url,
      `create table markets (code text primary key);
       insert into markets values ('X');
       create table stocks (
         id integer generated by default as identity primary key, symbol varchar(5) not null unique,
         price numeric(8, 2) check (price >= 0), market text references markets, seen_at timestamptz,
         label text generated always as (symbol || '!') stored);
       insert into stocks (id, symbol) values (1, 'OLD')`,
    );
    const file = join(folder, 'export of friday.csv');
    writeFileSync(
      file,
      [
        'No,Symbol,Price,Market,Seen,Notes',
        '2,AAA,1.50,X,2026-01-01 10:00:00+02,fine',
        '3,AAA,2.00,X,,same symbol',
        '4,TOOLONG,2.00,X,,',
        '5,BBB,-1,X,,below zero',
        '6,CCC,1,Y,,no such market',
        '7,DDD,one,,,no number',
        '8,,1,,,no symbol',
        '9,OLD,1,,,symbol that is there',
        '10,EEE,1,,2026-01-01 10:00:00,which clock?',
        '11,"F""F",1,,,',
        '',
      ].join('\n'),
    );
    const columns = 'No=id,Symbol=symbol,Price=price,Market=market,Seen=seen_at,Notes=';
    const words = ['csv', `stocks=${file}`, '--columns', columns];
    const dry = await imported([...words, '--dry-run'], url);
    expect(dry).toMatchObject({ code: 1, outcome: 'findings', dryRun: true });
    expect(dry.findings.map(({ kind, column, rows }) => [kind, column, rows]).toSorted()).toEqual([
      ['duplicates', 'stocks_symbol_key', 1],
      ['duplicates', 'symbol', 1],
      ['length', 'symbol', 1],
      ['null-values', 'symbol', 1],
      ['numbers', 'price', 1],
      ['orphans', 'market', 1],
      ['time-zones', 'seen_at', 1],
      ['values', 'price', 1],
    ]);

    const kinds = ['duplicates', 'length', 'null-values', 'numbers', 'orphans', 'values'];
    const rejects = join(folder, 'rejected-stocks');
    const policies = kinds.flatMap((kind) => [`--${kind}`, 'reject']);
    // Times without an offset cannot be left out one by one: all are by that clock then.
    const zoned = await run(['import', ...words, ...policies, '--rejects', rejects], url);
    expect(zoned).toMatchObject({ code: 1, output: expect.stringContaining('--source-time-zone') });
    rmSync(rejects, { recursive: true, force: true });
    writeFileSync(file, readFileSync(file, 'utf8').replace('10:00:00+02', '10:00:00'));
    const report = await imported(
      [...words, ...policies, '--rejects', rejects, '--source-time-zone', 'Europe/Paris'],
      url,
    );
    expect(report).toMatchObject({ code: 0, outcome: 'done', tables: [{ read: 10, written: 3, rejected: 7 }] });
    expect(
      await rowsAt(
        url,
        `select id, symbol, seen_at at time zone 'UTC' as utc, label from stocks where id > 1 order by id`,
      ),
    ).toEqual([
      { id: 2, symbol: 'AAA', utc: new Date('2026-01-01T09:00:00'), label: 'AAA!' },
      { id: 10, symbol: 'EEE', utc: new Date('2026-01-01T09:00:00'), label: 'EEE!' },
      { id: 11, symbol: 'F"F', utc: null, label: 'F"F!' },
    ]);
    expect(await rowsAt(url, `insert into stocks (symbol) values ('next') returning id`)).toEqual([{ id: 12 }]);

    const rejected = readFileSync(join(rejects, 'stocks.csv'), 'utf8');
    expect(rejected.split('\n')[0]).toBe('id,symbol,price,market,seen_at,_reasons');
    expect(rejected).toContain('4,TOOLONG,2.00,X,,length: symbol');
    const corrected = join(folder, 'stocks.csv');
    const rows = rejected
      .replace('3,AAA', '3,AA3')
      .replace('TOOLONG', 'SHORT')
      .replace(',-1.00,', ',1.00,')
      .replace(',Y,', ',X,')
      .replace(',one,', ',1,')
      .replace(/^8,,/m, '8,GGG,')
      .replace('9,OLD', '9,NEW');
    writeFileSync(corrected, rows);
    const second = await imported(['csv', corrected], url);
    expect(second.findings).toEqual([]);
    expect(second).toMatchObject({ code: 0, outcome: 'done', tables: [{ read: 7, written: 7, rejected: 0 }] });
    expect(await rowsAt(url, 'select count(*)::integer as stocks from stocks')).toEqual([{ stocks: 12 }]);
  });

  test('tables of another PostgreSQL are made here, keys, types and sequences with them', async () => {
    const { url: there, drop } = await createEmptyDatabase();
    drops.push(drop);
    await rowsAt(
      there,
      `create schema finance;
       create type finance.kind as enum ('bond', 'share');
       create table finance.users (id serial primary key, email text unique, kind finance.kind default 'bond');
       create table finance.stocks (id integer primary key, owner integer references finance.users, amount numeric,
         notes jsonb, check (amount > 0));
       create index on finance.stocks (owner);
       insert into finance.users (email, kind) select 'a' || n, 'share' from generate_series(1, 50) n;
       insert into finance.stocks select n, 1 + n % 50, n * 1.5, '{"a": 1}' from generate_series(1, 200) n;
       insert into finance.stocks values (201, 1, 'NaN', null)`,
    );
    const here = await freshLaurel();
    const words = ['postgres', '--from', there, '--from-schema', 'finance', '--tables', 'all', '--schema', 'finance'];
    expect(await imported(words, here)).toMatchObject({ code: 0, outcome: 'done', findings: [] });
    expect(await rowsAt(here, 'insert into finance.users (email) values (null) returning id, kind')).toEqual([
      { id: 51, kind: 'bond' },
    ]);
    await expect(rowsAt(here, 'insert into finance.stocks values (999, 9999, 1)')).rejects.toThrow(/foreign key/);
    const keys = `select conname, pg_get_constraintdef(c.oid) as definition from pg_constraint c
      where connamespace = 'finance'::regnamespace order by 1`;
    expect(await rowsAt(here, keys)).toEqual(await rowsAt(there, keys));
    // Laurel's own users are others.
    expect(await rowsAt(here, 'select count(*)::integer as users from public.users')).toEqual([{ users: 0 }]);
  });
});
