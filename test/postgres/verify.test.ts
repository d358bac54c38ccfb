import { expect, test } from '@jest/globals';
import { LaurelProcess } from '../cli/process.js';
import { migrationFolder } from '../migrate/support.js';
import { rowsAt } from '../support/rows-at.js';

const url = process.env['TEST_POSTGRES_URL']!;

/** The databases that a process has made for itself and not dropped. */
async function leftBy(process: LaurelProcess): Promise<string[]> {
  const rows = await rowsAt<{ datname: string }>(url, 'select datname from pg_database where datname like $1', [
    `laurel\\_verify\\_${process.pid}\\_%`,
  ]);
  return rows.map(({ datname }) => datname);
}

test("Laurel's own history, on a database that is dropped afterwards", async () => {
  const verify = new LaurelProcess(['migrate', 'verify', '--url', url, '--json'], {});
  const { code, output } = await verify.finished;
  const report = JSON.parse(output) as { verifications: { name: string; ok: boolean; withoutRows: object[] }[] };
  expect(report.verifications.filter(({ ok, withoutRows }) => !ok || withoutRows.length > 0)).toEqual([]);
  expect(report.verifications.length).toBeGreaterThanOrEqual(15);
  expect(code).toBe(0);
  expect(await leftBy(verify)).toEqual([]);
});

test('a migration that fails leaves no database behind either', async () => {
  const folder = migrationFolder({
    Migration20270101000000_base: { up: ['create table fruits (id integer primary key)'], down: ['drop table fruits'] },
    Migration20270102000000_index: {
      up: ['create index concurrently fruits_index on fruits (id)'],
      down: ['drop index concurrently fruits_index'],
      transactional: false,
    },
    Migration20270103000000_next: {
      up: ['alter table fruits add column name text not null'],
      down: ['alter table fruits drop column name'],
    },
  });
  try {
    const verify = new LaurelProcess(['migrate', 'verify', '--url', url, '--folder', folder.path], {});
    const { code, output } = await verify.finished;
    expect(code).toBe(1);
    expect(output).toMatch(/_base +ok .*\n.*_index +ok .*\n.*_next +FAILED/);
    expect(await leftBy(verify)).toEqual([]);
  } finally {
    folder.delete();
  }
});
