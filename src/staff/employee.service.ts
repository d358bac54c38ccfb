import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { checkEmail } from '../account/account-rules.js';
import { isPresent } from '../account/presence.js';
import { audit } from '../admin/audit-log.service.js';
import { AuditAction } from '../admin/audit-log.type.js';
import { EMPLOYEES, restoreDeleted, softDelete } from '../admin/soft-delete.service.js';
import { queryOne, sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';
import { violatedUnique } from '../database/sql-state.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, badInput, ErrorCode, ErrorReason, notFound } from '../errors.js';
import { isId, newId } from '../shared/ids.js';
import { employeeColumns, findEmployee } from './employee-list.service.js';
import type { CreateEmployeeInput, UpdateEmployeeInput } from './employee.input.js';
import { type EmployeeRow, StaffRole } from './employee.type.js';
import { forbidden, isManagedBy, type StaffMember } from './staff-access.js';
import { makeAccount, type StaffAccounts } from './staff-account.js';
import { checkLine } from './text.js';

const MAX_NAME = 200;
const MAX_USERNAME = 100;

/**
 * Makes an employee of an account, or of a new one, and writes so to the audit log.
 * @param accounts how a new account is made; undefined where one is named
 * @throws AppError BAD_USER_INPUT naming the field; NOT_FOUND for the account; CONFLICT with USERNAME_TAKEN, EMAIL_TAKEN or
 *   ALREADY_EMPLOYEE
 */
export async function createEmployee(
  em: SqlEntityManager,
  staff: StaffMember,
  input: CreateEmployeeInput,
  accounts: StaffAccounts,
): Promise<EmployeeRow> {
  const { userId, role, isActive } = input;
  const name = checkLine(input.name, MAX_NAME, 'input.name');
  const username = checkLine(input.username, MAX_USERNAME, 'input.username');
  const email = input.email.trim();
  checkEmail(email, 'input.email');
  if (typeof userId === 'string' && !isId(userId)) {
    throw noSuchUser();
  }
  const employ = async (transaction: SqlEntityManager, accountId: string): Promise<EmployeeRow> => {
    const employee = await queryOne(
      transaction,
      sql<EmployeeRow>`insert into employees as e (id, user_id, name, username, email, role, is_active)
        select ${newId()}::uuid, u.id, ${name}::text, ${username}::text, ${email}::text, ${role}::text,
          ${isActive}::boolean
        from users u where u.id = ${accountId} and ${isPresent('u')} and ${isManager(staff)}
        returning ${employeeColumns}`,
    );
    if (employee === undefined) {
      throw noSuchUser();
    }
    const details = { role: toName(role), isActive };
    await audit(transaction, staff.actor, AuditAction.EMPLOYEE_CREATED, employee.id, details);
    return employee;
  };
  return explainConflicts(() =>
    typeof userId === 'string'
      ? inTransaction(em, (transaction) => employ(transaction, userId))
      : makeAccount(em, { name, email }, accounts, employ),
  );
}

/**
 * Edits an employee. Their name and username are their own to edit; everything else takes who manages the staff. What changes
 * their rights is in the audit log.
 * @throws AppError BAD_USER_INPUT naming the field; NOT_FOUND; FORBIDDEN naming the field; CONFLICT with STALE_VERSION,
 *   USERNAME_TAKEN or EMAIL_TAKEN
 */
export async function updateEmployee(
  em: SqlEntityManager,
  staff: StaffMember,
  input: UpdateEmployeeInput,
): Promise<EmployeeRow> {
  const { id, version } = input;
  const changes = checkChanges(input, staff);
  if (!isId(id)) {
    throw noSuchEmployee('input.id');
  }
  const updated = await explainConflicts(() =>
    inTransaction(em, async (transaction) => {
      const employee = await queryOne(
        transaction,
        sql<EmployeeRow & { before: { role: StaffRole; isActive: boolean } }>`
          with old as (
            select e.id, e.role, e.is_active from employees e
            where e.id = ${id} and e.version = ${version} and ${notDeleted('e')} and ${isManagedBy(staff, 'e.id')}
            for update
          )
          update employees e set ${sql.join(changes)} from old where e.id = old.id
          returning ${employeeColumns}, jsonb_build_object('role', old.role, 'isActive', old.is_active) as before`,
      );
      if (employee === undefined) {
        return undefined;
      }
      const { before, ...row } = employee;
      if (before.role !== row.role || before.isActive !== row.isActive) {
        const details = { role: toName(row.role), isActive: row.isActive };
        await audit(transaction, staff.actor, AuditAction.EMPLOYEE_UPDATED, id, details);
      }
      return row;
    }),
  );
  return updated ?? explainRefusal(em, staff, id);
}

/** @returns what to set, the next version among it */
function checkChanges(input: UpdateEmployeeInput, { managesAll }: StaffMember): RawBuilder<unknown>[] {
  const given = (['name', 'username', 'email', 'role', 'isActive'] as const).filter(
    (field) => input[field] !== undefined,
  );
  const cleared = given.find((field) => input[field] === null);
  if (cleared !== undefined) {
    throw badInput(`input.${cleared}`, 'This cannot be cleared.');
  }
  const foreign = given.find((field) => !managesAll && field !== 'name' && field !== 'username');
  if (foreign !== undefined) {
    throw forbidden('Only whoever manages the staff can change this.', `input.${foreign}`);
  }
  const changes = [sql`version = e.version + 1`];
  if (typeof input.name === 'string') {
    changes.push(sql`name = ${checkLine(input.name, MAX_NAME, 'input.name')}`);
  }
  if (typeof input.username === 'string') {
    changes.push(sql`username = ${checkLine(input.username, MAX_USERNAME, 'input.username')}`);
  }
  if (typeof input.email === 'string') {
    const email = input.email.trim();
    checkEmail(email, 'input.email');
    changes.push(sql`email = ${email}`);
  }
  if (typeof input.role === 'string') {
    changes.push(sql`role = ${input.role}`);
  }
  if (typeof input.isActive === 'boolean') {
    changes.push(sql`is_active = ${input.isActive}`);
  }
  return changes;
}

async function explainRefusal(em: SqlEntityManager, staff: StaffMember, id: string): Promise<never> {
  const employee = await findEmployee(em, staff, id);
  throw employee === undefined ? noSuchEmployee('input.id') : staleVersion('employee', employee.version);
}

/** Deletes an employee with all their schedules, until they are restored or purged. @throws AppError NOT_FOUND */
export async function deleteEmployee(em: SqlEntityManager, staff: StaffMember, id: string): Promise<void> {
  const managed = isManagedBy(staff, 'employees.id');
  if (!isId(id) || !(await softDelete(em, staff.actor, EMPLOYEES, id, managed))) {
    throw noSuchEmployee('id');
  }
}

/** Has a deleted employee back. One who is there stays as they are. @throws AppError NOT_FOUND */
export async function restoreEmployee(em: SqlEntityManager, staff: StaffMember, id: string): Promise<EmployeeRow> {
  if (isId(id)) {
    await restoreDeleted(em, staff.actor, EMPLOYEES, id, isManagedBy(staff, 'employees.id'));
    const employee = await queryOne(
      em,
      sql<EmployeeRow>`select ${employeeColumns} from employees e where e.id = ${id} and ${notDeleted('e')}`,
    );
    if (employee !== undefined) {
      return employee;
    }
  }
  throw noSuchEmployee('id');
}

/** The answer to an edit of what was edited since. */
export function staleVersion(what: string, version: number): AppError {
  return new AppError(ErrorCode.CONFLICT, `The ${what} was edited since: it is at version ${version}. Read it again.`, {
    reason: ErrorReason.STALE_VERSION,
    field: 'input.version',
  });
}

/** Condition that somebody manages the staff still. */
function isManager({ userId }: StaffMember): RawBuilder<boolean> {
  return userId === null
    ? sql<boolean>`true`
    : sql<boolean>`exists (
        select from employees me
        where me.user_id = ${userId} and me.is_active and ${notDeleted('me')} and me.role = 'admin'
      )`;
}

function toName(role: StaffRole): string {
  return role === StaffRole.ADMIN ? 'ADMIN' : 'USER';
}

async function explainConflicts<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    switch (violatedUnique(error)) {
      case 'employees_username_unique':
        throw conflict('Another employee has this username.', ErrorReason.USERNAME_TAKEN, 'input.username');
      case 'employees_email_unique':
        throw conflict('Another employee has this email.', ErrorReason.EMAIL_TAKEN, 'input.email');
      case 'employees_user_id_unique':
        throw conflict('This account is an employee already.', ErrorReason.ALREADY_EMPLOYEE, 'input.userId');
      case 'users_email_unique':
        throw conflict('There is an account with this email: name it.', ErrorReason.EMAIL_TAKEN, 'input.userId');
      default:
        throw error;
    }
  }
}

function conflict(message: string, reason: ErrorReason, field: string): AppError {
  return new AppError(ErrorCode.CONFLICT, message, { reason, field });
}

function noSuchUser(): AppError {
  return notFound('There is no such user.', 'input.userId');
}

function noSuchEmployee(field: string): AppError {
  return notFound('There is no such employee.', field);
}
