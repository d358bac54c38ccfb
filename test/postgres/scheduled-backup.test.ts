import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

const SCRIPT = fileURLToPath(new URL('../../scripts/scheduled-backup.sh', import.meta.url));

let folder: string;
let database: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'laurel-backup-'));
  database = await openTestDatabase();
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

function run(word: string, settings: Record<string, string> = {}): { code: number; output: string } {
  const { hostname, port, username, pathname } = new URL(database.url!);
  const env = {
    ...process.env,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGDATABASE: pathname.slice(1),
    BACKUP_FOLDER: folder,
    ...settings,
  };
  try {
    return { code: 0, output: execFileSync('bash', [SCRIPT, word], { env, encoding: 'utf8', stdio: 'pipe' }) };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string };
    return { code: status, output: stderr };
  }
}

const dumps = () => readdirSync(folder).toSorted();

test('a dump is whole and readable by its owner alone, and old ones go', () => {
  expect(run('check').code).toBe(1);
  const old = join(folder, 'laurel-20200101T030000Z.dump');
  writeFileSync(old, 'old');
  utimesSync(old, 0, 0);
  expect(run('check').code).toBe(1);

  const { code, output } = run('once');
  expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/\.dump: \d+ bytes\n/) });
  const [name, ...others] = dumps();
  expect(others).toEqual([]);
  expect(statSync(join(folder, name!)).mode & 0o777).toBe(0o600);
  expect(run('check').code).toBe(0);
  const list = execFileSync('pg_restore', ['--list', join(folder, name!)], { encoding: 'utf8' });
  expect(list).toMatch(/TABLE DATA public users /);
});

test('a dump that fails leaves the ones before, and nothing half done', () => {
  const before = dumps();
  expect(run('once', { PGDATABASE: 'there_is_no_such_database' })).toEqual({
    code: 1,
    output: expect.stringContaining('there_is_no_such_database'),
  });
  expect(dumps()).toEqual(before);
});

test('a word that it does not know is wrong usage', () => {
  expect(run('now')).toEqual({ code: 2, output: expect.stringContaining('usage') });
});
