import { accountMailJob } from '../account/account-mail.job.js';
import { housekeepingJob } from '../account/housekeeping.job.js';
import type { Config } from '../config.js';
import type { Mailer } from '../mail/mailer.js';
import type { JobKind } from './jobs.js';

/**
 * Everything that is done beside requests.
 * @param mailer undefined where this server sends no mails: then there are no jobs that do
 */
export function jobKinds(config: Config, mailer: Mailer | undefined): JobKind<never>[] {
  const { gameName, appUrl, deletionGraceDays } = config;
  const mails = mailer === undefined ? [] : [accountMailJob(mailer, { gameName, appUrl })];
  return [...mails, housekeepingJob(deletionGraceDays)];
}
