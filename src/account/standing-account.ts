import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { audit } from '../admin/audit-log.service.js';
import { ActorKind, AuditAction } from '../admin/audit-log.type.js';
import { query, sql } from '../database/query.js';
import { AppError, ErrorCode, ErrorReason } from '../errors.js';
import { type InstantText, toDate } from '../shared/instant.js';

/**
 * Condition of the accounts whose password or identity is good, of the table aliased `u`: those that stand, suspended ones
 * included, and those whose deletion signing in still undoes.
 */
export function standingAccount(deletionGraceDays: number): RawBuilder<unknown> {
  return sql`(u.deleted_at is null
    or (u.deleted_at > now() - make_interval(days => ${deletionGraceDays}::integer) and u.scrubbed_at is null))`;
}

/** Why an account is not there at the moment. */
export interface Absence {
  deleted: boolean;
  suspended: boolean;
  /** Its end has come, and nobody has noted it yet. */
  suspensionOver: boolean;
  suspendedUntil: InstantText | null;
  suspensionReason: string | null;
}

/** The columns of an Absence, of the table aliased `u`. */
export const absenceColumns = sql<Absence>`u.deleted_at is not null as deleted,
  u.suspended_at is not null as suspended, coalesce(u.suspended_until <= now(), false) as "suspensionOver",
  u.suspended_until as "suspendedUntil", u.suspension_reason as "suspensionReason"`;

/** Whether the account cannot be signed in to until somebody ends its suspension, or its time is over. */
export function isSuspended({ suspended, suspensionOver }: Absence): boolean {
  return suspended && !suspensionOver;
}

/** The answer to a player who has proven who they are, and is suspended. */
export function accountSuspended({ suspendedUntil, suspensionReason }: Absence): AppError {
  const until = suspendedUntil === null ? '' : ` until ${toDate(suspendedUntil).toISOString()}`;
  const reason = suspensionReason === null ? '' : ` ${suspensionReason}`;
  return new AppError(ErrorCode.FORBIDDEN, `The account is suspended${until}.${reason}`, {
    reason: ErrorReason.ACCOUNT_SUSPENDED,
  });
}

/**
 * Lets the owner of an account in, whose row the caller has locked: undoes its deletion, and a suspension that is over.
 * @throws AppError FORBIDDEN with ACCOUNT_SUSPENDED
 */
export async function comeBack(em: SqlEntityManager, userId: string, absence: Absence): Promise<void> {
  if (isSuspended(absence)) {
    throw accountSuspended(absence);
  }
  if (absence.deleted || absence.suspended) {
    await audit(em, { kind: ActorKind.USER, id: userId }, AuditAction.USER_RESTORED, userId, {
      suspended: absence.suspended,
      deleted: absence.deleted,
    });
    await query(
      em,
      sql`update users set deleted_at = null, suspended_at = null, suspended_until = null, suspension_reason = null
        where id = ${userId}`,
    );
  }
}
