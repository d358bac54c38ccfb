import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { restoreDeleted, SCHEDULES, softDelete } from '../admin/soft-delete.service.js';
import { queryOne, sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';
import { AppError, badInput, ErrorCode, ErrorReason, notFound } from '../errors.js';
import { isId, newId } from '../shared/ids.js';
import { staleVersion } from './employee.service.js';
import type { CreateScheduleInput, SetScheduleStatusInput, UpdateScheduleInput } from './schedule.input.js';
import { findOverlaps, findSchedule, presentSchedules, scheduleColumns } from './schedule-list.service.js';
import { statusesBefore } from './schedule-status.js';
import type { SchedulePayload, ScheduleRow } from './schedule.type.js';
import { forbidden, isManagedBy, type StaffMember } from './staff-access.js';
import { checkLine, checkText } from './text.js';

const MAX_TITLE = 200;
const MAX_LINE = 500;
const MAX_TEXT = 10_000;

/**
 * Makes a schedule: the member's own, or anybody's for who manages the staff.
 * @throws AppError BAD_USER_INPUT naming the field; NOT_FOUND for the employee; FORBIDDEN for somebody else's
 */
export async function createSchedule(
  em: SqlEntityManager,
  staff: StaffMember,
  input: CreateScheduleInput,
): Promise<SchedulePayload> {
  const employeeId = input.employeeId?.toLowerCase() ?? staff.employeeId;
  if (employeeId === null) {
    throw badInput('input.employeeId', 'Say whose schedule it is: you are no employee yourself.');
  }
  if (!staff.managesAll && employeeId !== staff.employeeId) {
    throw forbidden('Only whoever manages the staff makes schedules of others.', 'input.employeeId');
  }
  if (!isId(employeeId)) {
    throw noSuchEmployee();
  }
  const details = { ...detailsOf(input), schedule_date: input.date };
  checkTimes(input.startTime ?? null, input.endTime ?? null);
  checkReminder(input.reminder, input.reminderAt ?? null);
  const columns = Object.keys(details).map((column) => sql.ref(column));
  const schedule = await queryOne(
    em,
    sql<ScheduleRow>`insert into schedules as s (id, employee_id, ${sql.join(columns)})
      select ${newId()}::uuid, e.id, ${sql.join(Object.entries(details).map(typed))}
      from employees e where e.id = ${employeeId} and ${notDeleted('e')} and ${isManagedBy(staff, 'e.id')}
      returning ${scheduleColumns}`,
  );
  if (schedule === undefined) {
    throw noSuchEmployee();
  }
  return { schedule, overlaps: await findOverlaps(em, schedule) };
}

/**
 * Edits a schedule, but for its status.
 * @throws AppError BAD_USER_INPUT naming the field; NOT_FOUND, also for somebody else's; CONFLICT with STALE_VERSION
 */
export async function updateSchedule(
  em: SqlEntityManager,
  staff: StaffMember,
  input: UpdateScheduleInput,
): Promise<SchedulePayload> {
  const { id, version } = input;
  const cleared = (['type', 'title', 'date', 'priority', 'reminder'] as const).find((field) => input[field] === null);
  if (cleared !== undefined) {
    throw badInput(`input.${cleared}`, 'This cannot be cleared.');
  }
  const details: Details = {
    ...detailsOf(input),
    ...(typeof input.date === 'string' && { schedule_date: input.date }),
  };
  const before = await findSchedule(em, staff, id);
  if (before === undefined) {
    throw noSuchSchedule('input.id');
  }
  if (before.version !== version) {
    throw staleVersion('schedule', before.version);
  }
  // What was carried over may break the rules, until somebody edits it.
  if (input.startTime !== undefined || input.endTime !== undefined) {
    checkTimes(after(input.startTime, before.startTime), after(input.endTime, before.endTime));
  }
  if (input.reminder !== undefined || input.reminderAt !== undefined) {
    checkReminder(input.reminder ?? before.reminder, after(input.reminderAt, before.reminderAt));
  }
  const changes = Object.entries(details).map(([column, value]) => sql`${sql.ref(column)} = ${typed([column, value])}`);
  const schedule = await queryOne(
    em,
    sql<ScheduleRow>`update schedules s
      set ${sql.join([sql`version = s.version + 1`, ...changes])}
      where s.id = ${id} and s.version = ${version} and ${isThere(staff)}
      returning ${scheduleColumns}`,
  );
  if (schedule === undefined) {
    const now = await findSchedule(em, staff, id);
    throw now === undefined ? noSuchSchedule('input.id') : staleVersion('schedule', now.version);
  }
  return { schedule, overlaps: await findOverlaps(em, schedule) };
}

/**
 * Brings a schedule to a status, by one statement that looks at the one it has. The one that it has already is no change.
 * @throws AppError NOT_FOUND, also for somebody else's; CONFLICT with STATUS_NOT_ALLOWED
 */
export async function setScheduleStatus(
  em: SqlEntityManager,
  staff: StaffMember,
  { id, status }: SetScheduleStatusInput,
): Promise<SchedulePayload> {
  const changed = isId(id)
    ? await queryOne(
        em,
        sql<ScheduleRow>`update schedules s set status = ${status}, version = s.version + 1
          where s.id = ${id} and s.status = any(${statusesBefore(status)}::text[]) and ${isThere(staff)}
          returning ${scheduleColumns}`,
      )
    : undefined;
  const schedule = changed ?? (await findSchedule(em, staff, id));
  if (schedule === undefined) {
    throw noSuchSchedule('input.id');
  }
  if (schedule.status !== status) {
    throw new AppError(ErrorCode.CONFLICT, `What is ${nameOf(schedule.status)} cannot become ${nameOf(status)}.`, {
      reason: ErrorReason.STATUS_NOT_ALLOWED,
      field: 'input.status',
    });
  }
  return { schedule, overlaps: await findOverlaps(em, schedule) };
}

/** Deletes a schedule, until it is restored or purged. @throws AppError NOT_FOUND, also for somebody else's */
export async function deleteSchedule(em: SqlEntityManager, staff: StaffMember, id: string): Promise<void> {
  if (!isId(id) || !(await softDelete(em, staff.actor, SCHEDULES, id, isOfManaged(staff)))) {
    throw noSuchSchedule('id');
  }
}

/** Has a deleted schedule back. One that is there stays as it is. @throws AppError NOT_FOUND, also for a deleted employee's */
export async function restoreSchedule(em: SqlEntityManager, staff: StaffMember, id: string): Promise<SchedulePayload> {
  if (isId(id)) {
    await restoreDeleted(em, staff.actor, SCHEDULES, id, isOfManaged(staff));
    const schedule = await queryOne(
      em,
      sql<ScheduleRow>`select ${scheduleColumns} from ${presentSchedules} where s.id = ${id}`,
    );
    if (schedule !== undefined) {
      return { schedule, overlaps: await findOverlaps(em, schedule) };
    }
  }
  throw noSuchSchedule('id');
}

/** Condition of the schedules, deleted or not, of an employee who is there and whose schedules a member may edit. */
function isOfManaged(staff: StaffMember): RawBuilder<boolean> {
  return sql<boolean>`(exists (select from employees e where e.id = schedules.employee_id and ${notDeleted('e')})
    and ${isManagedBy(staff, 'schedules.employee_id')})`;
}

/** Condition of the schedules, as table `s`, that are there and that a member may edit. */
function isThere(staff: StaffMember): RawBuilder<boolean> {
  return sql<boolean>`(${notDeleted('s')} and ${isManagedBy(staff, 's.employee_id')}
    and exists (select from employees e where e.id = s.employee_id and ${notDeleted('e')}))`;
}

/** Values by column. */
type Details = Record<string, string | boolean | null>;

const LINES = { location: 'location', clientName: 'client_name', clientContact: 'client_contact' } as const;
const TEXTS = { description: 'description', purpose: 'purpose', result: 'result', followUp: 'follow_up' } as const;
const PLAIN = {
  type: 'type',
  priority: 'priority',
  startTime: 'start_time',
  endTime: 'end_time',
  reminder: 'reminder',
  reminderAt: 'reminder_at',
} as const;

/** Columns that are no text. */
const TYPES: Readonly<Record<string, string>> = {
  schedule_date: 'date',
  start_time: 'time',
  end_time: 'time',
  reminder: 'boolean',
  reminder_at: 'timestamptz',
};

/** What an input says, but for the date. @throws AppError BAD_USER_INPUT naming the field */
function detailsOf(input: Omit<CreateScheduleInput, 'date'> | UpdateScheduleInput): Details {
  const details: Details = {};
  if (typeof input.title === 'string') {
    details['title'] = checkLine(input.title, MAX_TITLE, 'input.title');
  }
  for (const [field, column] of Object.entries(LINES)) {
    const value = input[field as keyof typeof LINES];
    if (value !== undefined) {
      details[column] = value === null || value.trim() === '' ? null : checkLine(value, MAX_LINE, `input.${field}`);
    }
  }
  for (const [field, column] of Object.entries(TEXTS)) {
    const value = input[field as keyof typeof TEXTS];
    if (value !== undefined) {
      details[column] = value === null ? null : checkText(value, MAX_TEXT, `input.${field}`);
    }
  }
  for (const [field, column] of Object.entries(PLAIN)) {
    const value = input[field as keyof typeof PLAIN];
    if (value !== undefined) {
      details[column] = value;
    }
  }
  return details;
}

function typed([column, value]: [string, Details[string]]): RawBuilder<unknown> {
  return sql`${value}::${sql.raw(TYPES[column] ?? 'text')}`;
}

function after<Value>(given: Value | undefined, before: Value): Value {
  return given === undefined ? before : given;
}

function checkTimes(start: string | null, end: string | null): void {
  if (end === null) {
    return;
  }
  if (start === null) {
    throw badInput('input.startTime', 'What ends has a start.');
  }
  // HH:MM is the beginning of HH:MM:SS.
  if (end.padEnd(8, ':00') <= start.padEnd(8, ':00')) {
    throw badInput('input.endTime', 'It ends after it has begun.');
  }
}

function checkReminder(reminder: boolean, at: string | null): void {
  if (reminder && at === null) {
    throw badInput('input.reminderAt', 'Say when to remind.');
  }
}

function nameOf(status: string): string {
  return status.replace('_', ' ');
}

function noSuchEmployee(): AppError {
  return notFound('There is no such employee.', 'input.employeeId');
}

function noSuchSchedule(field: string): AppError {
  return notFound('There is no such schedule.', field);
}
