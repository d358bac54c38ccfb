import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { endSuspensions } from '../admin/suspension.job.js';
import { purgeDeleted } from '../admin/soft-delete.service.js';
import { query, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { forgetSignIns } from '../identity/forget.js';
import type { JobKind } from '../jobs/jobs.js';

/** Accounts that are scrubbed in one transaction. */
const BATCH = 50;

/** Days that tokens which have ended are kept, so that whoever comes late is told why they are refused. */
const KEPT_DAYS = 7;

/** How long what is deleted can be had back, in days. */
export interface HousekeepingRules {
  /** Accounts. */
  deletionGraceDays: number;
  /** Everything else. */
  purgeDays: number;
}

/**
 * Every hour: leaves nothing personal of accounts whose grace is over, forgets sessions and tokens that have ended, purges
 * what was deleted long ago, and ends suspensions whose own job did not come, as those that were carried over.
 */
export function housekeepingJob({ deletionGraceDays, purgeDays }: HousekeepingRules): JobKind<object> {
  return {
    name: 'account-housekeeping',
    options: { retryLimit: 2, expireInSeconds: 3600, deleteAfterSeconds: 3600 },
    cron: '17 * * * *',
    run: async ({ em, log }) => {
      const scrubbed = await scrubAccounts(em, deletionGraceDays);
      const forgotten = await forgetEnded(em);
      const suspensionsEnded = await endSuspensions(em);
      const purged = await purgeDeleted(em, purgeDays);
      log.info({ scrubbed, forgotten, suspensionsEnded, purged }, 'Accounts were kept in order');
    },
  };
}

/**
 * Makes deletions final whose grace is over: the row of users stays, with nothing that says who it was, so that an
 * import does not bring the player back; everything else goes.
 * @returns how many accounts
 */
export async function scrubAccounts(em: SqlEntityManager, deletionGraceDays: number): Promise<number> {
  let scrubbed = 0;
  for (;;) {
    const batch = await inTransaction(em, (transaction) => scrubBatch(transaction, deletionGraceDays));
    scrubbed += batch;
    if (batch < BATCH) {
      return scrubbed;
    }
  }
}

async function scrubBatch(em: SqlEntityManager, deletionGraceDays: number): Promise<number> {
  // Whoever signs in at this moment holds the row, and has the account back.
  const rows = await query(
    em,
    sql<{ id: string }>`select id from users
      where deleted_at <= now() - make_interval(days => ${deletionGraceDays}::integer) and scrubbed_at is null
      order by deleted_at limit ${sql.lit(BATCH)} for update skip locked`,
  );
  if (rows.length === 0) {
    return 0;
  }
  const ids = rows.map(({ id }) => id);
  const own = [
    sql`delete from standings where user_id = any(${ids}::uuid[])`,
    sql`delete from scores where user_id = any(${ids}::uuid[])`,
    sql`delete from visits where user_id = any(${ids}::uuid[])`,
    sql`delete from posts where author_id = any(${ids}::uuid[])`,
    sql`delete from friendships where requester_id = any(${ids}::uuid[]) or receiver_id = any(${ids}::uuid[])`,
    sql`delete from blocks where blocker_id = any(${ids}::uuid[]) or blocked_id = any(${ids}::uuid[])`,
    sql`delete from sessions where user_id = any(${ids}::uuid[])`,
    sql`delete from email_verifications where user_id = any(${ids}::uuid[])`,
    sql`delete from password_resets where user_id = any(${ids}::uuid[])`,
    sql`delete from identities where user_id = any(${ids}::uuid[])`,
    sql`delete from sign_in_attempts where user_id = any(${ids}::uuid[])`,
    sql`delete from sign_in_codes where user_id = any(${ids}::uuid[])`,
    sql`delete from link_tickets where user_id = any(${ids}::uuid[])`,
    sql`delete from last_writes where user_id = any(${ids}::uuid[])`,
    // Schedules are the studio's: they stay, with whose they were unnamed.
    sql`update employees set name = 'Former employee', username = 'former-' || id,
          email = 'former-' || id || '@deleted.invalid', is_active = false, calendar_token_hash = null, version = version + 1
        where user_id = any(${ids}::uuid[])`,
    sql`update users set email = null, email_verified_at = null, password_hash = null, birth_date = null,
          picture_url = null, time_zone = null, suspended_at = null, suspended_until = null, suspension_reason = null, nickname = 'deleted-' || id, look_alike_kept = true, scrubbed_at = now()
        where id = any(${ids}::uuid[])`,
  ];
  for (const statement of own) {
    await query(em, statement);
  }
  return ids.length;
}

/** Rows that are deleted by one statement, so that each is through long before it would be broken off. */
const FORGOTTEN_AT_ONCE = 1000;

/** @returns how many sessions and tokens were forgotten */
export async function forgetEnded(em: SqlEntityManager): Promise<number> {
  const ended = sql`now() - make_interval(days => ${sql.lit(KEPT_DAYS)})`;
  return (
    (await forget(em, 'sessions', 'id', sql`expires_at < ${ended} or revoked_at < ${ended}`)) +
    (await forget(em, 'email_verifications', 'token_hash', sql`expires_at < ${ended}`)) +
    (await forget(em, 'password_resets', 'token_hash', sql`expires_at < ${ended}`)) +
    (await forgetSignIns(em))
  );
}

async function forget(
  em: SqlEntityManager,
  table: string,
  key: string,
  condition: RawBuilder<unknown>,
): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const rows = await query(
      em,
      sql`delete from ${sql.table(table)} where ${sql.ref(key)} in (
          select ${sql.ref(key)} from ${sql.table(table)} where ${condition} limit ${sql.lit(FORGOTTEN_AT_ONCE)}
        ) returning 1 as gone`,
    );
    forgotten += rows.length;
    if (rows.length < FORGOTTEN_AT_ONCE) {
      return forgotten;
    }
  }
}
