import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { transactionRetried } from '../observability/topics.js';
import { sqlState } from './sql-state.js';

const MAX_ATTEMPTS = 4;
const FIRST_DELAY_MS = 10;
/** serialization_failure and deadlock_detected: the server has rolled back, nothing was written. */
const RETRYABLE = new Set(['40001', '40P01']);

/**
 * Runs `work` in one transaction on a fork of its own. A serialization failure or deadlock is retried up to
 * three times, with jitter; every other error is the caller's.
 * @param work gets the transactional EntityManager, and must use no other
 */
export function inTransaction<T>(em: SqlEntityManager, work: (em: SqlEntityManager) => Promise<T>): Promise<T> {
  return retried(() => em.fork().transactional((transaction) => work(transaction)));
}

/**
 * Runs `work`, which leaves nothing behind where it fails, such as one statement. A serialization failure or
 * deadlock is retried up to three times, with jitter; every other error is the caller's.
 */
export async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !RETRYABLE.has(sqlState(error) ?? '')) {
        throw error;
      }
      transactionRetried.tell();
      await sleep(FIRST_DELAY_MS * 2 ** attempt * Math.random());
    }
  }
}
