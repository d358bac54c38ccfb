import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ImportReport } from '../../src/transfer/import/report.js';
import { type Imported, openPlace, type Place, runImport } from './import-support.js';

/** A finance service's tables: its users are not the game's, and of its stocks nothing is known in advance. */
const FINANCE = `
  create table users (
    id serial primary key, email varchar(255) not null unique, full_name varchar(100), balance numeric(18, 4) not null,
    is_active boolean default true, created_at timestamp default now()
  );
  create table email_verifications (
    id serial primary key, user_id integer not null references users (id) on delete cascade,
    code char(6) not null, expires_at timestamptz not null, verified boolean default false, unique (user_id, code)
  );
  create table stocks (
    symbol varchar(12) primary key, name text not null, price numeric(12, 4) check (price >= 0), listed date,
    details jsonb, tags text[]
  );
  create table holdings (
    user_id integer references users (id), symbol varchar(12) references stocks (symbol), quantity bigint not null,
    primary key (user_id, symbol)
  );
  create index on stocks (name);
  insert into users (email, full_name, balance, is_active, created_at)
    select 'investor' || n || '@example.com', nullif('이름 ' || n, '이름 7'), n * 1234.5678, n % 5 > 0,
      timestamp '2024-03-31 02:30:00.123456' + n * interval '1 day' from generate_series(1, 150) n;
  insert into email_verifications (user_id, code, expires_at, verified)
    select n, lpad((n * 7919 % 1000000)::text, 6, '0'), timestamptz '2026-01-01 00:00+09' + n * interval '1 hour', n % 2 = 0
    from generate_series(1, 150) n;
  insert into stocks
    select 'S' || n, 'Stock "' || n || E'", with\\na line', n * 0.0001, date '1990-01-01' + n,
      jsonb_build_object('rank', n, 'isin', 'KR' || n), array['a' || n, null, 'b,c'] from generate_series(1, 200) n;
  insert into holdings select 1 + n % 150, 'S' || 1 + n % 200, n * 9007199254740993 from generate_series(1, 250) n`;

const TABLES = ['email_verifications', 'holdings', 'stocks', 'users'];

let source: Place;
let target: Place;
const folder = mkdtempSync(join(tmpdir(), 'laurel-finance-'));
beforeAll(async () => {
  source = await openPlace('template0');
  await source.client.query(FINANCE);
  target = await openPlace(process.env['LAUREL_TEST_TEMPLATE']);
});
afterAll(async () => {
  await target?.close();
  await source?.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...words: string[]): Promise<Imported> =>
  runImport(target, folder, ['postgres', '--from', source.url, ...words]);

/** With times as the clocks of that service showed them. */
const AS_THEY_ARE = ['--tables', 'all', '--time-zones', 'keep'];

function found(report: ImportReport | undefined): string[] | undefined {
  return report?.findings.map(({ kind, table, rows, policy }) => `${kind} ${table} ${rows} ${policy}`);
}

async function contents({ client }: Place, schema: string): Promise<Record<string, unknown>> {
  const tables: Record<string, unknown> = {};
  for (const table of TABLES) {
    const { rows } = await client.query(`select t::text from ${schema}.${table} t order by 1`);
    tables[table] = rows;
  }
  return tables;
}

test("tables that are nobody's here are moved where that is said", async () => {
  const { code, output } = await run();
  expect([code, output]).toEqual([
    2,
    expect.stringMatching(/neither Laurel's database nor that of the game or the staff service.*--tables all/),
  ]);
});

test('the finance tables are there as they were, beside those of Laurel, with their keys', async () => {
  const { code, report } = await run(...AS_THEY_ARE, '--schema', 'finance');
  expect([code, report?.outcome, report?.notCarried]).toEqual([0, 'done', []]);
  expect(found(report)).toEqual(['time-zones users 150 keep']);
  expect(
    report?.tables
      .map(({ table, read, written, rejected }) => ({ table, read, written, rejected }))
      .toSorted((a, b) => a.table.localeCompare(b.table)),
  ).toEqual([
    { table: 'email_verifications', read: 150, written: 150, rejected: 0 },
    { table: 'holdings', read: 250, written: 250, rejected: 0 },
    { table: 'stocks', read: 200, written: 200, rejected: 0 },
    { table: 'users', read: 150, written: 150, rejected: 0 },
  ]);
  expect(report?.tables.every(({ comparisons }) => comparisons.length > 0 && comparisons.every((c) => c.equal))).toBe(
    true,
  );
  expect(await contents(target, 'finance')).toEqual(await contents(source, 'public'));
  expect((await target.client.query('select from users')).rowCount).toBe(0);

  const next = await target.client.query(
    `insert into finance.users (email, balance) values ('next@example.com', 0) returning id, is_active`,
  );
  expect(next.rows).toEqual([{ id: 151, is_active: true }]);
  for (const [sql, constraint] of [
    [`insert into finance.users (email, balance) values ('investor1@example.com', 0)`, /unique/],
    [`insert into finance.holdings values (1, 'none', 1)`, /foreign key/],
    [`update finance.stocks set price = -1`, /check/],
  ] as const) {
    await expect(target.client.query(sql)).rejects.toThrow(constraint);
  }
});

test('rows whose parents are gone are rejected with their reason, and nothing else is lost', async () => {
  await source.client.query(`
    alter table holdings drop constraint holdings_symbol_fkey; delete from stocks where symbol in ('S3', 'S4');
    alter table holdings add constraint holdings_symbol_fkey foreign key (symbol) references stocks not valid`);
  const words = [...AS_THEY_ARE, '--schema', 'later'];
  const ended = await run(...words);
  expect([ended.code, found(ended.report)]).toEqual([1, ['time-zones users 150 keep', 'orphans holdings 4 fail']]);
  const { code, report } = await run(...words, '--orphans', 'reject', '--rejects', join(folder, 'rejected'));
  expect([code, report?.outcome]).toEqual([0, 'done']);
  const holdings = report?.tables.find(({ table }) => table === 'holdings');
  expect([holdings?.read, holdings?.written, holdings?.rejected]).toEqual([250, 246, 4]);
});
