import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { query, queryOne, sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';
import { badInput } from '../errors.js';
import { forwardPage } from '../shared/connection.js';
import { type CursorList, decodeCursor } from '../shared/cursor.js';
import { isId } from '../shared/ids.js';
import type { ScheduleFilter } from './schedule.input.js';
import type { ScheduleConnection, ScheduleRow } from './schedule.type.js';
import { isManagedBy, type StaffMember } from './staff-access.js';

/** The columns of a ScheduleRow, of the table aliased `s`. */
export const scheduleColumns = sql<ScheduleRow>`s.id, s.employee_id as "employeeId", s.type, s.title,
  s.schedule_date as date, s.description, s.start_time as "startTime", s.end_time as "endTime", s.location,
  s.client_name as "clientName", s.client_contact as "clientContact", s.purpose, s.status, s.priority, s.result,
  s.follow_up as "followUp", s.reminder, s.reminder_at as "reminderAt", s.version, s.created_at as "createdAt",
  s.updated_at as "updatedAt"`;

/** Schedules that are there, as table `s`: neither deleted themselves nor of a deleted employee `e`. */
export const presentSchedules = sql`schedules s
  join employees e on e.id = s.employee_id and ${notDeleted('s')} and ${notDeleted('e')}`;

/** Where a schedule without a start comes in its day: first. */
const START = sql`coalesce(s.start_time, time '00:00')`;
const ORDER = sql`s.schedule_date, ${START}, s.id`;
const KEY = ['date', 'time', 'id'] as const;

/** Before every schedule. */
const FIRST_PAGE = ['-infinity', '00:00', '00000000-0000-0000-0000-000000000000'];

/** The schedule with that id; undefined where there is none, or not for this member. */
export async function findSchedule(
  em: SqlEntityManager,
  staff: StaffMember,
  id: string,
): Promise<ScheduleRow | undefined> {
  return isId(id)
    ? queryOne(
        em,
        sql<ScheduleRow>`select ${scheduleColumns} from ${presentSchedules}
          where s.id = ${id} and ${isManagedBy(staff, 's.employee_id')}`,
      )
    : undefined;
}

/**
 * The schedules that a member may see, by date, start and id.
 * @throws AppError BAD_USER_INPUT for a range that ends before it begins, and for a cursor of another list
 */
export async function listSchedules(
  em: SqlEntityManager,
  staff: StaffMember,
  filter: ScheduleFilter,
  size: number,
  after: string | null,
): Promise<ScheduleConnection> {
  checkRange(filter.from, filter.to, 'filter.from');
  const { employeeId, from, to, type, status, priority } = filter;
  const owner = employeeId?.toLowerCase();
  const list: CursorList = {
    name: `schedules:${JSON.stringify([owner, from, to, type, status, priority])}`,
    key: KEY,
  };
  const [date, start, id] = after === null ? FIRST_PAGE : decodeCursor(list, after, 'after');
  const conditions = [
    isManagedBy(staff, 's.employee_id'),
    sql`(${ORDER}) > (${date}::date, ${start}::time, ${id}::uuid)`,
    ...where(owner, (value) => sql`s.employee_id = ${value}::uuid`),
    ...where(from, (value) => sql`s.schedule_date >= ${value}::date`),
    ...where(to, (value) => sql`s.schedule_date <= ${value}::date`),
    ...where(type, (value) => sql`s.type = ${value}`),
    ...where(status, (value) => sql`s.status = ${value}`),
    ...where(priority, (value) => sql`s.priority = ${value}`),
  ];
  const rows =
    owner !== undefined && !isId(owner)
      ? []
      : await query(
          em,
          sql<ScheduleRow>`select ${scheduleColumns} from ${presentSchedules}
            where ${sql.join(conditions, sql` and `)} order by ${ORDER} limit ${size + 1}`,
        );
  return page(list, rows, size, after !== null);
}

function where<Value>(
  value: Value | null | undefined,
  condition: (value: Value) => RawBuilder<unknown>,
): RawBuilder<unknown>[] {
  return value === null || value === undefined ? [] : [condition(value)];
}

/** A page of one employee's schedules. */
export interface OwnPage {
  list: CursorList;
  employeeId: string;
  /** The first and the last day. */
  days: [string, string];
  /** The date, start and id that the page comes after. */
  key: [string, string, string];
  size: number;
  hasPreviousPage: boolean;
}

/**
 * @param from the first day, or null; `to` likewise the last
 * @throws AppError BAD_USER_INPUT for a range that ends before it begins, and for a cursor of another list
 */
export function ownPage(
  employeeId: string,
  from: string | null,
  to: string | null,
  size: number,
  after: string | null,
): OwnPage {
  checkRange(from, to, 'from');
  const list: CursorList = { name: `ownSchedules:${JSON.stringify([employeeId, from, to])}`, key: KEY };
  const [date = '', start = '', id = ''] = after === null ? FIRST_PAGE : decodeCursor(list, after, 'after');
  return {
    list,
    employeeId,
    days: [from ?? '-infinity', to ?? 'infinity'],
    key: [date, start, id],
    size,
    hasPreviousPage: after !== null,
  };
}

/** Pages of the schedules of employees that this request has read, in one statement for any number. */
export async function findOwnSchedules(em: SqlEntityManager, pages: readonly OwnPage[]): Promise<ScheduleConnection[]> {
  const rows = await query(
    em,
    sql<ScheduleRow & { place: number }>`select p.place::int as place, s.*
      from unnest(
          ${pages.map(({ employeeId }) => employeeId)}::uuid[], ${pages.map(({ size }) => size + 1)}::int[],
          ${pages.map(({ days }) => days[0])}::date[], ${pages.map(({ days }) => days[1])}::date[],
          ${pages.map(({ key }) => key[0])}::date[], ${pages.map(({ key }) => key[1])}::time[],
          ${pages.map(({ key }) => key[2])}::uuid[]
        ) with ordinality as p (employee_id, size, first_day, last_day, date, start, id, place)
      cross join lateral (
        select ${scheduleColumns} from schedules s
        where s.employee_id = p.employee_id and ${notDeleted('s')}
          and s.schedule_date between p.first_day and p.last_day and (${ORDER}) > (p.date, p.start, p.id)
        order by ${ORDER} limit p.size
      ) s
      order by p.place, s.date, coalesce(s."startTime", time '00:00'), s.id`,
  );
  const byPlace = Map.groupBy(rows, ({ place }) => place);
  return pages.map(({ list, size, hasPreviousPage }, index) =>
    page(list, byPlace.get(index + 1) ?? [], size, hasPreviousPage),
  );
}

/** More are not told. */
const MAX_OVERLAPS = 100;

/**
 * The employee's other visits whose times cross those of this one, cancelled ones aside. A visit without an end is there at
 * its start; one without a start crosses none.
 */
export async function findOverlaps(em: SqlEntityManager, schedule: ScheduleRow): Promise<ScheduleRow[]> {
  return query(
    em,
    sql<ScheduleRow>`select ${scheduleColumns}
      from schedules this
      join schedules s on s.employee_id = this.employee_id and s.schedule_date = this.schedule_date and s.id <> this.id
        and (s.start_time, coalesce(s.end_time, s.start_time))
          overlaps (this.start_time, coalesce(this.end_time, this.start_time))
      where this.id = ${schedule.id} and this.type = 'visit' and this.status <> 'cancelled'
        and s.type = 'visit' and s.status <> 'cancelled' and ${notDeleted('s')}
      order by ${ORDER} limit ${sql.lit(MAX_OVERLAPS)}`,
  );
}

function checkRange(from: string | null | undefined, to: string | null | undefined, field: string): void {
  if (typeof from === 'string' && typeof to === 'string' && from > to) {
    throw badInput(field, 'from must not be after to.');
  }
}

function page(list: CursorList, rows: ScheduleRow[], size: number, hasPreviousPage: boolean): ScheduleConnection {
  return forwardPage({
    list,
    rows,
    size,
    hasPreviousPage,
    keyOf: (row) => [row.date, row.startTime ?? '00:00:00', row.id],
    edgeOf: (node, cursor) => ({ cursor, node }),
  });
}
