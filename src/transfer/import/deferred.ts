import { equal, type Checksum } from '../checksum.js';
import { quoted } from '../identifier.js';
import { type PostgresTable, readPostgresTables } from '../postgres-tables.js';
import type { Target } from '../target.js';
import { storedChecksum } from './compare.js';
import type { Audit } from './report.js';
import { changedLater } from './watch.js';

/**
 * Has everything done now that waits for the commit: deferred constraints are checked, deferred triggers run.
 * @param tables of the first schema of the search path
 * @returns whether one of the tables was changed by it
 * @throws whatever the server says of a constraint that is broken
 */
export async function settleDeferred(target: Target, tables: readonly string[]): Promise<Audit[]> {
  const [found] = await target.query<{ some: boolean }>(TRIGGERS);
  if (found?.some !== true) {
    await target.query('set constraints all immediate');
    return [];
  }
  const moved = (await readPostgresTables(target)).tables.filter(({ name }) => tables.includes(name));
  const before = await sums(target, moved);
  await target.query('set constraints all immediate');
  const after = await sums(target, moved);
  return moved.map(({ name }, index) => ({
    what: changedLater(name),
    wrong: equal(before[index]!, after[index]!) ? 0 : 1,
  }));
}

async function sums(target: Target, tables: readonly PostgresTable[]): Promise<Checksum[]> {
  const all: Checksum[] = [];
  for (const { name, columns } of tables) {
    all.push(await storedChecksum(target, quoted(name), columns));
  }
  return all;
}

const TRIGGERS = `
  select exists (select from pg_trigger where tgdeferrable and not tgisinternal and tgenabled <> 'D') as some`;
