import 'reflect-metadata';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { type Database, openDatabase } from '../../src/database/database.js';
import { type CatalogObject, describeCatalog } from '../../src/migrate/catalog.js';
import { runMigrations } from '../../src/migrate/run.js';
import { upgrade } from '../../src/migrate/upgrade.js';
import { seedDemo } from '../../src/seed/seed.service.js';
import { formatOf } from '../../src/transfer/backup/format.js';
import { backUpPostgres } from '../../src/transfer/backup/postgres-backup.js';
import { restorePostgres } from '../../src/transfer/backup/postgres-restore.js';
import { laurel, LaurelProcess } from '../cli/process.js';
import { createEmptyDatabase, openTestDatabase, type TestDatabase } from '../support/database.js';
import { RIGHT_TREE, TREE_FAULTS } from '../support/rank-tree.js';
import { rowsAt } from '../support/rows-at.js';

const SERVER = (process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres');
const HEAD = readdirSync(new URL('../../migrations', import.meta.url))
  .filter((file) => file.startsWith('Migration'))
  .toSorted()
  .at(-1)!
  .replace('.ts', '');

let seeded: TestDatabase;
let folder: string;
const dropped: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'laurel-backups-'));
  seeded = await openTestDatabase();
  await seedDemo(seeded.orm.em.fork(), { players: 60, timeZone: 'UTC' });
  await rowsAt(
    seeded.url!,
    `update users set nickname = E'\\\\.\\ttab "quote" \\n🎲' where email = 'player2@demo.laurel.example';
     update users set deleted_at = now() where email = 'player3@demo.laurel.example';
     alter sequence users_id_seq restart with 4711`,
  );
  // So that it can be a template.
  await seeded.orm.close();
});
afterAll(async () => {
  await Promise.all(dropped.map((drop) => drop()));
  await seeded.close();
  rmSync(folder, { recursive: true, force: true });
});

async function emptyDatabase(): Promise<string> {
  const { url, drop } = await createEmptyDatabase();
  dropped.push(drop);
  return url;
}

/** Another one like the seeded database, or what a script makes of it. */
async function copyOfSeeded(script: string): Promise<string> {
  const { url, drop } = await createEmptyDatabase(SERVER, new URL(seeded.url!).pathname.slice(1));
  dropped.push(drop);
  await rowsAt(url, script);
  return url;
}

/** Does something to a database without starting a process for it. */
async function onOpened<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase({ databaseUrl: url, databasePoolSize: 3, dataDir: '' });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

type Kind = 'whole.dump' | 'whole.sql' | 'rows.dump' | 'rows.sql';

async function backUp(url: string, kind: Kind): Promise<string> {
  files += 1;
  const path = join(folder, `${files}-${kind}`);
  const format = kind.endsWith('.sql') ? 'plain' : 'custom';
  await onOpened(url, (database) => backUpPostgres(database, url, { format, dataOnly: kind.startsWith('rows'), path }));
  return path;
}

let files = 0;
const made = new Map<Kind, Promise<string>>();

/** A backup of the seeded database. */
function backupOf(kind: Kind): Promise<string> {
  const path = made.get(kind) ?? backUp(seeded.url!, kind);
  made.set(kind, path);
  return path;
}

async function restoreHere(url: string, path: string, dataOnly = false): Promise<string[]> {
  const format = (await formatOf(path)) as 'custom' | 'plain';
  const { origin } = await onOpened(url, (database) =>
    restorePostgres(database, url, { path, format, dataOnly, onInspected: () => undefined }),
  );
  return origin!.heads;
}

/** Hashes of the ordered rows of each table, and where each sequence is. */
async function contentsOf(url: string): Promise<Record<string, string>> {
  const tables = await rowsAt<{ name: string; sequence: boolean }>(
    url,
    `select relname as name, relkind = 'S' as sequence from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'S') order by 1`,
  );
  const selects = tables.map(({ name, sequence }) =>
    sequence
      ? `select '${name}' as name, last_value || ' ' || is_called as content from ${name}`
      : `select '${name}' as name, count(*) || ' ' || coalesce(md5(string_agg(t::text, chr(10) order by t::text)), '') as content from ${name} t`,
  );
  const rows = await rowsAt<{ name: string; content: string }>(
    url,
    selects.join(' union all ') || 'select 1 where false',
  );
  return Object.fromEntries(rows.map(({ name, content }) => [name, content]));
}

function catalogOf(url: string): Promise<CatalogObject[]> {
  return onOpened(url, ({ orm }) => describeCatalog(orm.em.fork()));
}

