import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryOne, sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';
import { forwardPage } from '../shared/connection.js';
import { type CursorList, decodeCursor } from '../shared/cursor.js';
import { isId } from '../shared/ids.js';
import type { EmployeeConnection, EmployeeRow } from './employee.type.js';
import { isManagedBy, type StaffMember } from './staff-access.js';

/** The columns of an EmployeeRow, of the table aliased `e`. */
export const employeeColumns = sql<EmployeeRow>`e.id, e.user_id as "userId", e.name, e.username, e.email, e.role,
  e.is_active as "isActive", e.version, e.created_at as "createdAt", e.updated_at as "updatedAt"`;

/** The employee with that id; undefined where there is none, or not for this member. */
export async function findEmployee(
  em: SqlEntityManager,
  staff: StaffMember,
  id: string,
): Promise<EmployeeRow | undefined> {
  return isId(id)
    ? queryOne(
        em,
        sql<EmployeeRow>`select ${employeeColumns} from employees e
          where e.id = ${id} and ${notDeleted('e')} and ${isManagedBy(staff, 'e.id')}`,
      )
    : undefined;
}

/**
 * The employees that a member manages, by username.
 * @param isActive null for all of them
 * @throws AppError BAD_USER_INPUT for a cursor of another list
 */
export async function listEmployees(
  em: SqlEntityManager,
  staff: StaffMember,
  isActive: boolean | null,
  size: number,
  after: string | null,
): Promise<EmployeeConnection> {
  const list: CursorList = { name: `employees:${isActive ?? ''}`, key: ['text'] };
  const [afterKey] = after === null ? [] : decodeCursor(list, after, 'after');
  const key = sql`lower(e.username) collate "C"`;
  const rows = await query(
    em,
    sql<EmployeeRow & { key: string }>`select ${employeeColumns}, lower(e.username) as key from employees e
      where ${notDeleted('e')} and ${isManagedBy(staff, 'e.id')}
        and ${isActive === null ? sql`true` : sql`e.is_active = ${isActive}`}
        and ${afterKey === undefined ? sql`true` : sql`${key} > ${afterKey}`}
      order by ${key} limit ${size + 1}`,
  );
  return forwardPage({
    list,
    rows,
    size,
    hasPreviousPage: after !== null,
    keyOf: (row) => [row.key],
    edgeOf: (node, cursor) => ({ cursor, node }),
  });
}
