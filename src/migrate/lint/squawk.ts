import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { z } from 'zod';
import { MigrationError } from '../errors.js';
import type { FoundFault } from './rules/rule.js';
import type { LintedMigration } from './statements.js';

/** The oldest PostgreSQL that Laurel runs on. */
const OLDEST_POSTGRESQL = '15';

/** squawk's rules that are not asked for, and why. */
const EXCLUDED: Record<string, string> = {
  'adding-not-nullable-field': 'not-null-without-fill says it',
  'adding-required-field': 'not-null-without-fill says it',
  'require-concurrent-index-creation': 'index-not-concurrent says it',
  'disallowed-unique-constraint': 'index-not-concurrent says it',
  'adding-serial-primary-key-field': 'index-not-concurrent says it',
  'ban-concurrent-index-creation-in-transaction': 'concurrently-in-transaction says it',
  'adding-foreign-key-constraint': 'foreign-key-not-valid says it',
  'constraint-missing-not-valid': 'foreign-key-not-valid and check-not-valid say it',
  'require-timeout-settings': 'the runner sets both timeouts',
  'require-lock-timeout': 'the runner sets it',
  'require-statement-timeout': 'the runner sets it',
  'prefer-robust-stmts': 'a transaction is all or nothing; IF NOT EXISTS would pass over drift',
  'require-table-schema': 'Laurel lives in one schema, of any name',
  'prefer-bigint-over-int': 'style: counts of players fit',
  'prefer-bigint-over-smallint': 'style',
  'prefer-identity': 'style: ids are UUIDs',
  'prefer-text-field': 'style: lengths are part of the contract',
  'prefer-timestamp-tz': 'style: the old tables have it',
  'prefer-repack': 'needs an extension',
  'ban-char-field': 'style',
  'ban-drop-not-null': 'locks for a moment only; what reads NULL is not seen in SQL',
  'require-enum-value-ordering': 'style',
};

/** Cannot be excluded, and PostgreSQL's own parser knows better. */
const SYNTAX = 'syntax-error';

/** The safe way for each rule of squawk's that is asked for; it has words for it, and SQL is better. */
const REWRITES: Record<string, string> = {
  'adding-field-with-default': [
    'alter table … add column … ;',
    'alter table … alter column … set default … ;',
    '-- in the next migration: update … where … is null, in batches',
  ].join('\n'),
  'changing-column-type': [
    'alter table … add column …_new … ;',
    '-- then: write both columns, update … set …_new = … in batches, read the new one; at last',
    'alter table … drop column … ;',
  ].join('\n'),
  'renaming-column': [
    '-- servers that still run know the old name: add the new column beside it, write both, fill it,',
    '-- read the new one, and drop the old one with the release after',
    'alter table … add column … ;',
  ].join('\n'),
  'renaming-table': [
    '-- servers that still run know the old name: leave a view that has it',
    'alter table … rename to … ;',
    'create view … as select * from … ;',
  ].join('\n'),
  'ban-drop-column': ['-- with the release after the one that stops using it', 'alter table … drop column … ;'].join(
    '\n',
  ),
  'ban-drop-table': ['-- with the release after the one that stops using it', 'drop table … ;'].join('\n'),
  'require-concurrent-index-deletion': [
    '-- in a migration of its own, with: override isTransactional(): boolean { return false; }',
    'drop index concurrently … ;',
  ].join('\n'),
};

const reported = z.array(
  z.object({ line: z.number(), rule_name: z.string(), message: z.string(), help: z.string().nullish() }),
);

/**
 * What squawk says of a migration's statements; each of its rules once for each statement.
 * @throws MigrationError where it is not installed, or does not answer
 */
export function askSquawk({ file, texts }: LintedMigration): FoundFault[] {
  const { script, statementAt } = scriptOf(texts);
  const words = [
    '--reporter=json',
    '--stdin-filepath=migration.sql',
    `--pg-version=${OLDEST_POSTGRESQL}`,
    `--exclude=${Object.keys(EXCLUDED).join(',')}`,
    ...(file.transactional ? ['--assume-in-transaction'] : ['--no-assume-in-transaction']),
  ];
  const { stdout, stderr, error } = spawnSync(squawkBinary(), words, { input: script, encoding: 'utf8' });
  if (error !== undefined) {
    throw new MigrationError(`squawk cannot be started: ${error.message}. Install it again: npm ci`);
  }
  const found = new Map<string, FoundFault>();
  for (const { line, rule_name: rule, message, help } of parseReport(stdout, stderr)) {
    if (rule === SYNTAX) {
      continue;
    }
    const statement = statementAt(line);
    const rewrite = REWRITES[rule] ?? `-- ${help ?? `https://squawkhq.com/docs/${rule}`}`;
    found.set(`${statement} ${rule}`, { statement, rule, message, rewrite });
  }
  return [...found.values()];
}

/** The statements as one script, and which of them, from 1, is at a line of it, from 0. */
function scriptOf(texts: readonly string[]): { script: string; statementAt: (line: number) => number } {
  const starts: number[] = [];
  let lines = 0;
  // The semicolon on a line of its own: a comment can be last.
  const ended = texts.map((text) => `${text}\n;\n`);
  for (const text of ended) {
    starts.push(lines);
    lines += text.split('\n').length - 1;
  }
  return {
    script: ended.join(''),
    statementAt: (line) => starts.findLastIndex((start) => start <= line) + 1,
  };
}

function parseReport(stdout: string, stderr: string): z.infer<typeof reported> {
  try {
    return reported.parse(JSON.parse(stdout));
  } catch (error) {
    throw new MigrationError(`squawk's answer is not understood: ${stderr || stdout || String(error)}`, {
      cause: error,
    });
  }
}

function squawkBinary(): string {
  try {
    const squawk = createRequire(import.meta.url)('squawk-cli/js/index.js') as { getBinaryPath(): string };
    return squawk.getBinaryPath();
  } catch (error) {
    throw new MigrationError('squawk is not installed, and nothing was linted. In a checkout of Laurel: npm ci', {
      cause: error,
    });
  }
}