test.each<{ kind: Kind; dataOnly: boolean }>([
  { kind: 'whole.dump', dataOnly: false },
  { kind: 'whole.sql', dataOnly: false },
  { kind: 'rows.dump', dataOnly: true },
  { kind: 'rows.sql', dataOnly: true },
  { kind: 'whole.dump', dataOnly: true },
])('$kind comes back as it was, rows alone: $dataOnly', async ({ kind, dataOnly }) => {
  const path = await backupOf(kind);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const url = await emptyDatabase();
  expect(await restoreHere(url, path, dataOnly)).toEqual([HEAD]);
  const contents = await contentsOf(url);
  expect(contents['users_id_seq']).toBe('4711 false');
  expect(contents).toEqual(await contentsOf(seeded.url!));
  expect(await catalogOf(url)).toEqual(await catalogOf(seeded.url!));
  expect(await rowsAt(url, TREE_FAULTS)).toEqual([RIGHT_TREE]);
});

test('the owner of a database restores rows alone, without being a superuser', async () => {
  const path = await backupOf('rows.sql');
  const role = `laurel_test_owner_${process.pid}`;
  const url = new URL(await emptyDatabase());
  await rowsAt(SERVER, `create role ${role} login password 'secret'`);
  await rowsAt(SERVER, `alter database ${url.pathname.slice(1)} owner to ${role}`);
  [url.username, url.password] = [role, 'secret'];
  const { code, output } = await laurel(['restore', path, '--data-only'], { DATABASE_URL: url.href });
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(await contentsOf(url.href)).toEqual(await contentsOf(seeded.url!));
  expect(await rowsAt(url.href, TREE_FAULTS)).toEqual([RIGHT_TREE]);
  await dropped.pop()!();
  await rowsAt(SERVER, `drop role ${role}`);
});

test('jobs are in a whole backup, and neither in the rows alone nor in their way', async () => {
  const jobs = `create schema laurel_jobs; create table laurel_jobs.job (id int); insert into laurel_jobs.job values (1)`;
  const [source, whole, rows] = [await copyOfSeeded(jobs), join(folder, 'jobs.dump'), join(folder, 'jobs-data.dump')];
  expect(await laurel(['backup', '--out', whole], { DATABASE_URL: source })).toMatchObject({ code: 0 });
  expect(await laurel(['backup', '--data-only', '--out', rows], { DATABASE_URL: source })).toMatchObject({ code: 0 });
  const there = await emptyDatabase();
  expect(await laurel(['restore', whole], { DATABASE_URL: there })).toMatchObject({ code: 0 });
  expect(await rowsAt(there, 'select id from laurel_jobs.job')).toEqual([{ id: 1 }]);
  for (const path of [whole, rows]) {
    const url = await emptyDatabase();
    await rowsAt(url, jobs);
    expect(await laurel(['restore', path, '--data-only'], { DATABASE_URL: url })).toMatchObject({ code: 0 });
    expect(await contentsOf(url)).toEqual(await contentsOf(seeded.url!));
    expect(await rowsAt(url, 'select id from laurel_jobs.job')).toEqual([{ id: 1 }]);
  }
});

test('a database with anything in it is refused, and what is there is named', async () => {
  const [path, rows] = [await backupOf('whole.dump'), await backupOf('rows.dump')];
  const url = await copyOfSeeded('create table bills (id integer); create type colour as enum ()');
  const before = await contentsOf(url);
  const { code, output } = await laurel(['restore', path], { DATABASE_URL: url });
  expect(code).toBe(1);
  expect(output).toMatch(/Nothing was changed\. It has\n {2}tables of Laurel: .*users, visits\n/);
  expect(output).toContain('not of Laurel: table bills, type colour');
  await expect(restoreHere(url, rows, true)).rejects.toThrow('not of Laurel: table bills, type colour');
  expect(await contentsOf(url)).toEqual(before);
  const other = await emptyDatabase();
  await rowsAt(other, 'create schema finance; create table finance.bills (id integer)');
  await expect(restoreHere(other, path)).rejects.toThrow('not of Laurel: table bills, schema finance');
  await expect(restoreHere(other, rows)).rejects.toThrow('--data-only');
});

test('rows go into tables just made, and not to rows that are there', async () => {
  const path = await backupOf('rows.dump');
  const url = await emptyDatabase();
  await onOpened(url, upgrade);
  await rowsAt(url, "insert into archive_users_filled_ids (id) values ('01900000-0000-7000-8000-000000000009')");
  await expect(restoreHere(url, path, true)).rejects.toThrow(
    'there are rows in archive_users_filled_ids. Nothing was changed.',
  );
  await rowsAt(url, 'delete from archive_users_filled_ids');
  await restoreHere(url, path, true);
  expect(await contentsOf(url)).toEqual(await contentsOf(seeded.url!));
});

