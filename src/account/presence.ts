import type { RawBuilder } from 'kysely';
import { sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';

/**
 * Condition of the users who are there: neither deleted nor suspended. Whoever is not is found by nobody and stands on no
 * list; their rows stay. The database's functions know the same condition.
 * @param users what the statement calls the table
 */
export function isPresent(users = 'users'): RawBuilder<boolean> {
  return sql<boolean>`(${notDeleted(users)} and ${sql.ref(`${users}.suspended_at`)} is null)`;
}
