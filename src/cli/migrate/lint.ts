import type { Command } from 'commander';
import type { Finding } from '../../migrate/lint/finding.js';
import { lintMigrations, type LintReport } from '../../migrate/lint/lint.js';
import { WAIVERS_FILE } from '../../migrate/lint/waivers.js';
import { ExitCode } from '../command.js';
import { styled } from '../terminal.js';
import { type MigrateOptions, verb } from './options.js';
import { sourceFolder } from './source-folder.js';

/** `laurel migrate lint`: what fails on rows, locks for long or can deadlock, before it does. */
export function addLint(migrate: Command): void {
  verb(
    migrate,
    'lint [revision...]',
    'find what fails on rows, locks for long or can deadlock, with the safe rewrite',
    'lint add_avatars',
  )
    .addHelpText(
      'after',
      `\nReads the migrations of a checkout, and needs no database. Waivers are in ${WAIVERS_FILE} beside them.`,
    )
    .action(async (revisions: string[], { folder, json }: MigrateOptions) => {
      const report = await lintMigrations(sourceFolder(folder), revisions);
      if (report.findings.length > 0) {
        process.exitCode = ExitCode.FAILED;
      }
      if (json) {
        console.log(JSON.stringify(report));
        return;
      }
      report.findings.flatMap(describe).forEach((line) => console.log(line));
      console.log(summary(report));
    });
}

function describe({ migration, statement, line, rule, message, rewrite }: Finding): string[] {
  return [
    `${styled('bold', migration)}${statement === null ? '' : `, statement ${statement}`}: ${styled('red', rule)}`,
    ...(line === '' ? [] : [`  ${styled('dim', line)}`]),
    `  ${message}`,
    '  Instead:',
    ...rewrite.split('\n').map((text) => `    ${text}`),
    '',
  ];
}

function summary({ migrations, findings, waived }: LintReport): string {
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
  return `${count(findings.length, 'finding')} in ${count(migrations.length, 'migration')}, ${waived.length} waived in ${WAIVERS_FILE}.`;
}
