import { Migration } from '@mikro-orm/migrations';

/** The staff and what they have planned. */
export class Migration20261121002300_staff extends Migration {
  override up(): void {
    this.addSql(`
      create table employees (
        id uuid not null constraint employees_pkey primary key,
        legacy_id integer constraint employees_legacy_id_unique unique,
        user_id uuid not null constraint employees_user_id_unique unique
          constraint employees_user_id_fkey references users (id),
        name text not null,
        username text not null,
        email text not null,
        role text not null default 'user' constraint employees_role_check check (role in ('admin', 'user')),
        is_active boolean not null default true,
        calendar_token_hash bytea constraint employees_calendar_token_unique unique,
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        imported_at timestamptz
      )`);
    this.addSql(`create unique index employees_username_unique on employees (lower(username) collate "C")`);
    this.addSql(`create unique index employees_email_unique on employees (lower(email))`);
    this.addSql(`create index employees_deleted_index on employees (deleted_at) where deleted_at is not null`);
    this.addSchedules();
    // Deleting a row, having it back, and secrets, and what the server notes about reminders are no edits.
    this.addSql(`
      create trigger employees_touched before update on employees
        for each row when (
          new.updated_at is not distinct from old.updated_at and new.deleted_at is not distinct from old.deleted_at
          and new.calendar_token_hash is not distinct from old.calendar_token_hash
        ) execute function laurel_touch()`);
    this.addSql(`
      create trigger schedules_touched before update on schedules
        for each row when (
          new.updated_at is not distinct from old.updated_at and new.deleted_at is not distinct from old.deleted_at
          and new.reminder_queued_for is not distinct from old.reminder_queued_for
          and new.reminder_sent_for is not distinct from old.reminder_sent_for
        ) execute function laurel_touch()`);
  }

  override down(): void {
    this.addSql(`drop table schedules`);
    this.addSql(`drop table employees`);
  }

  /** Rows that were carried over may have times in the wrong order, and reminders without a time. */
  private addSchedules(): void {
    this.addSql(`
      create table schedules (
        id uuid not null constraint schedules_pkey primary key,
        legacy_id integer constraint schedules_legacy_id_unique unique,
        employee_id uuid not null
          constraint schedules_employee_id_fkey references employees (id) on delete cascade,
        type text not null
          constraint schedules_type_check check (type in ('visit', 'meeting', 'training', 'report', 'other')),
        title text not null,
        schedule_date date not null,
        description text,
        start_time time,
        end_time time,
        location text,
        client_name text,
        client_contact text,
        purpose text,
        status text not null default 'scheduled'
          constraint schedules_status_check check (status in ('scheduled', 'in_progress', 'completed', 'cancelled')),
        priority text not null default 'medium'
          constraint schedules_priority_check check (priority in ('high', 'medium', 'low')),
        result text,
        follow_up text,
        reminder boolean not null default false,
        reminder_at timestamptz,
        reminder_queued_for timestamptz,
        reminder_sent_for timestamptz,
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        imported_at timestamptz,
        constraint schedules_times_check
          check (legacy_id is not null or end_time is null or coalesce(start_time < end_time, false)),
        constraint schedules_reminder_check check (legacy_id is not null or not reminder or reminder_at is not null)
      )`);
    this.addSql(`
      create index schedules_employee_index
        on schedules (employee_id, schedule_date, coalesce(start_time, time '00:00'), id) where deleted_at is null`);
    this.addSql(`
      create index schedules_date_index on schedules (schedule_date, coalesce(start_time, time '00:00'), id)
        where deleted_at is null`);
    this.addSql(`
      create index schedules_reminder_index on schedules (reminder_at)
        where reminder and deleted_at is null and status in ('scheduled', 'in_progress')
          and reminder_queued_for is distinct from reminder_at`);
    this.addSql(`create index schedules_deleted_index on schedules (deleted_at) where deleted_at is not null`);
  }
}
