import { stderr } from 'node:process';
import type { Command } from 'commander';
import { type Config, loadConfig } from '../../config.js';
import type { Database } from '../../database/database.js';
import type { PreparedBackup } from '../../migrate/backup.js';
import { dryRun } from '../../migrate/dry-run.js';
import { loadHistory } from '../../migrate/history.js';
import { readLedger } from '../../migrate/ledger.js';
import { describeLosses } from '../../migrate/losses.js';
import { type Direction, type Plan, planDowngrade, planUpgrade } from '../../migrate/plan.js';
import { downgradeTarget, type Target, upgradeTarget } from '../../migrate/revision.js';
import type { RanStatement, RunOptions } from '../../migrate/run-options.js';
import { runMigrations } from '../../migrate/run.js';
import { shellQuote } from '../../migrate/shell-quote.js';
import { withDatabase } from '../command.js';
import { confirmByTyping } from '../confirm.js';
import { styled } from '../terminal.js';
import { type BackupOptions, describeBackup, prepareBackup } from './backup.js';
import { describeHealth } from './health.js';
import { type MigrateOptions, parseDuration, verb } from './options.js';
import { RanStatements } from './ran-statements.js';

interface RunCommandOptions extends MigrateOptions, BackupOptions {
  dryRun?: true;
  verbose?: true;
  yes?: true;
  wait: number;
  lockTimeout: number;
  statementTimeout: number;
  concurrentTimeout: number;
}

/** The verbs that change the database: upgrade and downgrade. */
export function addRun(migrate: Command): void {
  runVerb(migrate, 'upgrade [revision]', 'apply migrations: up to head, +N steps, or up to a revision', 'upgrade +1')
    .option('--backup', 'leave a backup first: in BACKUP_DIR, else beside the data')
    .option('--backup-folder <dir>', 'leave a backup there first')
    .action((revision: string | undefined, options: RunCommandOptions) => upgradeTo(revision ?? 'head', options));
  runVerb(
    migrate,
    'downgrade <revision>',
    'revert migrations: -N steps, down to a revision, or to base',
    'downgrade -1',
  )
    .option('--yes', 'drop data without asking')
    .action((revision: string, options: RunCommandOptions) =>
      withDatabase((database, config) => downgradeTo({ database, config, backup: undefined }, revision, options)),
    );
}

/** What a run is about. */
interface Subject {
  database: Database;
  config: Config;
  backup: PreparedBackup | undefined;
}

function runVerb(migrate: Command, usage: string, description: string, example: string): Command {
  return verb(migrate, usage, description, example)
    .option('--dry-run', 'try it in a transaction, show each statement, its time and its locks, and roll back')
    .option('--verbose', 'show the SQL as it runs')
    .option('--wait <duration>', 'for another migration run', parseDuration, 60_000)
    .option(
      '--lock-timeout <duration>',
      'a statement waits so long for a table; then all begins anew',
      parseDuration,
      5000,
    )
    .option('--statement-timeout <duration>', 'a statement may take so long; 0s: any time', parseDuration, 0)
    .option('--concurrent-timeout <duration>', 'likewise, outside transactions', parseDuration, 6 * 3_600_000);
}

async function upgradeTo(revision: string, options: RunCommandOptions): Promise<void> {
  const config = loadConfig();
  const history = await loadHistory(options.folder);
  const target = upgradeTarget(history, revision);
  const planOn = async ({ orm }: Database): Promise<Plan> =>
    planUpgrade(history, await readLedger(orm.em.fork()), target);
  const isPending = async (): Promise<boolean> => {
    let pending = false;
    await withDatabase(async (database) => {
      pending = (await planOn(database)).migrations.length > 0;
    });
    return pending;
  };
  const backup = options.dryRun ? undefined : await prepareBackup(config, options, isPending);
  await withDatabase(async (database) => {
    const plan = await planOn(database);
    printPlan(plan, options);
    await run({ database, config, backup }, target, plan, options);
  });
}

async function downgradeTo(subject: Subject, revision: string, options: RunCommandOptions): Promise<void> {
  const em = subject.database.orm.em.fork();
  const history = await loadHistory(options.folder);
  const target = downgradeTarget(history, revision);
  const plan = planDowngrade(history, await readLedger(em), target);
  printPlan(plan, options);
  const losses = options.dryRun ? [] : await describeLosses(em, plan.migrations);
  if (losses.length > 0) {
    const question = lossQuestion(plan, losses);
    if (options.yes !== true) {
      await confirmByTyping(question, 'downgrade');
    } else if (!options.json) {
      console.log(question);
    }
  }
  await run(subject, target, plan, options);
}

