import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { laurel, LaurelProcess } from '../cli/process.js';
import { type MigrationFolder, migrationFolder } from '../migrate/support.js';
import { createEmptyDatabase } from '../support/database.js';
import { rowsAt } from '../support/rows-at.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

let folder: MigrationFolder;
let backups: string;
beforeAll(() => {
  backups = mkdtempSync(join(tmpdir(), 'laurel-backups-'));
  folder = migrationFolder({
    Migration20270101000000_things: { up: ['create table things (id integer)', 'insert into things values (1), (2)'] },
    Migration20270102000000_sizes: {
      up: ['alter table things add column size integer', 'create table sizes (id integer)', 'delete from things'],
    },
  });
});
afterAll(() => {
  folder.delete();
  rmSync(backups, { recursive: true, force: true });
});

const things = (url: string): Promise<unknown[]> => rowsAt(url, 'select * from things order by 1');

test('an upgrade leaves a backup first, and its restore command brings all of it back', async () => {
  const { url, drop } = await createEmptyDatabase();
  const words = ['migrate', 'upgrade', '--folder', folder.path];
  const empty = join(backups, 'empty');
  const first = await laurel([...words, '--backup-folder', empty, '--backup', '+1'], { DATABASE_URL: url });
  expect(first.output).toContain('applied Migration20270101000000_things\nhttp');
  const { code, output } = await laurel([...words, '--backup'], { DATABASE_URL: url, BACKUP_DIR: backups, PORT: '1' });
  expect(code).toBe(0);
  expect(output).toContain('http://127.0.0.1:1/readyz: no server answers there now.');
  expect(output).toContain(`The way back: laurel migrate downgrade -1 --folder '${folder.path}'`);
  expect(await things(url)).toEqual([]);

  const [, restore] = /every server stopped:\n {2}(.*)/.exec(output)!;
  execFileSync('bash', ['-c', restore!]);
  expect(await things(url)).toEqual([{ id: 1 }, { id: 2 }]);
  const current = await laurel(['migrate', 'current', '--json', '--folder', folder.path], { DATABASE_URL: url });
  expect(JSON.parse(current.output)).toMatchObject({ current: { name: 'Migration20270101000000_things' }, pending: 1 });

  const count = readdirSync(backups).length;
  await laurel(words, { DATABASE_URL: url, BACKUP_DIR: backups });
  expect(readdirSync(backups)).toHaveLength(count + 1);
  await laurel(words, { DATABASE_URL: url, BACKUP_DIR: backups });
  expect(readdirSync(backups)).toHaveLength(count + 1);
  await drop();
});

test('a name with anything in it, a password and the words of node-postgres stay out of the command', async () => {
  const { url, drop } = await createEmptyDatabase();
  const name = `laurel it is/here_${process.pid}`;
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`create database "${name}"`);
  const named = new URL(url);
  named.pathname = `/${encodeURIComponent(name)}`;
  named.search = 'password=secret&sslmode=disable&uselibpqcompat=true&statement_timeout=0';
  const target = join(backups, "it's private");
  const words = ['migrate', 'upgrade', '--json', '--folder', folder.path];
  await laurel([...words, '+1'], { DATABASE_URL: named.href });
  const { code, output } = await laurel([...words, '--backup-folder', target], {
    DATABASE_URL: named.href,
    HOST: '::1',
    PORT: '1',
  });
  expect(code).toBe(0);
  const { backup, health, wayBack } = JSON.parse(output);
  expect(health).toBe('http://[::1]:1/readyz: no server answers there now.');
  expect(wayBack).toBe(`laurel migrate downgrade -1 --folder '${folder.path}'`);
  expect(backup.restore).not.toContain('secret');
  expect(backup.path.slice(target.length)).toMatch(/^\/laurel_it_is_here_\d+-\w+\.dump$/);
  expect(statSync(target).mode & 0o777).toBe(0o700);
  expect(statSync(backup.path).mode & 0o777).toBe(0o600);
  execFileSync('bash', ['-c', backup.restore]);
  const again = await laurel(['migrate', 'current', '--json', '--folder', folder.path], { DATABASE_URL: named.href });
  expect(JSON.parse(again.output)).toMatchObject({ current: { name: 'Migration20270101000000_things' }, pending: 1 });
  await client.query(`drop database "${name}"`);
  await client.end();
  await drop();
});

