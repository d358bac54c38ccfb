import { literal, quoted } from '../identifier.js';
import { rowCheck, type RowsCheck, setFound } from '../service/checks.js';
import { instantOf } from '../service/staged-sql.js';
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

/** SQL: an instant as a column of times has it. @param instant SQL of a timestamptz */
function heldIn(staged: StagedTable, column: string, instant: string, { timeZone }: StaffOptions): string {
  const isInstant = staged.table.columns.some(({ name, kind }) => name === column && kind === 'instant');
  return isInstant ? instant : `(${instant} at time zone ${literal(timeZone)})`;
}

/** Times that there are, and a row's own beginning. */
export function creationChecks(staged: StagedTable, options: StaffOptions): RowsCheck[] {
  return [
    ...timeChecks(staged, 'created_at', options),
    rowCheck(staged, 't.created_at is null', {
      kind: 'values',
      column: 'created_at',
      repairs: { null: [setFound(staged, `created_at = ${heldIn(staged, 'created_at', 'now()', options)}`)] },
    }),
  ];
}

/**
 * The flag and the time of a deletion belong together.
 * @param changedAt columns that say when a row was changed last, the first that it has
 */
export function deletionChecks(staged: StagedTable, changedAt: readonly string[], options: StaffOptions): RowsCheck[] {
  const instants = changedAt.map((column) => instantOf(staged, column, options.timeZone));
  const deletedAt = heldIn(staged, 'deleted_at', `coalesce(${instants.join(', ')})`, options);
  return [
    flagCheck(staged, 'is_deleted', false),
    ...timeChecks(staged, 'deleted_at', options),
    rowCheck(staged, 't.is_deleted is not distinct from (t.deleted_at is null)', {
      kind: 'values',
      column: 'deleted_at',
      repairs: { null: [setFound(staged, `deleted_at = case when t.is_deleted then ${deletedAt} end`)] },
    }),
  ];
}
