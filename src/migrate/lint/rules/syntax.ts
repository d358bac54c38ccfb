import type { LintedMigration } from '../statements.js';
import type { FoundFault } from './rule.js';

/** What PostgreSQL's parser refuses. */
export function syntax({ refused }: LintedMigration): FoundFault[] {
  return refused.map(({ number, message }) => ({
    statement: number,
    rule: 'syntax',
    message,
    rewrite: '-- SQL of PostgreSQL 15 to 18',
  }));
}
