import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
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

/** A database at head, of which each command gets a copy. */
let head: { url: string; drop: () => Promise<void> };
let url: string;
let drop: () => Promise<void>;
let sources: MigrationFolder;
beforeAll(async () => {
  head = await createEmptyDatabase();
  await laurel(['migrate', 'upgrade'], { DATABASE_URL: head.url });
  sources = copyOfHistory();
});
afterAll(async () => {
  await head.drop();
  sources.delete();
});

test('the table has every command that was used', () => {
  expect(TABLE.map(({ alembic }) => alembic)).toEqual(
    expect.arrayContaining(USED.map((command) => `alembic ${command}`)),
  );
});

const run = (words: string[]) => laurel(words, { DATABASE_URL: url });

/** Only an upgrade has something to do further back. */
async function prepare(ours: string): Promise<void> {
  if (ours.startsWith('migrate upgrade')) {
    await run(['migrate', 'downgrade', ours.includes('+1') ? '-1' : 'base', '--yes']);
  }
}

beforeEach(async () => {
  ({ url, drop } = await createEmptyDatabase(process.env['TEST_POSTGRES_URL'], new URL(head.url).pathname.slice(1)));
});
afterEach(() => drop());

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
  const branches = migrationFolder({
    Migration20270101000000_first: { up: [] },
    Migration20270102000000_left: { up: [], after: ['Migration20270101000000_first'] },
    Migration20270103000000_right: { up: [], after: ['Migration20270101000000_first'] },
  });
  const { code, output } = await run(['migrate', 'merge', '-m', 'text', '--folder', branches.path]);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('merge_left_and_right') });
  branches.delete();
});
