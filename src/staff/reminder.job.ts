import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { isPresent } from '../account/presence.js';
import { query, queryOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import type { JobKind, JobQueue, Jobs } from '../jobs/jobs.js';
import type { Mailer } from '../mail/mailer.js';
import { type Letterhead, type Reminded, reminderMail } from '../mail/templates.js';
import type { InstantText } from '../shared/instant.js';
import { presentSchedules } from './schedule-list.service.js';

/** A reminder that is due. */
export interface DueReminder {
  scheduleId: string;
  /** When it became due. */
  reminderAt: InstantText;
}

/** Reminders that are asked for in one transaction. */
const BATCH = 500;

/** Days after which a reminder is of no use any more, to somebody who is active again or whose mail server is back. */
const KEPT_DAYS = 7;

/** Of a process that was killed, others take over after half a minute without its heartbeat. */
const MAILS: JobQueue<DueReminder> = {
  name: 'schedule-reminder-mail',
  options: {
    // A mail server that is away for days loses none: after some hours, one attempt comes every four.
    retryLimit: 50,
    retryDelay: 10,
    retryBackoff: true,
    retryDelayMax: 4 * 3600,
    expireInSeconds: 900,
    heartbeatSeconds: 30,
    deleteAfterSeconds: 60,
  },
};

/** Schedules `s` of employees `e` who can be reminded of them, with their accounts `u`. */
const remindable = sql`${presentSchedules} and e.is_active and s.reminder and s.status in ('scheduled', 'in_progress')
  join users u on u.id = e.user_id and ${isPresent('u')}`;

/** Every minute: asks for the mails of the reminders that have become due. */
export const remindersJob: JobKind<object> = {
  name: 'schedule-reminders',
  options: { retryLimit: 2, expireInSeconds: 300, deleteAfterSeconds: 60 },
  cron: '* * * * *',
  run: async ({ em, jobs, log }) => {
    const due = await queueReminders(em, jobs);
    if (due > 0) {
      log.info({ due }, 'Reminders are due');
    }
  },
};

/**
 * Asks for a mail for each reminder that became due within the last week and was not asked for: once for each time that a
 * schedule was to be reminded of, whoever else does the same at the same moment.
 * @returns how many
 */
export async function queueReminders(em: SqlEntityManager, jobs: Jobs): Promise<number> {
  let queued = 0;
  for (;;) {
    const batch = await inTransaction(em, async (transaction) => {
      const due = await query(
        transaction,
        sql<DueReminder>`update schedules s set reminder_queued_for = s.reminder_at
          from (
            select s.id from ${remindable}
            where s.reminder_at <= now() and s.reminder_at > now() - make_interval(days => ${sql.lit(KEPT_DAYS)})
              and s.reminder_queued_for is distinct from s.reminder_at
            order by s.reminder_at limit ${sql.lit(BATCH)} for update of s skip locked
          ) due
          where s.id = due.id returning s.id as "scheduleId", s.reminder_at as "reminderAt"`,
      );
      if (due.length > 0) {
        await jobs.enqueueAll(transaction, MAILS, due);
      }
      return due.length;
    });
    queued += batch;
    if (batch < BATCH) {
      return queued;
    }
  }
}

/**
 * Mails one reminder at a time, and notes each that the mail server has taken: what can be mailed twice is the one between the
 * two when a process is killed. It has the same Message-ID then.
 * @param defaultZone IANA name, for employees whose account has none
 */
export function reminderMailJob(mailer: Mailer, letterhead: Letterhead, defaultZone: string): JobKind<DueReminder> {
  return {
    ...MAILS,
    batchSize: 20,
    run: async ({ em }, { scheduleId, reminderAt }) => {
      const reminded = await queryOne(
        em,
        sql<Reminded & { email: string }>`select e.email, s.title, s.schedule_date as date, s.start_time as "startTime",
            s.end_time as "endTime", s.location, s.client_name as "clientName",
            coalesce(u.time_zone, ${defaultZone}::text) as "timeZone"
          from ${remindable}
          where s.id = ${scheduleId} and s.reminder_at = ${reminderAt}
            and s.reminder_sent_for is distinct from s.reminder_at`,
      );
      // Moved, cancelled or deleted meanwhile, or mailed by a process that was killed just after.
      if (reminded === undefined) {
        return;
      }
      await mailer.send({
        to: reminded.email,
        ...reminderMail(letterhead, reminded),
        messageId: `<reminder-${scheduleId}-${reminderAt.replaceAll(/\D/g, '')}@laurel>`,
      });
      await query(em, sql`update schedules set reminder_sent_for = ${reminderAt} where id = ${scheduleId}`);
    },
  };
}
