import { quoted } from '../identifier.js';
import { newIdSql } from '../service/staged-sql.js';
import { stagedTable } from '../service/staged-table.js';
import type { Target } from '../target.js';
import type { StaffOptions } from './options.js';
import type { StaffShape } from './shape.js';

/**
 * Makes the temporary table laurel_staff: which employee of Laurel a number of the source is (`staged_id`, `id`), their
 * account (`user_id`), and whether there are the one and the other only with this run (`is_new`, `has_new_account`). To be
 * called when the checks of employees are through.
 */
export async function matchStaff(target: Target, shape: StaffShape, { merge }: StaffOptions): Promise<void> {
  const employees = stagedTable(shape, 'employees');
  await target.query(`create temporary table laurel_staff
    (staged_id bigint, id uuid, user_id uuid, is_new boolean, has_new_account boolean) on commit drop`);
  if (employees !== undefined) {
    // Numbers can be there several times where the run is going to fail for it.
    await target.query(`insert into laurel_staff
      select distinct on (t.employee_id) t.employee_id, coalesce(known.id, ${newIdSql('t.row_no')}),
        coalesce(known.user_id, u.id, ${newIdSql('t.row_no')}), known.id is null, known.id is null and u.id is null
      from ${quoted(employees.table.name)} t left join employees known on known.legacy_id = t.employee_id
        left join users u on known.id is null and lower(u.email) = lower(t.email)
      where t.employee_id is not null order by t.employee_id, t.row_no`);
  }
  if (merge !== undefined) {
    // Schedules can be of employees who came with an earlier run and are not in the source any more.
    await target.query(`insert into laurel_staff
      select e.legacy_id, e.id, e.user_id, false, false from employees e
      where e.legacy_id is not null and not exists (select from laurel_staff s where s.staged_id = e.legacy_id)`);
  }
  await target.query('create index on laurel_staff (staged_id)');
  await target.query('analyze laurel_staff');
}
