import { loadHistory, type MigrationFile } from '../history.js';
import { findMigration } from '../revision.js';
import type { Finding } from './finding.js';
import { KnownSchema } from './known-schema.js';
import { concurrentlyInTransaction } from './rules/concurrently.js';
import { constraintNotValid } from './rules/constraints.js';
import { indexNotConcurrent } from './rules/indexes.js';
import { lockOrder } from './rules/lock-order.js';
import { mixedExecute } from './rules/mixed.js';
import { notNullWithoutFill } from './rules/not-null.js';
import type { FoundFault, Rule } from './rules/rule.js';
import { syntax } from './rules/syntax.js';
import { askSquawk } from './squawk.js';
import { type LintedMigration, parseMigration } from './statements.js';
import { applyWaivers, readWaivers, type WaivedFinding } from './waivers.js';

const RULES: Rule[] = [
  syntax,
  mixedExecute,
  notNullWithoutFill,
  indexNotConcurrent,
  constraintNotValid,
  concurrentlyInTransaction,
  lockOrder,
];

/** What there is to say of migrations. */
export interface LintReport {
  /** Their names. */
  migrations: string[];
  findings: Finding[];
  waived: WaivedFinding[];
}

/**
 * Looks for what fails on rows, locks for long or can deadlock in the ways up of migrations: with rules of Laurel's own,
 * and with squawk. Tables that a migration makes itself are exempt.
 * @param folder with the migrations, and the waivers
 * @param revisions the migrations that are meant; all of them where there is none
 * @throws UsageError for a revision that is none
 * @throws MigrationError where squawk is not installed, or something in the folder is not understood
 */
export async function lintMigrations(folder: string, revisions: readonly string[]): Promise<LintReport> {
  const history = await loadHistory(folder);
  const chosen = new Set(
    revisions.length === 0
      ? history.map(({ name }) => name)
      : revisions.map((revision) => findMigration(history, revision).name),
  );
  const findings = await findingsIn(history, chosen);
  const all = new Set(history.map(({ name }) => name));
  return { migrations: [...chosen], ...applyWaivers(findings, readWaivers(folder), chosen, all) };
}

async function findingsIn(history: readonly MigrationFile[], chosen: ReadonlySet<string>): Promise<Finding[]> {
  const schema = new KnownSchema();
  const findings: Finding[] = [];
  for (const file of history) {
    const migration = await parseMigration(file);
    if (chosen.has(file.name)) {
      const faults = [...RULES.flatMap((rule) => rule(migration, schema.copy())), ...askSquawk(migration)];
      findings.push(
        ...faults.map((fault) => locate(migration, fault)).toSorted((a, b) => (a.statement ?? 0) - (b.statement ?? 0)),
      );
    }
    migration.statements.forEach(({ node }) => schema.apply(node));
  }
  return findings;
}

function locate({ file, texts }: LintedMigration, { statement, rule, message, rewrite }: FoundFault): Finding {
  const text = statement === null ? '' : (texts[statement - 1] ?? '');
  const line = text.trim().split('\n')[0] ?? '';
  return { migration: file.name, statement, line, rule, message, rewrite };
}
