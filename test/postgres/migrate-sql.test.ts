import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { laurel } from '../cli/process.js';
import { RUNNER_LOCK } from '../../src/migrate/runner-lock-key.js';
import { type MigrationFolder, migrationFolder } from '../migrate/support.js';
import { createEmptyDatabase } from '../support/database.js';
import { rowsAt } from '../support/rows-at.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

const ALONE = 'Migration20270102000000_index';

let folder: MigrationFolder;
beforeAll(() => {
  folder = migrationFolder({
    Migration20270101000000_things: {
      up: ['create table things (id integer) -- the first', `insert into things values (1);`],
      down: ['drop table things'],
    },
    [ALONE]: {
      up: ['create index concurrently things_id on things (id)'],
      down: ['drop index concurrently things_id'],
      transactional: false,
    },
    Migration20270103000000_sizes: {
      up: ['alter table things add column size integer'],
      down: ['alter table things drop column size'],
    },
  });
});
afterAll(() => folder.delete());

/** Runs a script with psql. */
function psql(url: string, commands: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('psql', ['--no-psqlrc', '--quiet', url], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  child.stdin.end(commands);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

async function script(...words: string[]): Promise<string> {
  const { code, output } = await laurel(['migrate', 'sql', ...words]);
  expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
  return output;
}

async function describeDatabase(url: string): Promise<unknown> {
  const [row] = await rowsAt(
    url,
    `select
    (select array_agg(name || ' ' || checksum order by id) from mikro_orm_migrations) as history,
    (select array_agg(table_name || '.' || column_name || ' ' || data_type order by table_name, column_name)
      from information_schema.columns where table_schema = 'public') as columns,
    (select array_agg(indexdef order by indexdef) from pg_indexes where schemaname = 'public') as indexes`,
  );
  return row;
}

test('a script does what the run does, there and back', async () => {
  const [byScript, byRun] = [await createEmptyDatabase(), await createEmptyDatabase()];
  const up = await psql(byScript.url, await script('--folder', folder.path));
  expect(up).toEqual({ code: 0, output: expect.not.stringContaining('ERROR') });
  await laurel(['migrate', 'upgrade', '--folder', folder.path], { DATABASE_URL: byRun.url });
  expect(await describeDatabase(byScript.url)).toEqual(await describeDatabase(byRun.url));

  const down = await psql(byScript.url, await script('head:things', '--folder', folder.path));
  expect(down).toEqual({ code: 0, output: expect.not.stringContaining('ERROR') });
  await laurel(['migrate', 'downgrade', 'things', '--folder', folder.path], { DATABASE_URL: byRun.url });
  expect(await describeDatabase(byScript.url)).toEqual(await describeDatabase(byRun.url));
  await byScript.drop();
  await byRun.drop();
});

test('a script stops where the database is not at its start, and changes nothing', async () => {
  const { url, drop } = await createEmptyDatabase();
  await laurel(['migrate', 'upgrade', '+1', '--folder', folder.path], { DATABASE_URL: url });
  const before = await describeDatabase(url);
  for (const range of ['base:head', 'index:head', 'head:base']) {
    const { code, output } = await psql(url, await script(range, '--folder', folder.path));
    expect(code).toBe(3);
    expect(output).toContain('This script starts after');
    expect(output).toContain('The database has: Migration20270101000000_things');
  }
  expect(await describeDatabase(url)).toEqual(before);
  await drop();
});

test('no other run begins while a script is outside transactions', async () => {
  const { url, drop } = await createEmptyDatabase();
  const text = await script('--folder', folder.path);
  const other = `\\! psql --no-psqlrc --tuples-only --command='select pg_try_advisory_lock(${RUNNER_LOCK}) as taken' "${url}"`;
  const { code, output } = await psql(url, text.replace(/^create index/m, `${other}\n$&`));
  expect({ code, output: output.match(/^ [tf]$/gm) }).toEqual({ code: 0, output: [' f'] });
  await drop();
});

test('the whole history of Laurel, there and back', async () => {
  const [byScript, byRun] = [await createEmptyDatabase(), await createEmptyDatabase()];
  expect(await psql(byScript.url, await script())).toMatchObject({ code: 0 });
  await laurel(['migrate', 'upgrade'], { DATABASE_URL: byRun.url });
  expect(await describeDatabase(byScript.url)).toEqual(await describeDatabase(byRun.url));
  expect(await psql(byScript.url, await script('head:base'))).toMatchObject({ code: 0 });
  await byScript.drop();
  await byRun.drop();
});

test('of a migration that looks at data in code there is no script', async () => {
  const others = migrationFolder({ Migration20270101000000_code: { code: `await this.execute('select 1');`, up: [] } });
  const { code, output } = await laurel(['migrate', 'sql', '--folder', others.path]);
  expect(output).toContain('Migration20270101000000_code.js looks at data in code');
  expect(code).toBe(1);
  others.delete();
});
