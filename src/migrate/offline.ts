import { VERSION } from '../version.js';
import { MigrationError, UsageError } from './errors.js';
import type { MigrationFile } from './history.js';
import { LEDGER } from './ledger-name.js';
import type { Direction } from './plan.js';
import { findMigration } from './revision.js';
import { RUNNER_LOCK } from './runner-lock-key.js';

/** From one place in the history to another; -1 is before the first migration. */
export interface Range {
  from: number;
  to: number;
}

/**
 * @param text `FROM:TO`, each a migration, `base` or `head`, empty for base and head; or TO alone
 * @throws UsageError where it names no migration, or the same place twice
 */
export function parseRange(history: readonly MigrationFile[], text: string): Range {
  const [from = '', to, ...rest] = text.includes(':') ? text.split(':') : ['', text];
  if (rest.length > 0) {
    throw new UsageError(`"${text}" is no range: write FROM:TO. Nothing was written.`);
  }
  const range = { from: placeOf(history, from || 'base'), to: placeOf(history, to || 'head') };
  if (range.from === range.to) {
    throw new UsageError(`"${text}" starts and ends at the same migration. Nothing was written.`);
  }
  return range;
}

function placeOf(history: readonly MigrationFile[], text: string): number {
  if (text === 'base') {
    return -1;
  }
  if (text === 'head') {
    return history.length - 1;
  }
  const { name } = findMigration(history, text);
  return history.findIndex((migration) => migration.name === name);
}

/**
 * A script for psql that does what upgrade or downgrade does, without Laurel: it stops where the database is not at
 * its start, and where another run is under way, and keeps the history.
 * @throws MigrationError naming a migration that has no way back, or whose statements are not known in advance
 */
export function offlineScript(history: readonly MigrationFile[], { from, to }: Range): string {
  const direction: Direction = from < to ? 'up' : 'down';
  const migrations =
    direction === 'up' ? history.slice(from + 1, to + 1) : history.slice(to + 1, from + 1).toReversed();
  const applied = history.slice(0, from + 1).map(({ name }) => name);
  const parts = [head(history, { from, to })];
  if (migrations.some(({ transactional }) => !transactional)) {
    parts.push(WHOLE_SESSION_LOCK);
  }
  let isOpen = false;
  for (const migration of migrations) {
    const statements = knownStatements(migration, direction);
    if (migration.transactional) {
      parts.push(...(isOpen ? [] : begin(applied)), `-- ${migration.name}`, ...statements);
      isOpen = true;
    } else {
      parts.push(...(isOpen ? ['commit;'] : []), `-- ${migration.name}, outside transactions`);
      parts.push(...begin(applied), 'commit;', ...statements, ...begin(applied));
      isOpen = true;
    }
    parts.push(ledgerStatement(migration, direction));
    if (direction === 'up') {
      applied.push(migration.name);
    } else {
      applied.pop();
    }
  }
  return [...parts, ...(isOpen ? ['commit;'] : []), ''].join('\n\n');
}

function head(history: readonly MigrationFile[], { from, to }: Range): string {
  return [
    `-- Laurel ${VERSION}: from ${nameAt(history, from)} to ${nameAt(history, to)}.`,
    '-- Run it with: psql --no-psqlrc --file=SCRIPT "$DATABASE_URL"',
    '\\set ON_ERROR_STOP on',
  ].join('\n');
}

function nameAt(history: readonly MigrationFile[], place: number): string {
  return history[place]?.name ?? 'base';
}

function knownStatements(migration: MigrationFile, direction: Direction): string[] {
  const statements = migration[direction];
  if (statements === undefined) {
    throw new MigrationError(`${migration.name} has no way back. Nothing was written.`);
  }
  if (statements === null) {
    throw new MigrationError(
      `${migration.path} looks at data in code, so there is no script of it. Nothing was written.\nRun it with: laurel migrate ${direction === 'up' ? 'upgrade' : 'downgrade'}`,
    );
  }
  return statements.map(ended);
}

/** On a line of its own where the last one can end in a comment, of which the semicolon would be a part. */
function ended(statement: string): string {
  const text = statement.trim();
  return text.includes('--') ? `${text}\n;` : `${text.replace(/;$/, '')};`;
}

/** Outside transactions the lock must be held too. It goes with the session, at the end of the script. */
const WHOLE_SESSION_LOCK = `do $laurel$
begin
  ${lockOrStop('pg_try_advisory_lock')}
end
$laurel$;`;

function lockOrStop(lock: string): string {
  return `if not ${lock}(${RUNNER_LOCK}) then
    raise exception 'Another migration run is under way. Try again when it has ended.';
  end if;`;
}

/** The beginning of a transaction that goes on only where exactly these migrations are applied. */
function begin(applied: readonly string[]): string[] {
  const names = applied.map((name) => `'${name}'`).join(', ');
  return [
    'begin;',
    `set local lock_timeout = '5s';`,
    `create table if not exists ${LEDGER} (
  id serial primary key, name varchar(255), executed_at timestamptz default current_timestamp);
alter table ${LEDGER} add column if not exists checksum text, add column if not exists laurel_version text;
create unique index if not exists ${LEDGER}_name_unique on ${LEDGER} (name);`,
    `do $laurel$
declare
  applied text[] := array(select regexp_replace(name, '\\.[jt]s$', '') from ${LEDGER} order by 1);
begin
  ${lockOrStop('pg_try_advisory_xact_lock')}
  if applied <> array(select unnest(array[${names}]::text[]) order by 1) then
    raise exception 'This script starts after: ${applied.at(-1) ?? 'nothing'}. The database has: %',
      coalesce(nullif(array_to_string(applied, ', '), ''), 'nothing');
  end if;
end
$laurel$;`,
  ];
}

function ledgerStatement({ name, checksum }: MigrationFile, direction: Direction): string {
  const literal = checksum === null ? 'null' : `'${checksum}'`;
  return direction === 'up'
    ? `insert into ${LEDGER} (name, checksum, laurel_version) values ('${name}', ${literal}, '${VERSION}');`
    : `delete from ${LEDGER} where regexp_replace(name, '\\.[jt]s$', '') = '${name}';`;
}
