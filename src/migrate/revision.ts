import { UsageError } from './errors.js';
import type { MigrationFile } from './history.js';

const SHOWN = 10;

/**
 * The migration that was meant: by a prefix of its name, of its time stamp or of the words after it, that no other
 * migration has. A whole name wins over longer ones.
 * @throws UsageError where there is none, or several
 */
export function findMigration<T extends Pick<MigrationFile, 'name' | 'stamp' | 'title'>>(
  migrations: readonly T[],
  text: string,
): T {
  const wanted = text.replace(/\.[jt]s$/, '');
  const parts = ({ name, stamp, title }: T): string[] => [name, stamp, title];
  const exact = wanted === '' ? [] : migrations.filter((migration) => parts(migration).includes(wanted));
  const found =
    wanted === '' || exact.length > 0
      ? exact
      : migrations.filter((migration) => parts(migration).some((part) => part.startsWith(wanted)));
  if (found.length === 1) {
    return found[0]!;
  }
  if (found.length === 0) {
    throw new UsageError(
      `No migration is called ${quoted(text)}. \`laurel migrate history\` lists all. Nothing was run.`,
    );
  }
  const names = found.slice(0, SHOWN).map(({ name }) => `  ${name}`);
  const more = found.length > SHOWN ? [`  and ${found.length - SHOWN} more`] : [];
  throw new UsageError([`${quoted(text)} can be any of these; nothing was run:`, ...names, ...more].join('\n'));
}

/** A point of the history: the newest migration, before the first one, or a migration by name. */
export type Stop = 'head' | 'base' | { name: string };

/** How far to go: to a point, or by a number of steps. */
export type Target = Stop | { steps: number };

/**
 * @param text `head`, `+N` or a migration
 * @throws UsageError for anything else, before anything is run
 */
export function upgradeTarget(migrations: readonly MigrationFile[], text: string): Target {
  if (text === 'head' || text === 'heads') {
    return 'head';
  }
  return steps(text, '+') ?? { name: findMigration(migrations, text).name };
}

/**
 * @param text `base`, `-N` or a migration, which stays
 * @throws UsageError for anything else, before anything is run
 */
export function downgradeTarget(migrations: readonly MigrationFile[], text: string): Target {
  if (text === 'base') {
    return 'base';
  }
  return steps(text, '-') ?? { name: findMigration(migrations, text).name };
}

/**
 * @param text `head`, `base` or a migration
 * @throws UsageError for anything else
 */
export function stampTarget(migrations: readonly MigrationFile[], text: string): Stop {
  if (text === 'head' || text === 'heads') {
    return 'head';
  }
  return text === 'base' ? 'base' : { name: findMigration(migrations, text).name };
}

function steps(text: string, sign: '+' | '-'): Target | undefined {
  if (!/^[+-]/.test(text)) {
    return undefined;
  }
  const count = Number(text.slice(1));
  if (!text.startsWith(sign) || !/^\d+$/.test(text.slice(1)) || count < 1) {
    throw new UsageError(`${quoted(text)} is no number of steps: write ${sign}1, ${sign}2 and so on. Nothing was run.`);
  }
  return { steps: count };
}

function quoted(text: string): string {
  return `"${text}"`;
}