test.each<{ kind: Kind; share: number; said: string }>([
  { kind: 'whole.dump', share: 0.7, said: 'cut off, or was made by a newer pg_dump. Nothing was changed.' },
  // Behind the migrations, among the last rows.
  { kind: 'whole.dump', share: 0.97, said: 'Nothing was kept: the database is as empty as it was.' },
  { kind: 'whole.sql', share: 0.97, said: 'is cut off: the last words of pg_dump are missing. Nothing was changed.' },
])('of $kind cut off at $share nothing is kept, and the whole one goes in then', async ({ kind, share, said }) => {
  const path = await backupOf(kind);
  const cut = join(folder, `cut-${share}-${kind}`);
  copyFileSync(path, cut);
  truncateSync(cut, Math.floor(statSync(cut).size * share));
  const url = await emptyDatabase();
  await expect(restoreHere(url, cut)).rejects.toThrow(said);
  expect(await contentsOf(url)).toEqual({});
  await restoreHere(url, path);
  expect(await contentsOf(url)).toEqual(await contentsOf(seeded.url!));
});

test('rows that do not fit are not kept, and no message quotes them', async () => {
  const path = await backupOf('rows.sql');
  const unfit = join(folder, 'orphans.sql');
  writeFileSync(unfit, readFileSync(path, 'utf8').replace(/^COPY public\.users [^]*?^\\\.$/m, ''));
  const url = await emptyDatabase();
  const { code, output } = await laurel(['restore', unfit, '--data-only'], { DATABASE_URL: url });
  expect(code).toBe(1);
  expect(output).toContain('violates foreign key constraint');
  expect(output).not.toMatch(/Key \(|COPY|DETAIL/);
  expect(output).toContain('No row was kept');
  expect((await contentsOf(url))['friendships']).toBe('0 ');
  await restoreHere(url, path, true);
});

/** Resolves once a restore waits for the lock. */
async function untilItWaits(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const waiting = await rowsAt(
      url,
      "select from pg_stat_activity where datname = current_database() and application_name like 'laurel restore %' and wait_event_type = 'Lock'",
    );
    if (waiting.length > 0) {
      return;
    }
    await sleep(50);
  }
  throw new Error('The restore did not come to the lock.');
}

test.each([
  {
    signal: 'SIGINT' as const,
    kind: 'whole.dump' as const,
    said: 'Interrupted.\nNothing was kept: the database is as empty as it was.',
  },
  { signal: 'SIGINT' as const, kind: 'whole.sql' as const, said: 'Interrupted.\nNothing was kept' },
  { signal: 'SIGKILL' as const, kind: 'whole.dump' as const, said: '' },
])('$signal in the middle of $kind leaves no half of it', async ({ signal, kind, said }) => {
  const path = await backupOf(kind);
  const url = await emptyDatabase();
  const client = new Client({ connectionString: url });
  await client.connect();
  // Triggers come after all rows.
  await client.query('begin; lock table pg_trigger in share mode');
  const restore = new LaurelProcess(['restore', path], { DATABASE_URL: url });
  await untilItWaits(url);
  restore.kill(signal);
  const { code, output } = await restore.finished;
  if (said !== '') {
    expect(code).toBe(1);
    expect(output).toContain(said);
  }
  await client.query('rollback');
  await client.end();
  // Killed for good, pg_restore has read everything already, and goes on to its end or not: whole or nothing.
  await sleep(signal === 'SIGKILL' ? 300 : 0);
  const whole = signal === 'SIGKILL' ? [await contentsOf(seeded.url!)] : [];
  expect([{}, ...whole]).toContainEqual(await contentsOf(url));
});

test('an older backup names the upgrade, and does it with --upgrade or --yes', async () => {
  const older = await copyOfSeeded('');
  await onOpened(older, (database) => runMigrations(database, 'down', { steps: 2 }));
  const [path, rows] = [await backUp(older, 'whole.dump'), await backUp(older, 'rows.dump')];
  const [first, second, third] = [await emptyDatabase(), await emptyDatabase(), await emptyDatabase()];

  const named = await laurel(['restore', path], { DATABASE_URL: first });
  expect(named.output).toContain('2 are newer in this build');
  expect(named.output).toContain('2 migrations are pending: laurel migrate upgrade');
  expect(named.code).toBe(0);
  expect(await contentsOf(first)).toEqual(await contentsOf(older));

  const report = JSON.parse((await laurel(['restore', path, '--upgrade', '--json'], { DATABASE_URL: second })).output);
  expect(report).toMatchObject({ format: 'custom', next: [] });
  expect(report.upgraded).toEqual(report.origin.pending);
  expect(report.upgraded.at(-1)).toBe(HEAD);
  expect(await catalogOf(second)).toEqual(await catalogOf(seeded.url!));

  const data = await laurel(['restore', rows, '--data-only', '--yes'], { DATABASE_URL: third });
  expect(data.output).toContain(`applied ${HEAD}`);
  const [whole, apart] = [await contentsOf(second), await contentsOf(third)];
  // When each was applied differs.
  expect({ ...apart, mikro_orm_migrations: '' }).toEqual({ ...whole, mikro_orm_migrations: '' });
  expect(await rowsAt(third, TREE_FAULTS)).toEqual([RIGHT_TREE]);
});

