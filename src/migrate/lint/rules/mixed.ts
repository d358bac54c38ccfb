import type { LintedMigration } from '../statements.js';
import type { FoundFault } from './rule.js';

/** A file that asks the database in code, and adds SQL. */
export function mixedExecute({ mixed, texts }: LintedMigration): FoundFault[] {
  return mixed
    ? [
        {
          statement: null,
          rule: 'mixed-execute',
          message: 'What this.execute() sends runs before all that this.addSql() adds, wherever it stands in the file.',
          rewrite: `-- in one migration this.addSql() only, or this.execute() only:\n${texts.map((text) => `${text.trim()};`).join('\n')}`,
        },
      ]
    : [];
}
