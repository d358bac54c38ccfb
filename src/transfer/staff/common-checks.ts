import { literal, quoted } from '../identifier.js';
import { rowCheck, type RowsCheck, setFound } from '../service/checks.js';
import type { StagedTable } from '../service/staged-table.js';
import { timeChecks } from '../service/time-checks.js';
import { WORDS, wordOf } from './enums.js';
import type { StaffOptions } from './options.js';

/** A column of a few words has one of them. */
export function wordChecks(staged: StagedTable, column: keyof typeof WORDS): RowsCheck {
  const { words, usual } = WORDS[column];
  return rowCheck(staged, `coalesce(${wordOf(column)} not in (${words.map(literal).join(', ')}), true)`, {
    kind: 'values',
    column,
    repairs: { null: [setFound(staged, `${quoted(column)} = ${literal(usual)}`)] },
  });
}

/** Flags that nobody has set are what the service takes for one when it makes a row. */
export function flagCheck(staged: StagedTable, column: string, usual: boolean): RowsCheck {
  return rowCheck(staged, `t.${quoted(column)} is null`, {
    kind: 'values',
    column,
    repairs: { null: [setFound(staged, `${quoted(column)} = ${usual}`)] },
  });
}

/** Times that there are, and a row's own beginning. */
export function creationChecks(staged: StagedTable, options: StaffOptions): RowsCheck[] {
  return [
    ...timeChecks(staged, 'created_at', options),
    rowCheck(staged, 't.created_at is null', {
      kind: 'values',
      column: 'created_at',
      repairs: { null: [setFound(staged, 'created_at = now()')] },
    }),
  ];
}

/**
 * The flag and the time of a deletion belong together.
 * @param changedAt SQL of a column of a row aliased `t` that says when it was changed last
 */
export function deletionChecks(staged: StagedTable, changedAt: string, options: StaffOptions): RowsCheck[] {
  return [
    flagCheck(staged, 'is_deleted', false),
    ...timeChecks(staged, 'deleted_at', options),
    rowCheck(staged, 't.is_deleted is not distinct from (t.deleted_at is null)', {
      kind: 'values',
      column: 'deleted_at',
      repairs: { null: [setFound(staged, `deleted_at = case when t.is_deleted then ${changedAt} end`)] },
    }),
  ];
}
