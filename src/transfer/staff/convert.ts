import { quoted } from '../identifier.js';
import { makeNicknames } from '../service/made-nicknames.js';
import type { Count } from '../service/reconciled.js';
import { instantOf, newIdSql } from '../service/staged-sql.js';
import { stagedTable } from '../service/staged-table.js';
import type { Target } from '../target.js';
import { wordOf } from './enums.js';
import { findMerged, scheduleUpdate } from './merge.js';
import type { StaffOptions } from './options.js';
import { scheduleValues } from './schedule-values.js';
import type { StaffShape, StaffStaged } from './shape.js';

/**
 * Carries the staged rows of a staff service over into Laurel's tables, in the transaction that is open, which has locked
 * them; the checks must be through, with nothing left to fail for. Employees who have no account here get one, with the
 * old password.
 */
export async function convertStaff(target: Target, shape: StaffShape, options: StaffOptions): Promise<Count[]> {
  await findMerged(target, shape, options);
  const employees = stagedTable(shape, 'employees');
  if (employees !== undefined) {
    await writeAccounts(target, employees, options);
    await target.query(employeeInsert(employees, options));
  }
  const schedules = stagedTable(shape, 'schedules');
  if (schedules !== undefined) {
    await target.query(scheduleUpdate(schedules, options));
    await target.query(scheduleInsert(schedules, options));
  }
  const counts: Count[] = [];
  for (const staged of shape.tables) {
    counts.push(await count(target, staged));
  }
  return counts;
}

async function writeAccounts(target: Target, employees: StaffStaged, options: StaffOptions): Promise<void> {
  const createdAt = instantOf(employees, 'created_at', options.timeZone);
  const table = quoted(employees.table.name);
  await target.query(`create temporary table laurel_new_accounts on commit drop as
    select t.row_no, t.name, t.email, ${createdAt} as created_at
    from ${table} t join laurel_staff s on s.staged_id = t.employee_id and s.has_new_account`);
  await makeNicknames(target, {
    from: 'laurel_new_accounts',
    into: 'laurel_made_nicknames',
    reserved: options.reservedNicknames,
  });
  await target.query(`
    insert into users (id, email, nickname, password_hash, created_at, updated_at)
    select s.user_id, t.email, n.nickname, t.password, ${createdAt}, ${createdAt}
    from ${table} t join laurel_staff s on s.staged_id = t.employee_id and s.has_new_account
      join laurel_made_nicknames n on n.row_no = t.row_no`);
}

function employeeInsert(employees: StaffStaged, { timeZone }: StaffOptions): string {
  const at = (column: string): string => instantOf(employees, column, timeZone);
  return `
    insert into employees
      (id, legacy_id, user_id, name, username, email, role, is_active, created_at, updated_at, deleted_at, imported_at)
    select s.id, t.employee_id::integer, s.user_id, t.name, t.username, t.email, ${wordOf('role')}, t.is_active,
      ${at('created_at')}, ${at('created_at')}, ${at('deleted_at')}, now()
    from ${quoted(employees.table.name)} t join laurel_staff s on s.staged_id = t.employee_id and s.is_new`;
}

/** Nobody is reminded now of what was due there. */
function scheduleInsert(schedules: StaffStaged, options: StaffOptions): string {
  const values = scheduleValues(schedules, options);
  return `
    insert into schedules (id, legacy_id, ${Object.keys(values).join(', ')}, reminder_queued_for, imported_at)
    select ${newIdSql('t.row_no')}, t.schedule_id::integer, ${Object.values(values).join(', ')},
      case when ${values['reminder_at']} <= now() then ${values['reminder_at']} end, now()
    from ${quoted(schedules.table.name)} t join laurel_staff s on s.staged_id = t.employee_id
    where not exists (select from laurel_merged_schedules x where x.tid = t.ctid)`;
}

async function count(target: Target, { name, source, table }: StaffStaged): Promise<Count> {
  const key = name === 'employees' ? 'employee_id' : 'schedule_id';
  const [row] = await target.query<Omit<Count, 'table'>>(
    `select (select count(*)::integer from ${quoted(table.name)}) as read,
      (select count(*)::integer from ${quoted(table.name)} t join ${name} l on l.legacy_id = t.${key}
        where not exists (select from laurel_merged_${name} x where x.tid = t.ctid)) as written,
      (select count(*)::integer from laurel_merged_${name}) as merged,
      (select count(*)::integer from laurel_merged_${name} where wins) as updated`,
  );
  return { table: source.name, ...row! };
}
