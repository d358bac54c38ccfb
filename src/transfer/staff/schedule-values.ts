import { instantOf } from '../service/staged-sql.js';
import { wordOf } from './enums.js';
import type { StaffOptions } from './options.js';
import type { StaffStaged } from './shape.js';

/**
 * The columns of Laurel's schedules, and what a staged row aliased `t` of the employee `s` of laurel_staff has for them, as
 * SQL. The service noted no change for rows that were never changed: their last one is their making.
 */
export function scheduleValues(schedules: StaffStaged, { timeZone }: StaffOptions): Record<string, string> {
  const at = (column: string): string => instantOf(schedules, column, timeZone);
  return {
    employee_id: 's.id',
    type: wordOf('schedule_type'),
    title: 't.title',
    schedule_date: 't.schedule_date::date',
    description: 't.description',
    start_time: 't.start_time::time',
    end_time: 't.end_time::time',
    location: 't.location',
    client_name: 't.client_name',
    client_contact: 't.client_contact',
    purpose: 't.purpose',
    status: wordOf('status'),
    priority: wordOf('priority'),
    result: 't.result',
    follow_up: 't.follow_up',
    reminder: 't.reminder',
    reminder_at: at('reminder_time'),
    created_at: at('created_at'),
    updated_at: `coalesce(${at('updated_at')}, ${at('created_at')})`,
    deleted_at: at('deleted_at'),
  };
}
