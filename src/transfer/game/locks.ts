import { TransferError } from '../errors.js';
import type { Target } from '../target.js';

/** What a repair of ranks holds step by step (src/leaderboard/rank-repair.service.ts). */
const REPAIR_LOCK = 7_241_111;

/** Tables that rows are carried over into. */
const FILLED = ['users', 'friendships', 'scores', 'standings', 'visits'];

/**
 * Keeps players' writes out until the transaction ends; reads go on. In the order in which the server comes to these
 * tables, so that neither waits for the other: a repair of ranks takes its lock before rows, a visit is written before
 * its player is looked up, and all else begins with the rows of its players.
 */
export async function lockLaurel(target: Target): Promise<void> {
  await target.query(`select pg_advisory_xact_lock(${REPAIR_LOCK})`);
  await target.query('lock table visits in share row exclusive mode');
  // Beside this one no row of users can be locked, as for a foreign key.
  await target.query('lock table users in exclusive mode');
  await target.query('lock table friendships, leaderboards, seasons, scores, standings in share row exclusive mode');
}

/** @throws TransferError where Laurel is in use */
export async function refuseUnlessEmpty(target: Target): Promise<void> {
  const checks = FILLED.map((table) => `select '${table}' as name where exists (select from ${table})`);
  const filled = await target.query<{ name: string }>(checks.join(' union all '));
  if (filled.length > 0) {
    const names = filled.map(({ name }) => name).join(', ');
    throw new TransferError(
      `Laurel is in use: there are rows in ${names}. Nothing was changed. ` +
        'Add --merge newer or --merge fail to merge the source into it, or name an empty database.',
    );
  }
}
