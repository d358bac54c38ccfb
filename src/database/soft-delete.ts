import type { RawBuilder } from 'kysely';
import { sql } from './query.js';

/** Tables whose rows are deleted by a time in `deleted_at`, can be restored, and are purged later. */
export const SOFT_DELETED = ['users', 'posts', 'employees', 'schedules'] as const;

/**
 * Condition of the rows that are not deleted: the one filter of every statement that reads a table of `SOFT_DELETED`. A test
 * looks for it in the sources, and has a list of the statements that are about deleted rows.
 * @param rows what the statement calls the table
 */
export function notDeleted(rows: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(`${rows}.deleted_at`)} is null`;
}
