import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import type { JobKind, JobQueue } from '../jobs/jobs.js';

/** Comes when a suspension ends. */
export const SUSPENSION_END: JobQueue<object> = {
  name: 'suspension-end',
  options: { retryLimit: 5, retryDelay: 10, retryBackoff: true, expireInSeconds: 120, deleteAfterSeconds: 60 },
};

/** Ends suspensions when their time is over. */
export const suspensionEndJob: JobKind<object> = {
  ...SUSPENSION_END,
  run: async ({ em, log }) => {
    const ended = await endSuspensions(em);
    log.info({ ended }, 'Suspensions have ended');
  },
};

/** Ends the suspensions whose time is over. @returns how many */
export async function endSuspensions(em: SqlEntityManager): Promise<number> {
  // In a transaction because that is retried: it locks several users.
  const ended = await inTransaction(em, (transaction) =>
    query(
      transaction,
      sql`update users set suspended_at = null, suspended_until = null, suspension_reason = null
        where id in (select id from users where suspended_until <= now() order by id for no key update)
        returning 1 as ended`,
    ),
  );
  return ended.length;
}
