import type { RawBuilder } from 'kysely';
import { sql } from '../database/query.js';

/**
 * Condition of the accounts that can be signed in to, of the table aliased `u`: those that stand, and those whose deletion
 * signing in still undoes.
 */
export function standingAccount(deletionGraceDays: number): RawBuilder<unknown> {
  return sql`(u.deleted_at is null
    or (u.deleted_at > now() - make_interval(days => ${deletionGraceDays}::integer) and u.scrubbed_at is null))`;
}
