import { UsageError } from './errors.js';

const LONGEST_TITLE = 60;

/**
 * The name of a new migration, after all there are: the UTC time, and the words in snake case.
 * @throws UsageError where `words` has no letter or digit
 */
export function newMigrationName(history: readonly { stamp: string }[], words: string): string {
  const title = words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, LONGEST_TITLE)
    .replaceAll(/^_+|_+$/g, '');
  if (title === '') {
    throw new UsageError('Say in a few words what the migration does: its name is made of them. Nothing was written.');
  }
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const newest = history.map(({ stamp }) => stamp).reduce((a, b) => (a > b ? a : b), '');
  // A clock that lags behind the newest file's must not put the new one before it.
  const stamp = now > newest ? now : String(BigInt(newest) + 1n);
  return `Migration${stamp}_${title}`;
}
