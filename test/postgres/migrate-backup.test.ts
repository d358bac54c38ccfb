import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { laurel } from '../cli/process.js';
import { type MigrationFolder, migrationFolder } from '../migrate/support.js';
import { createEmptyDatabase } from '../support/database.js';

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

async function things(url: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select * from things order by 1');
  await client.end();
  return rows;
}

test('an upgrade leaves a backup first, and its restore command brings all of it back', async () => {
  const { url, drop } = await createEmptyDatabase();
  const words = ['migrate', 'upgrade', '--folder', folder.path];
  await laurel([...words, '+1'], { DATABASE_URL: url });
  const { code, output } = await laurel([...words, '--backup'], { DATABASE_URL: url, BACKUP_DIR: backups, PORT: '1' });
  expect(code).toBe(0);
  expect(output).toContain('http://127.0.0.1:1/readyz: no server answers there now.');
  expect(output).toContain('The way back: laurel migrate downgrade -1');
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

test('without pg_dump it says so before anything runs', async () => {
  const { url, drop } = await createEmptyDatabase();
  const { code, output } = await laurel(['migrate', 'upgrade', '--backup', backups, '--folder', folder.path], {
    DATABASE_URL: url,
    PATH: '',
  });
  expect(output).toContain('There is no pg_dump on this machine');
  expect(code).toBe(1);
  const current = await laurel(['migrate', 'current', '--json', '--folder', folder.path], { DATABASE_URL: url });
  expect(JSON.parse(current.output)).toEqual({ current: null, pending: 2 });
  await drop();
});
