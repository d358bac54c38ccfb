import type { Table } from '../table.js';
import {
  type CarriedColumn,
  recogniseTables,
  type Service,
  type ServiceShape,
  type StagedTable,
} from '../service/staged-table.js';

export type StaffTable = 'employees' | 'schedules';

export type StaffStaged = StagedTable<StaffTable>;

/** The staff service's database, as far as there is one. */
export type StaffShape = ServiceShape<StaffTable>;

const id = (name: string): CarriedColumn => ({ names: [name], holds: 'id' });
const text = (name: string): CarriedColumn => ({ names: [name], holds: 'text' });
const flag = (name: string): CarriedColumn => ({ names: [name], holds: 'boolean' });
const time = (name: string): CarriedColumn => ({ names: [name], holds: 'time' });
const clock = (name: string): CarriedColumn => ({ names: [name], holds: 'clock', day: 'schedule_date' });

const STAFF: Service<StaffTable> = {
  called: 'staff service',
  columns: {
    employees: [
      id('employee_id'),
      text('email'),
      text('username'),
      text('password'),
      text('name'),
      text('role'),
      flag('is_active'),
      flag('is_deleted'),
      time('deleted_at'),
      time('created_at'),
    ],
    schedules: [
      id('schedule_id'),
      id('employee_id'),
      text('schedule_type'),
      text('title'),
      { names: ['schedule_date'], holds: 'day' },
      text('description'),
      clock('start_time'),
      clock('end_time'),
      text('location'),
      text('client_name'),
      text('client_contact'),
      text('purpose'),
      text('status'),
      text('priority'),
      text('result'),
      text('follow_up'),
      flag('reminder'),
      time('reminder_time'),
      time('created_at'),
      time('updated_at'),
      flag('is_deleted'),
      time('deleted_at'),
    ],
  },
};

/**
 * Recognises the staff service's database by the names and columns of its tables; where both are there, one of them is
 * enough to tell of a column that the other lacks.
 * @param tables all of a source
 * @param withoutEmployees whether its schedules alone do as well, whose employees came with an earlier run
 * @returns undefined where there are none
 */
export function recogniseStaff(tables: readonly Table[], withoutEmployees = false): StaffShape | undefined {
  const shape = recogniseTables(STAFF, tables);
  const areBothThere = ['employees', 'schedules'].every((name) => tables.some((table) => table.name === name));
  const [first] = shape.tables;
  const isKnown = first !== undefined && (first.name === 'employees' || areBothThere || withoutEmployees);
  return isKnown ? shape : undefined;
}
