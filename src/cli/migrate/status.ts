import type { Command } from 'commander';
import type { Database } from '../../database/database.js';
import { loadHistory, type MigrationFile } from '../../migrate/history.js';
import { readLedger } from '../../migrate/ledger.js';
import { headsOf } from '../../migrate/order.js';
import { findMigration } from '../../migrate/revision.js';
import { type Entry, entriesOf, type State } from '../../migrate/state.js';
import { withDatabase } from '../command.js';
import { aligned, type Cell, styled } from '../terminal.js';
import { type MigrateOptions, verb } from './options.js';

const STYLES: Record<State, Parameters<typeof styled>[0]> = {
  applied: 'green',
  pending: 'yellow',
  'edited since': 'red',
  'missing file': 'red',
  'out of order': 'red',
};

/** The verbs that only look: current, history, heads, show and pending. */
export function addStatus(migrate: Command): void {
  verb(migrate, 'current', 'show the newest migration that the database has', 'current').action(
    (options: MigrateOptions) => withEntries(options, showCurrent),
  );
  verb(migrate, 'history', 'list all migrations, newest first, and what the database has of them', 'history --verbose')
    .option('--verbose', 'also when each was applied, by which Laurel, and the checksum of its file')
    .action((options: MigrateOptions & { verbose?: true }) => withEntries(options, showHistory));
  verb(migrate, 'heads', 'show the newest migration of each branch of the files', 'heads').action(showHeads);
  verb(migrate, 'show <revision>', 'show one migration: what is with it, and its SQL', 'show 202611210008').action(
    (revision: string, options: MigrateOptions) =>
      withEntries(options, (entries, { json }) => showOne(entries, revision, json === true)),
  );
  verb(migrate, 'pending', 'list the migrations that the database does not have yet', 'pending').action(
    (options: MigrateOptions) => withEntries(options, showPending),
  );
}

function withEntries<T extends MigrateOptions>(
  options: T,
  show: (entries: Entry[], options: T) => void,
): Promise<void> {
  return withDatabase(async (database) => show(await readEntries(database, options.folder), options));
}

async function readEntries({ orm }: Database, folder: string | undefined): Promise<Entry[]> {
  return entriesOf(await loadHistory(folder), await readLedger(orm.em.fork()));
}

/** What JSON has of a migration. */
function toJson({ name, state, file, applied }: Entry): object {
  return {
    name,
    state,
    appliedAt: applied?.appliedAt ?? null,
    laurelVersion: applied?.laurelVersion ?? null,
    checksum: file?.checksum ?? null,
    appliedChecksum: applied?.checksum ?? null,
  };
}

function showCurrent(entries: Entry[], { json }: MigrateOptions): void {
  const current = entries.findLast(({ applied }) => applied !== undefined);
  const pending = entries.filter(({ applied }) => applied === undefined).length;
  if (json) {
    console.log(JSON.stringify({ current: current === undefined ? null : toJson(current), pending }));
    return;
  }
  console.log(current === undefined ? 'No migration is applied.' : `${current.name}${remark(current, pending)}`);
  if (pending > 0) {
    console.log(styled('yellow', `${pending} pending: laurel migrate upgrade`));
  }
}

function remark({ state }: Entry, pending: number): string {
  if (state === 'missing file') {
    return ' (this build has no such file)';
  }
  return pending === 0 ? ' (head)' : '';
}

function showHistory(entries: Entry[], { json, verbose }: MigrateOptions & { verbose?: true }): void {
  if (json) {
    console.log(JSON.stringify({ migrations: entries.map(toJson) }));
    return;
  }
  const head = ['MIGRATION', 'STATE', ...(verbose ? ['APPLIED', 'BY', 'CHECKSUM'] : [])];
  const rows = entries
    .toReversed()
    .map(({ name, state, file, applied }): Cell[] => [
      name,
      { text: state, style: STYLES[state] },
      ...(verbose
        ? [applied?.appliedAt ?? '-', laurel(applied?.laurelVersion), (file ?? applied)?.checksum?.slice(0, 12) ?? '-']
        : []),
    ]);
  aligned([head.map((text) => ({ text, style: 'bold' as const })), ...rows]).forEach((line) => console.log(line));
}

function laurel(version: string | null | undefined): string {
  return version === null || version === undefined ? '-' : `Laurel ${version}`;
}

async function showHeads({ folder, json }: MigrateOptions): Promise<void> {
  const heads = headsOf(await loadHistory(folder));
  if (json) {
    console.log(JSON.stringify({ heads: heads.map(({ name }) => name) }));
    return;
  }
  heads.forEach(({ name }) => console.log(name));
  if (heads.length > 1) {
    console.log(styled('yellow', `${heads.length} branches: laurel migrate merge`));
  }
}

function showOne(entries: Entry[], revision: string, json: boolean): void {
  const candidates = entries.map((entry) => ({
    name: entry.name,
    stamp: /\d+/.exec(entry.name)?.[0] ?? '',
    title: entry.name.replace(/^Migration\d+_?/, ''),
    entry,
  }));
  const { entry } = findMigration(candidates, revision);
  if (json) {
    console.log(JSON.stringify({ ...toJson(entry), up: entry.file?.up ?? null, down: entry.file?.down ?? null }));
    return;
  }
  const { name, state, file, applied } = entry;
  const lines: Cell[][] = [
    ['Migration', { text: name, style: 'bold' }],
    ['State', { text: state, style: STYLES[state] }],
    ['Applied', applied === undefined ? '-' : `${applied.appliedAt} by ${laurel(applied.laurelVersion)}`],
    ['Checksum', file?.checksum ?? '-'],
    ...(state === 'edited since' ? [['When applied', applied!.checksum!]] : []),
    ['File', file?.path ?? '-'],
    ['Transaction', file === undefined ? '-' : file.transactional ? 'yes' : 'no, runs alone'],
  ];
  aligned(lines).forEach((line) => console.log(line));
  if (file !== undefined) {
    showSql('upgrade', file.up);
    showSql('downgrade', file.down);
  }
}

function showSql(title: string, statements: MigrationFile['down']): void {
  console.log(`\n${styled('bold', title)}`);
  if (statements === undefined) {
    console.log('-- There is no way back.');
    return;
  }
  if (statements === null) {
    console.log('-- It looks at data in code: its statements are known when it runs.');
    return;
  }
  statements.forEach((statement) => console.log(`${statement.trim()};`));
}

function showPending(entries: Entry[], { json }: MigrateOptions): void {
  const pending = entries.filter(({ applied }) => applied === undefined).map(({ name }) => name);
  if (json) {
    console.log(JSON.stringify({ pending }));
    return;
  }
  pending.forEach((name) => console.log(`pending ${name}`));
  if (pending.length === 0) {
    console.log('Nothing is pending.');
  }
}
