import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { query, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { audit } from './audit-log.service.js';
import { type Actor, AuditAction } from './audit-log.type.js';

/** A table whose rows are deleted and restored in one way. Users have one of their own: they are scrubbed, not purged. */
export interface SoftDeletedTable {
  name: 'posts' | 'employees' | 'schedules';
  deleted: AuditAction;
  restored: AuditAction;
  /** Whether rows can have been deleted in the system that they came from: they are kept from `imported_at` on. */
  isImportedDeleted: boolean;
}

export const POSTS: SoftDeletedTable = {
  name: 'posts',
  deleted: AuditAction.POST_DELETED,
  restored: AuditAction.POST_RESTORED,
  isImportedDeleted: false,
};

/** Schedules of an employee who is purged go along. */
export const EMPLOYEES: SoftDeletedTable = {
  name: 'employees',
  deleted: AuditAction.EMPLOYEE_DELETED,
  restored: AuditAction.EMPLOYEE_RESTORED,
  isImportedDeleted: true,
};

export const SCHEDULES: SoftDeletedTable = {
  name: 'schedules',
  deleted: AuditAction.SCHEDULE_DELETED,
  restored: AuditAction.SCHEDULE_RESTORED,
  isImportedDeleted: true,
};

/** All tables that `purgeDeleted` goes through. */
export const SOFT_DELETED_TABLES: readonly SoftDeletedTable[] = [POSTS, SCHEDULES, EMPLOYEES];

/**
 * Deletes a row so that it can be restored until it is purged, and writes down who has.
 * @param condition of the rows that the actor may delete
 * @returns whether there was one
 */
export async function softDelete(
  em: SqlEntityManager,
  actor: Actor,
  { name, deleted }: SoftDeletedTable,
  id: string,
  condition: RawBuilder<unknown> = sql`true`,
): Promise<boolean> {
  return inTransaction(em, async (transaction) => {
    const rows = await query(
      transaction,
      sql`update ${sql.table(name)} set deleted_at = now()
        where id = ${id} and deleted_at is null and ${condition} returning 1 as deleted`,
    );
    if (rows.length > 0) {
      await audit(transaction, actor, deleted, id, {});
    }
    return rows.length > 0;
  });
}

/**
 * Has a deleted row back, and writes down who has.
 * @param condition of the rows that the actor may have back
 * @returns whether there was one
 */
export async function restoreDeleted(
  em: SqlEntityManager,
  actor: Actor,
  { name, restored }: SoftDeletedTable,
  id: string,
  condition: RawBuilder<unknown> = sql`true`,
): Promise<boolean> {
  return inTransaction(em, async (transaction) => {
    const rows = await query(
      transaction,
      sql`update ${sql.table(name)} set deleted_at = null
        where id = ${id} and deleted_at is not null and ${condition} returning 1 as restored`,
    );
    if (rows.length > 0) {
      await audit(transaction, actor, restored, id, {});
    }
    return rows.length > 0;
  });
}

/** Rows that go by one statement, so that each is through long before it would be broken off. */
const PURGED_AT_ONCE = 1000;

/** Deletes for good what was deleted so many days ago. @returns how many rows */
export async function purgeDeleted(em: SqlEntityManager, days: number): Promise<number> {
  let purged = 0;
  for (const { name, isImportedDeleted } of SOFT_DELETED_TABLES) {
    const keptFrom = isImportedDeleted ? sql`greatest(deleted_at, imported_at)` : sql`deleted_at`;
    for (;;) {
      const rows = await query(
        em,
        sql`delete from ${sql.table(name)} where id in (
            select id from ${sql.table(name)}
            where deleted_at is not null and ${keptFrom} <= now() - make_interval(days => ${days}::integer)
            order by deleted_at limit ${sql.lit(PURGED_AT_ONCE)} for update skip locked
          ) returning 1 as purged`,
      );
      purged += rows.length;
      if (rows.length < PURGED_AT_ONCE) {
        break;
      }
    }
  }
  return purged;
}
