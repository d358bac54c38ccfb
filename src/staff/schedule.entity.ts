import { defineEntity, p } from '@mikro-orm/core';
import { Employee } from './employee.entity.js';

/** What somebody of the staff has planned, or done. Dates and times are those of the employee's own zone. */
const ScheduleSchema = defineEntity({
  name: 'Schedule',
  tableName: 'schedules',
  properties: {
    id: p.uuid().primary(),
    legacyId: p.integer().nullable().unique('schedules_legacy_id_unique'),
    employee: () =>
      p.manyToOne(Employee).deleteRule('cascade').updateRule('no action').foreignKeyName('schedules_employee_id_fkey'),
    type: p.text(),
    title: p.text(),
    scheduleDate: p.date(),
    description: p.text().nullable(),
    startTime: p.time(6).nullable(),
    endTime: p.time(6).nullable(),
    location: p.text().nullable(),
    clientName: p.text().nullable(),
    clientContact: p.text().nullable(),
    purpose: p.text().nullable(),
    status: p.text().default('scheduled'),
    priority: p.text().default('medium'),
    result: p.text().nullable(),
    followUp: p.text().nullable(),
    reminder: p.boolean().default(false),
    reminderAt: p.datetime(6).nullable(),
    /** The `reminderAt` for which a mail was asked for: another time is reminded of anew. */
    reminderQueuedFor: p.datetime(6).nullable(),
    /** Likewise, the one for which a mail server has taken it. */
    reminderSentFor: p.datetime(6).nullable(),
    /** Counts the edits, so that nobody overwrites one they have not seen. */
    version: p.integer().default(1),
    createdAt: p.datetime(6).defaultRaw('now()'),
    updatedAt: p.datetime(6).defaultRaw('now()'),
    deletedAt: p.datetime(6).nullable(),
    /** Came from another system then: what was deleted there is kept here from then on, until it is purged. */
    importedAt: p.datetime(6).nullable(),
  },
  indexes: [
    {
      name: 'schedules_employee_index',
      expression:
        "create index schedules_employee_index on schedules (employee_id, schedule_date, coalesce(start_time, time '00:00'), id) where deleted_at is null",
    },
    {
      name: 'schedules_date_index',
      expression:
        "create index schedules_date_index on schedules (schedule_date, coalesce(start_time, time '00:00'), id) where deleted_at is null",
    },
    {
      name: 'schedules_reminder_index',
      expression:
        "create index schedules_reminder_index on schedules (reminder_at) where reminder and deleted_at is null and status in ('scheduled', 'in_progress') and reminder_queued_for is distinct from reminder_at",
    },
    {
      name: 'schedules_deleted_index',
      expression: 'create index schedules_deleted_index on schedules (deleted_at) where deleted_at is not null',
    },
  ],
  checks: [
    { name: 'schedules_type_check', expression: "type in ('visit', 'meeting', 'training', 'report', 'other')" },
    {
      name: 'schedules_status_check',
      expression: "status in ('scheduled', 'in_progress', 'completed', 'cancelled')",
    },
    { name: 'schedules_priority_check', expression: "priority in ('high', 'medium', 'low')" },
    // What was carried over may break these two.
    {
      name: 'schedules_times_check',
      expression: 'legacy_id is not null or end_time is null or coalesce(start_time < end_time, false)',
    },
    {
      name: 'schedules_reminder_check',
      expression: 'legacy_id is not null or not reminder or reminder_at is not null',
    },
  ],
});

export class Schedule extends ScheduleSchema.class {}
ScheduleSchema.setClass(Schedule);
