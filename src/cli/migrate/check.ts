import type { Command } from 'commander';
import type { Database } from '../../database/database.js';
import { type Checked, type CheckReport, checkDatabase } from '../../migrate/check.js';
import { ExitCode, withDatabase } from '../command.js';
import { aligned, type Cell, styled } from '../terminal.js';
import { type MigrateOptions, verb } from './options.js';

/** `laurel migrate check`: whether the files, the database and the entities agree. */
export function addCheck(migrate: Command): void {
  verb(
    migrate,
    'check',
    'compare the files, the database and the entities with one another; ends with 1 where they differ',
    'check',
  ).action((options: MigrateOptions) => withDatabase((database) => check(database, options)));
}

async function check(database: Database, { folder, json }: MigrateOptions): Promise<void> {
  const report = await checkDatabase(database, { folder });
  if (report.checks.some(({ right }) => right === false)) {
    process.exitCode = ExitCode.FAILED;
  }
  if (json) {
    console.log(JSON.stringify(report));
  } else {
    print(report);
  }
}

function print({ checks, accepted, unknown, pending }: CheckReport): void {
  aligned(checks.map((each): Cell[] => [mark(each), each.name, each.summary])).forEach((line) => console.log(line));
  for (const { name, differences } of checks.filter((each) => each.differences.length > 0)) {
    printList(styled('bold', name), differences);
  }
  printList('Differs, and the migrations to come allow for it:', accepted);
  printList('Unknown to the history, and left alone:', unknown);
  if (pending.length > 0) {
    console.log(styled('yellow', `\n${pending.length} pending: laurel migrate upgrade`));
  }
}

function mark({ right }: Checked): Cell {
  if (right === null) {
    return { text: '-', style: 'yellow' };
  }
  return right ? { text: '✓', style: 'green' } : { text: '✗', style: 'red' };
}

function printList(title: string, lines: readonly string[]): void {
  if (lines.length > 0) {
    console.log(`\n${title}`);
    lines.forEach((line) => console.log(`  ${line.replaceAll('\n', '\n  ')}`));
  }
}
