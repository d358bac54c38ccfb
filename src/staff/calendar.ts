import ical, { ICalAlarmType, type ICalEventData, ICalEventStatus } from 'ical-generator';
import { Temporal } from 'temporal-polyfill';
import { toDate } from '../shared/instant.js';
import type { CalendarSource } from './calendar.service.js';
import { type ScheduleRow, SchedulePriority, ScheduleStatus } from './schedule.type.js';

/** Seconds after which clients may look again. */
export const CALENDAR_TTL = 900;

/** RFC 5545 has none of the others in texts, and some programs refuse the whole calendar for one. */
const OTHER_CONTROLS = /[^\P{Cc}\t\n\r]/gu;

const PRIORITIES = { [SchedulePriority.HIGH]: 1, [SchedulePriority.MEDIUM]: 5, [SchedulePriority.LOW]: 9 };

/**
 * An employee's schedules as iCalendar (RFC 5545). Times are written as instants in UTC, which no client needs a time zone
 * database for; what has no times takes the day.
 */
export function writeCalendar({ name, timeZone, schedules }: CalendarSource): string {
  const calendar = ical({
    name,
    prodId: { company: 'Laurel', product: 'Staff', language: 'EN' },
    ttl: CALENDAR_TTL,
  });
  for (const schedule of schedules) {
    calendar.createEvent(toEvent(schedule, timeZone));
  }
  return calendar.toString().replace(OTHER_CONTROLS, '');
}

function toEvent(schedule: ScheduleRow, timeZone: string): ICalEventData {
  const { id, title, location, status, priority, version, reminder, reminderAt } = schedule;
  return {
    id: `${id}@laurel`,
    ...timesOf(schedule, timeZone),
    summary: title,
    description: describe(schedule),
    ...(location !== null && { location }),
    status: status === ScheduleStatus.CANCELLED ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    priority: PRIORITIES[priority],
    sequence: version,
    stamp: toDate(schedule.updatedAt),
    created: toDate(schedule.createdAt),
    lastModified: toDate(schedule.updatedAt),
    ...(reminder &&
      reminderAt !== null && {
        alarms: [{ type: ICalAlarmType.display, trigger: toDate(reminderAt), description: title }],
      }),
  };
}

/**
 * What ends no later than it begins is known by its start alone: what was carried over may, and so does what begins in an hour
 * that clocks skip.
 */
function timesOf(
  { date, startTime, endTime }: ScheduleRow,
  timeZone: string,
): Pick<ICalEventData, 'allDay' | 'end' | 'start'> {
  if (startTime === null) {
    return { start: Temporal.PlainDate.from(date), allDay: true };
  }
  const start = instantOf(date, startTime, timeZone);
  const end = endTime === null ? start : instantOf(date, endTime, timeZone);
  return end > start ? { start, end } : { start };
}

/** To the second, as calendars have it. */
function instantOf(date: string, time: string, timeZone: string): Date {
  const day = Temporal.PlainDate.from(date);
  // The end of the day as the database has it, where it was carried over.
  const local = time === '24:00:00' ? day.add({ days: 1 }).toPlainDateTime() : day.toPlainDateTime(time);
  return new Date(
    local.round({ smallestUnit: 'second', roundingMode: 'floor' }).toZonedDateTime(timeZone).epochMilliseconds,
  );
}

function describe({ description, purpose, clientName, clientContact, result, followUp }: ScheduleRow): string | null {
  const parts = [
    description,
    purpose === null ? null : `Purpose: ${purpose}`,
    clientName === null ? null : `Client: ${clientName}`,
    clientContact === null ? null : `Contact: ${clientContact}`,
    result === null ? null : `Result: ${result}`,
    followUp === null ? null : `Next: ${followUp}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join('\n');
}