test('a dump that fails leaves no file, and nothing is run', async () => {
  const { url, drop } = await createEmptyDatabase();
  const target = join(backups, 'failed');
  const programs = join(backups, 'programs');
  mkdirSync(programs);
  writeFileSync(join(programs, 'pg_dump'), '#!/bin/sh\n[ "$1" = --version ]\n', { mode: 0o755 });
  const settings = { DATABASE_URL: url, PATH: `${programs}:${process.env['PATH']}` };
  const { code, output } = await laurel(
    ['migrate', 'upgrade', '--backup-folder', target, '--folder', folder.path],
    settings,
  );
  expect(output).toContain('pg_dump failed, so no backup was made. Nothing was run.');
  expect(code).toBe(1);
  expect(readdirSync(target)).toEqual([]);
  await drop();
});

test('of the embedded database, a private copy where something is pending, which brings it back', async () => {
  const data = join(backups, "it's embedded");
  const copies = join(data, 'backups');
  const upgrade = (...words: string[]) =>
    laurel(['migrate', 'upgrade', '--json', '--backup', '--folder', folder.path, ...words], { DATA_DIR: data });
  expect((await upgrade('+1')).code).toBe(0);
  expect((await upgrade('thigs')).code).toBe(2);
  expect((await upgrade('+2')).code).toBe(2);
  expect(existsSync(copies)).toBe(false);
  const { backup } = JSON.parse((await upgrade()).output);
  expect((await upgrade()).code).toBe(0);
  expect(readdirSync(copies)).toHaveLength(1);
  expect(statSync(copies).mode & 0o777).toBe(0o700);
  expect(statSync(backup.path).mode & 0o777).toBe(0o700);
  execFileSync('bash', ['-c', backup.restore]);
  const current = await laurel(['migrate', 'current', '--json', '--folder', folder.path], { DATA_DIR: data });
  expect(JSON.parse(current.output)).toMatchObject({ current: { name: 'Migration20270101000000_things' }, pending: 1 });
});

test.each([[['thigs', '--backup']], [['--lock-timeout', '99999999999h']]])(
  '%j ends with 2 before pg_dump is looked for',
  async (words) => {
    const { code } = await laurel(['migrate', 'upgrade', '--folder', folder.path, ...words], {
      DATABASE_URL: process.env['TEST_POSTGRES_URL']!,
      PATH: '',
    });
    expect(code).toBe(2);
  },
);

test('statements of an attempt that was rolled back are not reported', async () => {
  const { url, drop } = await createEmptyDatabase();
  const words = ['migrate', 'upgrade', '--folder', folder.path];
  await laurel([...words, '+1'], { DATABASE_URL: url });
  const later = migrationFolder({
    Migration20270101000000_things: { up: ['create table things (id integer)', 'insert into things values (1), (2)'] },
    Migration20270102000000_sizes: {
      up: ['create table sizes (id integer)', 'alter table things add column s integer'],
    },
  });
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('begin; lock table things in access share mode');
  const running = new LaurelProcess(
    ['migrate', 'upgrade', '--json', '--verbose', '--lock-timeout', '200ms', '--folder', later.path],
    { DATABASE_URL: url, PORT: '1' },
  );
  while (!running.output.includes('rolled back, again')) {
    await sleep(50);
  }
  await client.query('rollback');
  const { output } = await running.finished;
  const { statements } = JSON.parse(output.slice(output.indexOf('{"applied"')));
  expect(statements.map(({ sql }: { sql: string }) => sql)).toEqual([
    'create table sizes (id integer)',
    'alter table things add column s integer',
  ]);
  later.delete();
  await client.end();
  await drop();
});

test('without pg_dump it says so before anything runs', async () => {
  const { url, drop } = await createEmptyDatabase();
  const { code, output } = await laurel(['migrate', 'upgrade', '--backup', '--folder', folder.path], {
    DATABASE_URL: url,
    BACKUP_DIR: backups,
    PATH: '',
  });
  expect(output).toContain('There is no pg_dump on this machine');
  expect(code).toBe(1);
  const current = await laurel(['migrate', 'current', '--json', '--folder', folder.path], { DATABASE_URL: url });
  expect(JSON.parse(current.output)).toEqual({ current: null, pending: 2 });
  await drop();
});