function lossQuestion({ migrations }: Plan, losses: readonly string[]): string {
  const subject = migrations.length === 1 ? 'This migration drops' : 'These migrations drop';
  return [
    `${subject} the following, but for what they carry over to older tables:`,
    ...losses.map((line) => `  ${line}`),
  ].join('\n');
}

async function run(subject: Subject, target: Target, plan: Plan, options: RunCommandOptions): Promise<void> {
  const { database } = subject;
  const { direction } = plan;
  const statements = new RanStatements(options.dryRun === true);
  const settings = runSettings(plan, options, statements);
  if (options.dryRun) {
    const wouldRun = await dryRun(database, direction, target, settings);
    finish(options, { direction, wouldRun, statements: statements.all }, 'All was rolled back: it was a dry run.');
    return;
  }
  const backup = plan.migrations.length === 0 ? undefined : await subject.backup?.();
  if (backup !== undefined && !options.json) {
    console.log(describeBackup(backup));
  }
  const done = await runMigrations(database, direction, target, settings);
  const key = direction === 'up' ? 'applied' : 'reverted';
  if (!options.json) {
    done.forEach((name) => console.log(styled('green', `${key} ${name}`)));
  }
  const health = done.length === 0 ? undefined : await describeHealth(subject.config);
  const wayBack = direction === 'up' && done.length > 0 ? wayBackOf(done.length, options) : undefined;
  const report = { [key]: done, backup, health, wayBack, ...(options.verbose && { statements: statements.all }) };
  finish(options, report, done.length === 0 ? NOTHING[direction] : whatNext(health, wayBack));
}

function wayBackOf(steps: number, { folder }: RunCommandOptions): string {
  return `laurel migrate downgrade -${steps}${folder === undefined ? '' : ` --folder ${shellQuote(folder)}`}`;
}

const NOTHING: Record<Direction, string> = {
  up: 'Nothing to apply: the database is current.',
  down: 'Nothing to revert.',
};

function runSettings({ migrations }: Plan, options: RunCommandOptions, statements: RanStatements): RunOptions {
  const tell = (line: string): void => {
    if (!options.json) {
      console.log(line);
    }
  };
  return {
    folder: options.folder,
    patience: options.wait,
    lockTimeout: options.lockTimeout,
    statementTimeout: options.statementTimeout,
    concurrentTimeout: options.concurrentTimeout,
    agreed: migrations.map(({ name }) => name),
    listener: {
      onMigration: (migration) => {
        statements.begin(migration);
        if (options.dryRun || options.verbose) {
          tell(styled('bold', `-- ${migration.name}`));
        }
      },
      onStatement: (statement) => {
        statements.add(statement);
        if (options.dryRun || options.verbose) {
          describeStatement(statement).forEach(tell);
        }
      },
      onRetry: (reason, milliseconds) => {
        statements.rollBack();
        console.error(`${reason}: rolled back, again in ${(milliseconds / 1000).toFixed(1)} s`);
      },
    },
  };
}

function describeStatement({ sql: text, milliseconds, locks, ran }: RanStatement): string[] {
  const cost = ran ? `-- ${milliseconds.toFixed(1)} ms` : '-- not run: not in this transaction, or done already';
  return [
    `${text.trim()};`,
    styled('dim', [cost, ...locks.map(({ table, mode }) => `${mode} on ${table}`)].join(', ')),
  ];
}

function printPlan({ direction, migrations, warnings }: Plan, { json }: RunCommandOptions): void {
  if (json) {
    return;
  }
  warnings.forEach((warning) => console.error(styled('yellow', warning, stderr)));
  if (migrations.length > 0) {
    console.log(`To ${direction === 'up' ? 'apply' : 'revert'}, in this order:`);
    migrations.forEach(({ name, transactional }) =>
      console.log(`  ${name}${transactional ? '' : ' (outside transactions, alone)'}`),
    );
  }
}

function whatNext(health: string | undefined, wayBack: string | undefined): string {
  const lines = [health, wayBack && `The way back: ${wayBack}`, 'Done.'];
  return lines.filter((line) => line !== undefined).join('\n');
}

function finish({ json }: RunCommandOptions, report: object, text: string): void {
  console.log(json ? JSON.stringify(report) : text);
}
