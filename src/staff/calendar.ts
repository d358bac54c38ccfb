import ical, { ICalAlarmType, type ICalEventData, ICalEventStatus } from 'ical-generator';
import { Temporal } from 'temporal-polyfill';
import { toDate } from '../shared/instant.js';
import type { CalendarSource } from './calendar.service.js';
import { type ScheduleRow, SchedulePriority, ScheduleStatus } from './schedule.type.js';

/** Seconds after which clients may look again. */
export const CALENDAR_TTL = 900;

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
  return calendar.toString();
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

/** What was carried over may end before it begins: then it is known by its start alone. */
function timesOf(
  { date, startTime, endTime }: ScheduleRow,
  timeZone: string,
): Pick<ICalEventData, 'allDay' | 'end' | 'start'> {
  if (startTime === null) {
    return { start: Temporal.PlainDate.from(date), allDay: true };
  }
  const instant = (time: string) =>
    new Date(Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(timeZone).epochMilliseconds);
  const start = instant(startTime);
  return endTime === null || endTime <= startTime ? { start } : { start, end: instant(endTime) };
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
