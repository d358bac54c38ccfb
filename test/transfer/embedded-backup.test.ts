import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PGlite } from '@electric-sql/pglite';
import { lockDataFolder } from '../../src/database/embedded-lock.js';
import { backUpEmbeddedDatabase } from '../../src/transfer/backup/embedded-backup.js';
import { restoreEmbedded } from '../../src/transfer/backup/embedded-restore.js';
import { formatOf } from '../../src/transfer/backup/format.js';
import { laurel } from '../cli/process.js';
import { migratedDump } from '../support/dump.js';

const SERVER = 'postgres://postgres@127.0.0.1:1/none';

let folder: string;
let data: string;
let backup: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'laurel-embedded-'));
  data = join(folder, 'data');
  backup = join(folder, 'backup.tar.gz');
  mkdirSync(data);
  const database = await PGlite.create({ dataDir: join(data, 'database'), loadDataDir: migratedDump() });
  await database.exec(
    `insert into archive_users_filled_ids (id) values ('01900000-0000-7000-8000-000000000009');
     delete from mikro_orm_migrations where id = (select max(id) from mikro_orm_migrations)`,
  );
  await database.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function contentsOf(dataDir: string): Promise<unknown[]> {
  const database = await PGlite.create({ dataDir: join(dataDir, 'database') });
  const { rows } = await database.query(
    `select (select json_agg(a) from archive_users_filled_ids a) as archive,
      (select json_agg(m order by id) from mikro_orm_migrations m) as migrations`,
  );
  await database.close();
  return rows;
}

test('the dump is whole, private and of a stopped database; an older one says so, and comes back', async () => {
  const unlock = lockDataFolder(data);
  const busy = await laurel(['backup', '--out', backup], { DATA_DIR: data });
  unlock();
  expect(busy.output).toContain('in use by the Laurel process');
  expect(busy.code).toBe(1);
  const written = await laurel(['backup', '--out', backup, '--json'], { DATA_DIR: data });
  expect(JSON.parse(written.output)).toMatchObject({ path: backup, restore: `laurel restore '${backup}'` });
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).toSorted()).toEqual(['backup.tar.gz', 'data']);
  await expect(backUpEmbeddedDatabase(data, backup)).rejects.toThrow('is there already');

  const target = join(folder, 'restored');
  const { code, output } = await laurel(['restore', backup], { DATA_DIR: target });
  expect(output).toContain('of the embedded database: migration Migration');
  expect(output).toContain('1 migrations are pending: laurel migrate upgrade');
  expect(code).toBe(0);
  expect(await contentsOf(target)).toEqual(await contentsOf(data));
  expect(readdirSync(target)).toEqual(['database']);

  await expect(restoreEmbedded(target, backup, () => undefined)).rejects.toThrow(
    /is not empty.*\n.*move .*database away/,
  );
});

test('a file that is cut off, and one of something else, leave nothing', async () => {
  const target = join(folder, 'untouched');
  const cut = join(folder, 'cut.tar.gz');
  writeFileSync(cut, readFileSync(backup).subarray(0, 100_000));
  await expect(restoreEmbedded(target, cut, () => undefined)).rejects.toThrow('cut off');
  expect(readdirSync(target)).toEqual([]);
  const script = join(folder, 'script.gz');
  writeFileSync(script, gzipSync('-- PostgreSQL database dump'));
  await expect(formatOf(script)).rejects.toThrow('gunzip');
});

test('what is of a server goes to no embedded database, and the other way round', async () => {
  const dump = join(folder, 'server.dump');
  writeFileSync(dump, 'PGDMP and so on');
  const target = join(folder, 'none');
  const here = await laurel(['restore', dump], { DATA_DIR: target });
  expect(here.output).toMatch(/is of a PostgreSQL server.*Nothing was changed\.\n.*laurel export csv/);
  expect(here.code).toBe(1);
  expect(existsSync(target)).toBe(false);
  const there = await laurel(['restore', backup], { DATABASE_URL: SERVER });
  expect(there.output).toMatch(/is of an embedded database.*Nothing was changed\.\n.*laurel export csv/);
  expect(there.code).toBe(1);
  expect((await laurel(['backup', '--format', 'plain'], { DATA_DIR: data })).code).toBe(2);
});
