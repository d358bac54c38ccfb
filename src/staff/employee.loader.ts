import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';
import { employeeColumns } from './employee-list.service.js';
import type { EmployeeRow } from './employee.type.js';
import { isManagedBy, staffOf } from './staff-access.js';

/** Whose schedules they are, by the ids of employees in schedules that this request has read. */
export function employeeOfRowLoader({ em }: Context): DataLoader<string, EmployeeRow> {
  return batchLoader(em, async (ids) => {
    // Not by the filter: who is deleted in the moment between is shown as they were.
    const rows = await query(
      em,
      sql<EmployeeRow>`select ${employeeColumns} from employees e where e.id = any(${ids}::uuid[])`,
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id) ?? new Error('An employee was purged while their schedules were read.'));
  });
}

/** The employees that users are, as far as the viewer may see them. */
export function employeeOfUserLoader(context: Context): DataLoader<string, EmployeeRow | null> {
  const { em } = context;
  return batchLoader(em, async (userIds) => {
    const staff = await staffOf(context);
    const rows =
      staff === null
        ? []
        : await query(
            em,
            sql<EmployeeRow>`select ${employeeColumns} from employees e
              where e.user_id = any(${userIds}::uuid[]) and ${notDeleted('e')} and ${isManagedBy(staff, 'e.id')}`,
          );
    const byUser = new Map(rows.map((row) => [row.userId, row]));
    return userIds.map((id) => byUser.get(id) ?? null);
  });
}
