import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import type { Database } from './database.js';
import { readOnReplica } from './replica-reads.js';
import { sqlState } from './sql-state.js';
import { isUnavailable } from './unavailable.js';

/** SQLSTATE query_canceled: a statement took too long, or somebody ended it. That says nothing about the server. */
const CANCELED = '57014';

/** A standby, and what this process has last heard of it. */
export class Replica {
  /** Null where it may be read from. */
  #unfitReason: string | null = 'nothing is known of it yet';
  #position = 0n;

  /** @param name for the log, without a password */
  constructor(
    private readonly name: string,
    private readonly database: Database,
    private readonly log: Logger,
  ) {}

  /** Whether it may be read from. */
  get fit(): boolean {
    return this.#unfitReason === null;
  }

  /** Whether it may be read from and has, as far as is known, all up to that position of the primary's log. */
  has(position: bigint): boolean {
    return this.fit && this.#position >= position;
  }

  /** It may be read from, and has all up to that position of the primary's log. */
  reportFit(position: bigint): void {
    this.#position = position;
    if (!this.fit) {
      this.#unfitReason = null;
      this.log.info({ replica: this.name }, 'The read replica is in use');
    }
  }

  /** It may not be read from, until it is reported fit again. What is known already is not logged again. */
  reportUnfit(reason: string, error?: unknown): void {
    if (this.#unfitReason !== reason) {
      this.#unfitReason = reason;
      this.log.warn({ replica: this.name, reason, err: error }, 'The read replica is not in use');
    }
  }

  /**
   * An EntityManager that reads from this replica, and from the primary as soon as this replica fails it.
   * @param primary the request's EntityManager of the primary
   */
  fork(primary: SqlEntityManager): SqlEntityManager {
    const em = this.database.orm.em.fork();
    readOnReplica(em, this, primary);
    return em;
  }

  /** Takes note of how a statement on it has failed. */
  noteFailure(error: unknown): void {
    if (isUnavailable(error) && sqlState(error) !== CANCELED) {
      this.reportUnfit('a statement on it failed', error);
    }
  }
}
