import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type MigrationFolder, migrationFolder } from '../migrate/support.js';
import { laurel } from './process.js';

const FRUITS = 'Migration20270101000000_fruits';
const COLOURS = 'Migration20270102000000_colours';

let data: string;
let folder: MigrationFolder;
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'laurel-migrate-'));
  folder = migrationFolder({
    [FRUITS]: {
      up: ['create table fruits (id integer primary key)', 'insert into fruits values (1), (2)'],
      down: ['drop table fruits'],
    },
    [COLOURS]: {
      up: ['alter table fruits add column colour text', `update fruits set colour = 'red' where id = 1`],
      down: ['alter table fruits drop column colour'],
    },
  });
});
afterAll(() => {
  folder.delete();
  rmSync(data, { recursive: true, force: true });
});

const migrate = (...words: string[]) =>
  laurel(['migrate', ...words, '--folder', folder.path], { DATA_DIR: data, TERM: 'dumb' });

describe('the verbs, on the embedded database', () => {
  test('from nothing to head and back, as an operator types it', async () => {
    expect(await migrate('current')).toEqual({
      code: 0,
      output: 'No migration is applied.\n2 pending: laurel migrate upgrade\n',
    });
    expect((await migrate('pending')).output).toBe(`pending ${FRUITS}\npending ${COLOURS}\n`);

    const upgraded = await migrate('upgrade', '+1');
    expect(upgraded.output).toContain(`To apply, in this order:\n  ${FRUITS}\napplied ${FRUITS}\n`);
    expect(upgraded.output).toContain('The way back: laurel migrate downgrade -1');
    expect(upgraded.code).toBe(0);

    const rest = await migrate('upgrade', '--verbose');
    expect(rest.output).toMatch(
      /-- Migration20270102000000_colours\nalter table fruits add column colour text;\n-- [\d.]+ ms\n/,
    );
    expect((await migrate('current')).output).toBe(`${COLOURS} (head)\n`);

    const { output } = await migrate('history', '--verbose');
    expect(output).toMatch(
      /^MIGRATION +STATE +APPLIED +BY +CHECKSUM\nMigration20270102000000_colours +applied +\S+ +Laurel \S+ +[0-9a-f]{12}\nMigration20270101000000_fruits +applied /,
    );
    const shown = await migrate('show', 'colours');
    expect(shown.output).toContain('upgrade\nalter table fruits add column colour text;');
    expect(shown.output).toContain('downgrade\nalter table fruits drop column colour;');
    expect((await migrate('heads')).output).toBe(`${COLOURS}\n`);

    const tried = await migrate('downgrade', 'base', '--dry-run');
    expect(tried.output).toContain('drop table fruits;');
    expect(tried.output).toContain('AccessExclusiveLock on fruits');
    expect(tried.output).toContain('All was rolled back: it was a dry run.');

    const asked = await migrate('downgrade', 'base');
    expect(asked.code).toBe(1);
    expect(asked.output).toContain('column fruits.colour: 1 values');
    expect(asked.output).toContain('table fruits: 2 rows');
    expect(asked.output).toContain('Nothing was run. To agree without being asked: --yes');
    expect((await migrate('current')).output).toBe(`${COLOURS} (head)\n`);

    const reverted = await migrate('downgrade', 'base', '--yes');
    expect(reverted.output).toContain(`reverted ${COLOURS}\nreverted ${FRUITS}\n`);
    expect((await migrate('current', '--json')).output).toBe('{"current":null,"pending":2}\n');
  });

  test('with a typo, each ends with 2, and nothing has run', async () => {
    // With one migration applied and one pending, whatever ran would show: forward, back or only noted.
    await migrate('upgrade', '+1');
    for (const verb of [
      'upgrade',
      'downgrade',
      'show',
      'sql',
      'stamp',
      'stamp --purge',
      'merge -m x',
      'lint',
      'verify',
    ]) {
      expect({ verb, ...(await migrate(...verb.split(' '), 'frits')) }).toEqual({
        verb,
        code: 2,
        output: expect.stringContaining('No migration is called "frits"'),
      });
    }
    expect(JSON.parse((await migrate('current', '--json')).output)).toMatchObject({
      current: { name: FRUITS },
      pending: 1,
    });
    await migrate('downgrade', 'base', '--yes');
  });

  test('print plain text where NO_COLOR is set or the output is piped', async () => {
    expect((await migrate('history')).output).not.toContain('\u001B');
  });

  test('report as JSON', async () => {
    const tried = JSON.parse((await migrate('upgrade', '--dry-run', '--json')).output);
    expect(tried).toMatchObject({ direction: 'up', wouldRun: [FRUITS, COLOURS] });
    expect(tried.statements).toHaveLength(4);
    expect(JSON.parse((await migrate('upgrade', '--json')).output)).toEqual({
      applied: [FRUITS, COLOURS],
      wayBack: `laurel migrate downgrade -2 --folder '${folder.path}'`,
    });
    const { migrations } = JSON.parse((await migrate('history', '--json')).output);
    expect(migrations).toMatchObject([
      { name: FRUITS, state: 'applied' },
      { name: COLOURS, state: 'applied' },
    ]);
    expect(JSON.parse((await migrate('downgrade', 'base', '--yes', '--json')).output)).toEqual({
      reverted: [COLOURS, FRUITS],
    });
  });
});

describe('branches', () => {
  test('show as two heads, and are joined by a migration that settles their order', async () => {
    const branches = migrationFolder({
      [FRUITS]: { up: ['create table fruits (id integer primary key)'], down: ['drop table fruits'] },
      Migration20270103000000_names: { up: ['alter table fruits add column name text'], after: [FRUITS] },
      Migration20270104000000_sizes: { up: ['alter table fruits add column size text'], after: [FRUITS] },
    });
    const run = (...words: string[]) => laurel(['migrate', ...words, '--folder', branches.path], { DATA_DIR: data });
    const heads = await run('heads');
    expect(heads.output).toBe(
      'Migration20270103000000_names\nMigration20270104000000_sizes\n2 branches: laurel migrate merge\n',
    );
    const merged = await run('merge', 'sizes', 'names', '-m', 'Sizes were released first.');
    expect(merged.code).toBe(0);
    const file = readdirSync(branches.path).find((name) => name.includes('merge'));
    expect(file).toMatch(/^Migration\d{14}_merge_sizes_and_names\.ts$/);
    expect((await run('heads')).output).toBe(`${file!.replace('.ts', '')}\n`);
    const upgraded = await run('upgrade', '--json');
    expect(JSON.parse(upgraded.output).applied).toEqual([
      FRUITS,
      'Migration20270104000000_sizes',
      'Migration20270103000000_names',
      file!.replace('.ts', ''),
    ]);
    expect((await run('merge', '-m', 'Again')).code).toBe(1);
    branches.delete();
  });
});
