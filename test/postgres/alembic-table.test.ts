import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { laurel } from '../cli/process.js';
import { copyOfHistory, type MigrationFolder, migrationFolder } from '../migrate/support.js';
import { createEmptyDatabase } from '../support/database.js';

process.env['TEST_POSTGRES_URL'] ??= 'postgres://postgres@127.0.0.1:5432/postgres';

/** The table in docs/operations.md: what Alembic's operators type, and what takes its place. */
const TABLE = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => /^\| (?:`(alembic .+?)`|nothing) +\| `laurel (migrate .+?)` +\|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, alembic, ours]) => ({ alembic, ours: ours! }));

/** What the handbooks of the services before Laurel use. */
const USED = [
  'current',
  'history',
  'history --verbose',
  'show REV',
  'upgrade head',
  'upgrade head --verbose',
  'upgrade REV',
  'upgrade +1',
  'upgrade head --sql',
  'downgrade -1',
  'downgrade REV',
  'downgrade base',
  'revision -m "text"',
  'revision --autogenerate -m "text"',
  'merge heads -m "text"',
  'check',
  'stamp REV',
];

let url: string;
let drop: (() => Promise<void>) | undefined;
let sources: MigrationFolder;
beforeAll(() => {
  sources = copyOfHistory();
});
afterAll(() => sources.delete());

test('the table has every command that was used', () => {
  expect(TABLE.map(({ alembic }) => alembic)).toEqual(
    expect.arrayContaining(USED.map((command) => `alembic ${command}`)),
  );
});

const run = (words: string[]) => laurel(words, { DATABASE_URL: url });

/** Each command gets a database at head; only an upgrade has something to do in an empty one. */
async function prepare(ours: string): Promise<void> {
  const template = ours.startsWith('migrate upgrade') ? undefined : process.env['LAUREL_TEST_TEMPLATE'];
  ({ url, drop } = await createEmptyDatabase(process.env['TEST_POSTGRES_URL'], template));
}

afterEach(async () => {
  await drop?.();
  drop = undefined;
});

test.each(TABLE.filter(({ ours }) => !ours.includes('merge')))('$ours', async ({ ours }) => {
  await prepare(ours);
  const words = ours.replace('REV', 'scores_in_seasons').replaceAll('"', '').split(' ');
  const { code, output } = await run([
    ...words,
    ...(ours.includes('revision') ? ['--folder', sources.path] : []),
    ...(ours.includes('downgrade') && !ours.includes('--yes') ? ['--yes'] : []),
  ]);
  expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
});

test('laurel migrate merge', async () => {
  await prepare('migrate merge');
  const branches = migrationFolder({
    Migration20270101000000_first: { up: [] },
    Migration20270102000000_left: { up: [], after: ['Migration20270101000000_first'] },
    Migration20270103000000_right: { up: [], after: ['Migration20270101000000_first'] },
  });
  const { code, output } = await run(['migrate', 'merge', '-m', 'text', '--folder', branches.path]);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('merge_left_and_right') });
  branches.delete();
});
