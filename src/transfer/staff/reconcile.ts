import { quoted } from '../identifier.js';
import { auditCounts, auditPresence, auditReferences, counted } from '../service/audits.js';
import { type ComparedColumn, comparedTime, type ComparedTables, compareTables } from '../service/compare-tables.js';
import type { Audit, Count, ReconciledTable } from '../service/reconciled.js';
import { instantOf } from '../service/staged-sql.js';
import { stagedTable } from '../service/staged-table.js';
import type { Target } from '../target.js';
import { wordOf } from './enums.js';
import { isSameSchedule } from './merge.js';
import type { StaffOptions } from './options.js';
import type { StaffShape, StaffStaged } from './shape.js';

const FILLED = ['users', 'employees', 'schedules'];

/**
 * Compares the staged rows that are new with what Laurel's tables have of them, mapped back to the source's columns, after
 * the conversion and in its transaction, and counts what breaks the rules that those go by.
 * @param counts what the conversion answered
 */
export async function reconcileStaff(
  target: Target,
  shape: StaffShape,
  options: StaffOptions,
  counts: readonly Count[],
): Promise<{ tables: ReconciledTable[]; audits: Audit[] }> {
  const tables: ReconciledTable[] = [];
  for (const [index, staged] of shape.tables.entries()) {
    tables.push({ ...counts[index]!, ...(await compareTables(target, comparedTables(staged, options))) });
  }
  const audits = [
    ...auditCounts(counts),
    ...(await auditReferences(target, FILLED)),
    ...(await auditPresence(target, FILLED)),
    ...(await auditReplaced(target, shape, options)),
  ];
  return { tables, audits };
}

function comparedTables(staged: StaffStaged, options: StaffOptions): ComparedTables {
  const isFresh = `not exists (select from laurel_merged_${staged.name} x where x.tid = t.ctid)`;
  const fresh = `${quoted(staged.table.name)} t join laurel_staff s on s.staged_id = t.employee_id`;
  const key = staged.name === 'employees' ? 'employee_id' : 'schedule_id';
  const isCarried = `l.legacy_id in (select t.${key}::integer from ${quoted(staged.table.name)} t where ${isFresh})`;
  return staged.name === 'employees'
    ? {
        columns: employeeColumns(staged, options),
        from: {
          staged: `${fresh} where ${isFresh}`,
          stored: `employees l join users u on u.id = l.user_id join laurel_staff s on s.id = l.id where ${isCarried}`,
        },
      }
    : {
        columns: scheduleColumns(staged, options),
        from: {
          staged: `${fresh} join employees e on e.id = s.id where ${isFresh}`,
          stored: `schedules l join employees e on e.id = l.employee_id where ${isCarried}`,
        },
      };
}

function employeeColumns(employees: StaffStaged, options: StaffOptions): ComparedTables['columns'] {
  return [
    keyColumn('employee_id'),
    same('email'),
    same('username'),
    // An account that was there keeps its own.
    {
      name: 'password',
      staged: 'case when s.has_new_account then t.password end',
      stored: 'case when s.has_new_account then u.password_hash::text end',
    },
    same('name'),
    { name: 'role', staged: wordOf('role'), stored: 'l.role' },
    same('is_active'),
    DELETED,
    comparedTime(employees, 'deleted_at', options.timeZone),
    comparedTime(employees, 'created_at', options.timeZone),
  ];
}

function scheduleColumns(schedules: StaffStaged, options: StaffOptions): ComparedTables['columns'] {
  const at = (column: string): string => instantOf(schedules, column, options.timeZone);
  return [
    keyColumn('schedule_id'),
    { name: 'employee_id', staged: 't.employee_id::bigint', stored: 'e.legacy_id::bigint', isNumber: true },
    { name: 'schedule_type', staged: wordOf('schedule_type'), stored: 'l.type' },
    same('title'),
    { name: 'schedule_date', staged: 't.schedule_date::date', stored: 'l.schedule_date' },
    same('description'),
    { name: 'start_time', staged: 't.start_time::time', stored: 'l.start_time' },
    { name: 'end_time', staged: 't.end_time::time', stored: 'l.end_time' },
    ...['location', 'client_name', 'client_contact', 'purpose'].map(same),
    { name: 'status', staged: wordOf('status'), stored: 'l.status' },
    { name: 'priority', staged: wordOf('priority'), stored: 'l.priority' },
    ...['result', 'follow_up', 'reminder'].map(same),
    comparedTime(schedules, 'reminder_time', options.timeZone, 'reminder_at'),
    comparedTime(schedules, 'created_at', options.timeZone),
    // The source can have the one as a time of its clock, and the other as an instant.
    { name: 'updated_at', staged: `coalesce(${at('updated_at')}, ${at('created_at')})`, stored: 'l.updated_at' },
    DELETED,
    comparedTime(schedules, 'deleted_at', options.timeZone),
  ];
}

const DELETED: ComparedColumn = { name: 'is_deleted', staged: 't.is_deleted', stored: '(l.deleted_at is not null)' };

function keyColumn(name: string): ComparedColumn {
  return { name, staged: `t.${name}::bigint`, stored: 'l.legacy_id::bigint', isNumber: true };
}

function same(name: string): ComparedColumn {
  return { name, staged: `t.${name}`, stored: `l.${name}` };
}

/** Staged schedules that took the place of what Laurel had, and are not what it has now. */
async function auditReplaced(target: Target, shape: StaffShape, options: StaffOptions): Promise<Audit[]> {
  const schedules = stagedTable(shape, 'schedules');
  if (schedules === undefined) {
    return [];
  }
  const wrong = await counted(
    target,
    `select count(*)::integer as wrong from laurel_merged_schedules m
      join ${quoted(schedules.table.name)} t on t.ctid = m.tid
      join laurel_staff s on s.staged_id = t.employee_id
      left join schedules l on l.legacy_id = t.schedule_id
      where m.wins and not coalesce(${isSameSchedule(schedules, options)}, false)`,
  );
  return [{ what: `rows of ${schedules.source.name} that did not take the place of older ones`, wrong }];
}
