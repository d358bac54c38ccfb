import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { ACCOUNT_MAIL } from '../account/account-mail.job.js';
import { isReserved } from '../account/reserved-nickname.js';
import { query, sql } from '../database/query.js';
import { violatedUnique } from '../database/sql-state.js';
import { inTransaction } from '../database/transaction.js';
import { nicknamesFor } from '../identity/nickname-of.js';
import type { Jobs } from '../jobs/jobs.js';
import { newId } from '../shared/ids.js';

/** What accounts for employees are made with. */
export interface StaffAccounts {
  /** Sends the mail with which the password is set. @throws AppError SERVICE_UNAVAILABLE where this server sends none */
  requireMail: () => Jobs;
  /** Nicknames that nobody gets. */
  reservedNicknames: readonly string[];
}

/**
 * Makes an account without a password, with a nickname like the name, and has a mail sent with which the password is set;
 * all of it if `work` succeeds, which is part of the same transaction.
 * @throws AppError SERVICE_UNAVAILABLE without mails; whatever `work` throws
 */
export async function makeAccount<T>(
  em: SqlEntityManager,
  { name, email }: { name: string; email: string },
  { requireMail, reservedNicknames }: StaffAccounts,
  work: (transaction: SqlEntityManager, userId: string) => Promise<T>,
): Promise<T> {
  const jobs = requireMail();
  const nicknames = nicknamesFor(name);
  for (let tried = 1; ; tried += 1) {
    const nickname = nicknames[tried - 1]!;
    const isLast = tried === nicknames.length;
    if (!isLast && (await isReserved(em, nickname, reservedNicknames))) {
      continue;
    }
    try {
      return await inTransaction(em, async (transaction) => {
        const id = newId();
        await query(transaction, sql`insert into users (id, email, nickname) values (${id}, ${email}, ${nickname})`);
        const made = await work(transaction, id);
        await jobs.enqueue(transaction, ACCOUNT_MAIL, { kind: 'password-reset', email });
        return made;
      });
    } catch (error) {
      if (isLast || violatedUnique(error)?.startsWith('users_nickname') !== true) {
        throw error;
      }
    }
  }
}
