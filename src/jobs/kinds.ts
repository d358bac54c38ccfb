import { accountMailJob } from '../account/account-mail.job.js';
import { housekeepingJob } from '../account/housekeeping.job.js';
import { suspensionEndJob } from '../admin/suspension.job.js';
import type { Config } from '../config.js';
import type { Mailer } from '../mail/mailer.js';
import { reminderMailJob, remindersJob } from '../staff/reminder.job.js';
import type { JobKind } from './jobs.js';

/**
 * Everything that is done beside requests.
 * @param mailer undefined where this server sends no mails: then there are no jobs that do
 */
export function jobKinds(config: Config, mailer: Mailer | undefined): JobKind<never>[] {
  const { gameName, appUrl, seasonTimeZone } = config;
  const letterhead = { gameName, appUrl };
  const mails =
    mailer === undefined
      ? []
      : [accountMailJob(mailer, letterhead), remindersJob, reminderMailJob(mailer, letterhead, seasonTimeZone)];
  return [...mails, suspensionEndJob, housekeepingJob(config)];
}
