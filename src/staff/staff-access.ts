import type DataLoader from 'dataloader';
import type { RawBuilder } from 'kysely';
import { requireAdmin, userActor } from '../admin/actor.js';
import type { Actor } from '../admin/audit-log.type.js';
import { Scope } from '../admin/scope.js';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';
import { AppError, ErrorCode } from '../errors.js';
import { StaffRole } from './employee.type.js';

/** Somebody who may do something with the staff and its schedules. */
export interface StaffMember {
  actor: Actor;
  /** Who they are among the staff; null for an admin or a service key that is not. */
  employeeId: string | null;
  /** Everybody's, or only their own. */
  managesAll: boolean;
  /** Whose rights have to hold still when a statement runs; null for an admin or a service key. */
  userId: string | null;
}

/**
 * The caller, as one of the staff: an admin, a service key with the scope admin, or an active employee.
 * @throws AppError UNAUTHENTICATED; FORBIDDEN for everybody else
 */
export async function requireStaff(context: Context): Promise<StaffMember> {
  const staff = await staffOf(context);
  if (staff === null) {
    // Says who is not signed in, and what a key cannot do.
    context.requireViewer();
    throw forbidden('This is for the staff.');
  }
  return staff;
}

/**
 * As `requireStaff`, of those who manage the staff: admins, service keys with the scope admin, and employees who are admins
 * of the staff.
 * @throws AppError UNAUTHENTICATED; FORBIDDEN for everybody else
 */
export async function requireManager(context: Context): Promise<StaffMember> {
  const staff = await requireStaff(context);
  if (!staff.managesAll) {
    throw forbidden('This is for admins of the staff.');
  }
  return staff;
}

/** The caller, as one of the staff; null for everybody else. */
export async function staffOf(context: Context): Promise<StaffMember | null> {
  const { viewerId } = context;
  const employee = viewerId === null ? null : await context.loader(activeEmployeeLoader).load(viewerId);
  if (context.may(Scope.ADMIN)) {
    return { actor: requireAdmin(context), employeeId: employee?.id ?? null, managesAll: true, userId: null };
  }
  if (employee === null) {
    return null;
  }
  const viewer = context.requireViewer();
  const managesAll = employee.role === StaffRole.ADMIN;
  return { actor: userActor(viewer), employeeId: employee.id, managesAll, userId: viewer.id };
}

/** Condition of the employees that somebody may see and act for. @param employeeId the column with an employee's id */
export function isManagedBy({ userId }: StaffMember, employeeId: string): RawBuilder<boolean> {
  return userId === null
    ? sql<boolean>`true`
    : sql<boolean>`exists (
        select from employees me where me.user_id = ${userId} and me.is_active and ${notDeleted('me')}
          and (me.role = 'admin' or me.id = ${sql.ref(employeeId)})
      )`;
}

export function forbidden(message: string, field?: string): AppError {
  return new AppError(ErrorCode.FORBIDDEN, message, field === undefined ? {} : { field });
}

/** Active employees by the ids of the users that they are. */
function activeEmployeeLoader({ em }: Context): DataLoader<string, { id: string; role: StaffRole } | null> {
  return batchLoader(em, async (userIds) => {
    const rows = await query(
      em,
      sql<{ id: string; userId: string; role: StaffRole }>`select e.id, e.user_id as "userId", e.role from employees e
        where e.user_id = any(${userIds}::uuid[]) and e.is_active and ${notDeleted('e')}`,
    );
    const byUser = new Map(rows.map((row) => [row.userId, row]));
    return userIds.map((id) => byUser.get(id) ?? null);
  });
}
