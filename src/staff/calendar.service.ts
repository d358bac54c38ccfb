import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { newOneTimeToken } from '../account/one-time-token.js';
import { isPresent } from '../account/presence.js';
import { query, queryOne, sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';
import { scheduleColumns } from './schedule-list.service.js';
import type { ScheduleRow } from './schedule.type.js';
import { forbidden } from './staff-access.js';

/** Where calendars are. */
export const CALENDAR_PATH = '/calendar';

/** Schedules that ended longer ago are left out. */
const PAST_DAYS = 366;
/** In UTC it may be over in the year 10000, which iCalendar cannot say. */
const LAST_DAY = '9999-12-31';
/** The newest are kept where there are more. */
const MAX_SCHEDULES = 5000;

/**
 * Makes the secret of an employee's own calendar, in the place of the one before; only its hash is stored.
 * @throws AppError FORBIDDEN where they are no employee any more
 */
export async function renewCalendar(em: SqlEntityManager, employeeId: string): Promise<string> {
  const { token, hash } = newOneTimeToken();
  await setToken(em, employeeId, hash);
  return token;
}

/** From now on nobody reads the employee's calendar. @throws AppError FORBIDDEN where they are no employee any more */
export async function withdrawCalendar(em: SqlEntityManager, employeeId: string): Promise<void> {
  await setToken(em, employeeId, null);
}

async function setToken(em: SqlEntityManager, employeeId: string, hash: Buffer | null): Promise<void> {
  const changed = await query(
    em,
    sql`update employees set calendar_token_hash = ${hash}::bytea
      where id = ${employeeId} and is_active and ${notDeleted('employees')} returning 1 as changed`,
  );
  if (changed.length === 0) {
    throw forbidden('This is for the staff.');
  }
}

/** What a calendar is made of. */
export interface CalendarSource {
  name: string;
  /** IANA name of the zone that dates and times are of. */
  timeZone: string;
  schedules: ScheduleRow[];
}

/**
 * The calendar of the active employee with that secret; undefined where there is none.
 * @param defaultZone IANA name, for employees whose account has none
 */
export async function findCalendar(
  em: SqlEntityManager,
  tokenHash: Buffer,
  defaultZone: string,
): Promise<CalendarSource | undefined> {
  const employee = await queryOne(
    em,
    sql<{ id: string; name: string; timeZone: string }>`select e.id, e.name,
        coalesce(u.time_zone, ${defaultZone}::text) as "timeZone"
      from employees e join users u on u.id = e.user_id and ${isPresent('u')}
      where e.calendar_token_hash = ${tokenHash} and e.is_active and ${notDeleted('e')}`,
  );
  if (employee === undefined) {
    return undefined;
  }
  const { id, name, timeZone } = employee;
  const schedules = await query(
    em,
    sql<ScheduleRow>`select ${scheduleColumns} from schedules s
      where s.employee_id = ${id} and ${notDeleted('s')} and s.schedule_date >= current_date - ${sql.lit(PAST_DAYS)}
        and s.schedule_date < ${sql.lit(LAST_DAY)}::date
      order by s.schedule_date desc, s.id desc limit ${sql.lit(MAX_SCHEDULES)}`,
  );
  return { name, timeZone, schedules };
}