test('a backup of a newer Laurel is refused before anything is changed', async () => {
  const newer = await copyOfSeeded(
    "insert into mikro_orm_migrations (name, laurel_version) values ('Migration29990101000000_guilds', '9.0.0')",
  );
  const url = await emptyDatabase();
  const { code, output } = await laurel(['restore', await backUp(newer, 'whole.sql')], { DATABASE_URL: url });
  expect(output).toContain('of a newer Laurel, or of another one (9.0.0;');
  expect(output).toContain('Migration29990101000000_guilds. Nothing was changed.');
  expect(code).toBe(1);
  await expect(restoreHere(url, await backUp(newer, 'rows.dump'), true)).rejects.toThrow('of a newer Laurel');
  expect(await contentsOf(url)).toEqual({});
});

test('a backup of the old game service names the takeover', async () => {
  const old = await emptyDatabase();
  await rowsAt(old, readFileSync(new URL('../fixtures/hexdb-postgres.sql', import.meta.url), 'utf8'));
  const path = await backUp(old, 'whole.dump');
  const url = await emptyDatabase();
  const { code, output } = await laurel(['restore', path], { DATABASE_URL: url });
  expect(output).toContain('laurel migrate stamp --detect\n  laurel migrate upgrade');
  expect(code).toBe(0);
  expect(await contentsOf(url)).toEqual(await contentsOf(old));
  await expect(restoreHere(await emptyDatabase(), path, true)).rejects.toThrow('without --data-only');
});

test('what is there already is not written over, and a backup that fails leaves no file', async () => {
  const settings = { DATABASE_URL: seeded.url!, BACKUP_DIR: join(folder, 'by-name') };
  const { path, restore } = JSON.parse((await laurel(['backup', '--json'], settings)).output);
  expect(path).toMatch(/\/by-name\/laurel_test_\w+-\d{8}T\d{6}Z\.dump$/);
  expect(restore).toBe(`laurel restore '${path}'`);
  expect(statSync(settings.BACKUP_DIR).mode & 0o777).toBe(0o700);
  const size = statSync(path).size;
  const again = await laurel(['backup', '--out', path], settings);
  expect(again.output).toContain('is there already, and is not written over');
  expect(again.code).toBe(1);
  expect(statSync(path).size).toBe(size);

  const programs = join(folder, 'programs');
  mkdirSync(programs);
  const fake = (version: string): void =>
    writeFileSync(
      join(programs, 'pg_dump'),
      `#!/bin/sh\n[ "$1" = --version ] && echo 'pg_dump (PostgreSQL) ${version}' && exit\necho "$@" > '${folder}/words'\necho half > "\${5#--file=}"; exit 1\n`,
      { mode: 0o755 },
    );
  const target = join(folder, 'none');
  const url = seeded.url!.replace('postgres@', 'postgres:hidden@');
  const failing = { DATABASE_URL: url, PATH: `${programs}:${process.env['PATH']}`, BACKUP_DIR: target };
  fake('99.1');
  const failed = await laurel(['backup'], failing);
  expect(failed.output).toContain('pg_dump failed, so there is no backup, and no file was left.');
  expect(failed.code).toBe(1);
  expect(readdirSync(target)).toEqual([]);
  expect(readFileSync(join(folder, 'words'), 'utf8')).not.toContain('hidden');
  fake('9.6');
  const old = await laurel(['backup'], failing);
  expect(old.output).toMatch(/pg_dump is of PostgreSQL 9, and the server is of \d+.*\nInstall/);
  expect(old.code).toBe(1);
  const missing = await laurel(['restore', path], { DATABASE_URL: url, PATH: '' });
  expect(missing.output).toContain('There is no pg_restore on this machine. Nothing was changed.\nInstall');
  expect(missing.code).toBe(1);
});

test('a file that is no backup, and none at all', async () => {
  const text = join(folder, 'text');
  writeFileSync(text, 'drop table users;\n');
  await expect(formatOf(text)).rejects.toThrow('is no backup that Laurel knows');
  const { code } = await laurel(['restore', join(folder, 'nowhere')], { DATABASE_URL: seeded.url! });
  expect(code).toBe(2);
});
