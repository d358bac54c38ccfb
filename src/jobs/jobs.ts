import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { type ConstructorOptions, fromKysely, type Job, type JobResult, PgBoss, type QueueOptions } from 'pg-boss';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import { jobEnded } from '../observability/topics.js';
import { JOBS_SCHEMA } from './schema.js';

/** Where work of one kind waits. */
export interface JobQueue<Data extends object> {
  name: string;
  /** How often and how long it is tried; see pg-boss. */
  options: QueueOptions;
  /** What comes with a job: for the compiler alone. */
  readonly takes?: (data: Data) => void;
}

/** A kind of work that is done beside requests, by whichever process comes first. */
export interface JobKind<Data extends object> extends JobQueue<Data> {
  /** When it comes by itself: five fields, in UTC. */
  cron?: string;
  /** How many are taken at a time, and done one after the other; 1 where left out. */
  batchSize?: number;
  /**
   * Does the work. It can be done again after a process was killed in the middle.
   * @param id the same for every attempt
   * @throws whatever made it fail: it is tried again
   */
  run(tools: JobTools, data: Data, id: string): Promise<void>;
}

/** What work is done with. */
export interface JobTools {
  /** A fork of its own for each job. */
  em: SqlEntityManager;
  jobs: Jobs;
  log: Logger;
}

/** Connections of the job runner to a server, beside those of requests. */
const CONNECTIONS = 2;

/** Servers tell of new jobs; they are asked beside that for what was told while nobody listened. */
const POLL_SECONDS = 2;

/** The embedded database tells nobody, and asking it costs little. */
const EMBEDDED_POLL_SECONDS = 0.5;

/**
 * The job runner: pg-boss in the database, so that a job is there if and only if the transaction that asked for it is,
 * and survives every process.
 */
export class Jobs {
  #stopping = false;

  private constructor(
    private readonly boss: PgBoss,
    private readonly pollingIntervalSeconds: number,
    private readonly log: Logger,
  ) {}

  /**
   * Makes the runner's tables where they are not there, and the queues of these kinds.
   * @param databaseUrl undefined for the embedded database
   */
  static async open(
    database: Database,
    databaseUrl: string | undefined,
    kinds: readonly JobKind<never>[],
    log: Logger,
  ): Promise<Jobs> {
    const boss = new PgBoss({
      schema: JOBS_SCHEMA,
      ...(databaseUrl === undefined
        ? { db: embeddedDatabase(database), backend: 'pglite' as const }
        : {
            connectionString: databaseUrl,
            max: CONNECTIONS,
            application_name: 'laurel jobs',
            useListenNotify: true,
          }),
    });
    boss.on('error', (error) => log.error({ err: error }, 'The job runner has failed; it goes on by itself'));
    await boss.start();
    for (const { name, options, cron } of kinds) {
      const queue = { ...options, notify: databaseUrl !== undefined };
      await boss.createQueue(name, queue);
      // What was set by an earlier version does not stay.
      await boss.updateQueue(name, queue);
      if (cron !== undefined) {
        await boss.schedule(name, cron, {}, { tz: 'UTC' });
      }
    }
    return new Jobs(boss, database.embedded ? EMBEDDED_POLL_SECONDS : POLL_SECONDS, log);
  }

  /**
   * Asks for work in the caller's transaction: it is done if that commits, and soon after.
   * @param em inside a transaction, or not; then it is asked for at once
   * @param startAfter not before this
   */
  async enqueue<Data extends object>(
    em: SqlEntityManager,
    { name }: JobQueue<Data>,
    data: Data,
    startAfter?: Date,
  ): Promise<void> {
    await this.boss.send(name, data, { db: fromKysely(em.getKysely()), ...(startAfter && { startAfter }) });
  }

  /** As `enqueue`, for any number by one statement. */
  async enqueueAll<Data extends object>(
    em: SqlEntityManager,
    { name }: JobQueue<Data>,
    all: readonly Data[],
  ): Promise<void> {
    const jobs = all.map((data) => ({ data }));
    await this.boss.insert(name, jobs, { db: fromKysely(em.getKysely()) });
  }

  /** Begins to do the work of these kinds in this process. @param em to fork from */
  async work(em: SqlEntityManager, kinds: readonly JobKind<never>[]): Promise<void> {
    const polling = {
      pollingIntervalSeconds: this.pollingIntervalSeconds,
      // Nobody tells of a job whose next attempt has come.
      notifyPollingIntervalSeconds: this.pollingIntervalSeconds,
    };
    for (const kind of kinds) {
      const { batchSize = 1 } = kind;
      const options = { ...polling, batchSize, burstWhenBatchFull: true, perJobResults: true } as const;
      await this.boss.work(kind.name, options, (jobs: Job<never>[]) => this.run(em, kind, jobs));
    }
  }

  /** Lets work under way come to its end, and takes no more. */
  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      await this.boss.stop({ graceful: true, timeout: 10_000 });
    }
  }

  /** One that fails is tried again, without those that were taken with it. */
  private async run(em: SqlEntityManager, kind: JobKind<never>, jobs: Job<never>[]): Promise<JobResult[]> {
    const results: JobResult[] = [];
    for (const { id, data, signal } of jobs) {
      // Another process has it by now.
      if (signal.aborted) {
        break;
      }
      try {
        await kind.run({ em: em.fork(), jobs: this, log: this.log }, data, id);
        jobEnded.tell({ queue: kind.name, failed: false });
        results.push({ id, status: 'completed' });
      } catch (error) {
        jobEnded.tell({ queue: kind.name, failed: true });
        this.log.error({ err: error, job: kind.name, id }, 'A job has failed; it is tried again');
        results.push({ id, status: 'failed' });
      }
    }
    return results;
  }
}

function embeddedDatabase({ run }: Database): NonNullable<ConstructorOptions['db']> {
  if (run === undefined) {
    throw new Error('The embedded database runs jobs on its own connection.');
  }
  return { executeSql: (text, values) => run(text, values ?? []) };
}
