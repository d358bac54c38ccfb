import type { JobKind, JobQueue, JobTools } from '../jobs/jobs.js';
import type { Mailer } from '../mail/mailer.js';
import {
  addressChangedMail,
  addressInUseMail,
  type Letterhead,
  passwordChangedMail,
  passwordResetMail,
  verificationMail,
} from '../mail/templates.js';
import { issueVerification, VERIFICATION_HOURS } from './email-verification.service.js';
import { issuePasswordReset, RESET_MINUTES } from './password-reset.service.js';

/** What mails about accounts are asked for with. Tokens are made when a mail is: none waits in the queue. */
export type AccountMail =
  | { kind: 'verification'; userId: string; email: string; provenBy?: string }
  | { kind: 'address-changed'; email: string }
  | { kind: 'password-reset'; email: string }
  | { kind: 'password-changed'; email: string };

/** Ten attempts, each later than the one before: about three hours. */
const OPTIONS = { retryLimit: 10, retryDelay: 10, retryBackoff: true, expireInSeconds: 120, deleteAfterSeconds: 60 };

/** The queue of mails about accounts, for those who ask for one. */
export const ACCOUNT_MAIL: JobQueue<AccountMail> = { name: 'account-mail', options: OPTIONS };

/** Writes and sends mails about accounts. */
export function accountMailJob(mailer: Mailer, letterhead: Letterhead): JobKind<AccountMail> {
  return {
    ...ACCOUNT_MAIL,
    run: async (tools, mail, id) => {
      const written = await write(tools, mail, letterhead);
      if (written !== undefined) {
        await mailer.send({ to: mail.email, ...written, messageId: `<${id}@laurel>` });
      }
    },
  };
}

/** @returns undefined where there is nobody to write to any more */
async function write(
  { em }: JobTools,
  mail: AccountMail,
  letterhead: Letterhead,
): Promise<{ subject: string; text: string } | undefined> {
  switch (mail.kind) {
    case 'verification': {
      const issued = await issueVerification(em, mail.userId, mail.email, mail.provenBy);
      if (issued === 'in use') {
        return addressInUseMail(letterhead);
      }
      return issued === undefined ? undefined : verificationMail(letterhead, issued.token, VERIFICATION_HOURS);
    }
    case 'address-changed':
      return addressChangedMail(letterhead);
    case 'password-reset': {
      const token = await issuePasswordReset(em, mail.email);
      return token === undefined ? undefined : passwordResetMail(letterhead, token, RESET_MINUTES);
    }
    case 'password-changed':
      return passwordChangedMail(letterhead);
  }
}
