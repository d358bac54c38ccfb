import { ClusterRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { passwordsWaiting } from '../account/password.js';
import type { Connections, Database } from '../database/database.js';
import { sqlState } from '../database/sql-state.js';
import { isUnavailable } from '../database/unavailable.js';
import { ErrorCode } from '../errors.js';
import { VERSION } from '../version.js';
import { DatabaseFigures, type Figures } from './database-figures.js';
import { OperationNames } from './operation-names.js';
import {
  connectionLost,
  type FinishedOperation,
  jobEnded,
  mailEnded,
  operationFinished,
  type Outcome,
  rateLimitRefused,
  requestShed,
  scoreSubmitted,
  statementFinished,
  transactionRetried,
} from './topics.js';

/** Seconds. A home screen takes some thousandths, hashing a password a tenth; a statement is broken off at ten. */
const OPERATION_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const STATEMENT_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Outcomes that are told apart; codes beyond are `other`. */
const OUTCOMES: ReadonlySet<Outcome> = new Set([
  'ok',
  ...Object.values(ErrorCode),
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
]);

/** Of the embedded database, and before a database is watched. */
const ONE_CONNECTION: Connections = { open: 0, idle: 0, waiting: 0, most: 1 };

/** What of a running server is looked at when the metrics are. */
export interface Watched {
  database: Database;
  requestsInFlight: () => number;
  /** Undefined where there are no replicas. */
  replicaConnections: () => Connections | undefined;
}

/** What this process counts and measures, from its making on. One for each process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #names = new OperationNames();
  readonly #listening: (() => void)[];
  #watched: (Watched & { figures: DatabaseFigures }) | undefined;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.addServer();
    this.addDatabase();
    this.addFigures();
    this.#listening = [...this.countOperations(), ...this.countStatements(), ...this.countEvents()];
  }

  /** From now on this is looked at, too. */
  watch(watched: Watched): void {
    this.#watched = { ...watched, figures: new DatabaseFigures(watched.database) };
  }

  /** As Prometheus reads it. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Of a worker: lets the process that supervises it ask for them. */
  answerSupervisor(): void {
    ClusterRegistry.setRegistries(this.#registry);
    // Its making lets this process answer.
    void new ClusterRegistry();
  }

  /** Counts no more. */
  close(): void {
    this.#listening.forEach((end) => end());
    this.#registry.clear();
  }

  private countOperations(): (() => void)[] {
    const registers = [this.#registry];
    const total = new Counter({
      name: 'laurel_operations_total',
      help: 'GraphQL operations answered, by what became of them.',
      labelNames: ['operation', 'type', 'outcome'],
      registers,
    });
    const duration = new Histogram({
      name: 'laurel_operation_duration_seconds',
      help: 'From the arrival of a request as a whole until its answer is ready.',
      labelNames: ['operation', 'type'],
      buckets: OPERATION_BUCKETS,
      registers,
    });
    const count = ({ name, isPersisted, type, outcome, milliseconds }: FinishedOperation): void => {
      // Of what was refused before it was found, the name means nothing.
      const labels = {
        operation: type === undefined ? 'unknown' : this.#names.labelOf(name, isPersisted),
        type: type ?? 'unknown',
      };
      total.inc({ ...labels, outcome: OUTCOMES.has(outcome) ? outcome : 'other' });
      duration.observe(labels, milliseconds / 1000);
    };
    return [operationFinished.listen(count)];
  }

  private countStatements(): (() => void)[] {
    const registers = [this.#registry];
    const total = new Counter({
      name: 'laurel_sql_statements_total',
      help: 'SQL statements sent: ok; unavailable where the database could not be had, conflict where the transaction is tried again; failed.',
      labelNames: ['outcome'],
      registers,
    });
    const duration = new Histogram({
      name: 'laurel_sql_duration_seconds',
      help: 'From sending an SQL statement until its whole answer is there.',
      buckets: STATEMENT_BUCKETS,
      registers,
    });
    return [
      statementFinished.listen(({ milliseconds, error }) => {
        total.inc({ outcome: error === undefined ? 'ok' : outcomeOfStatement(error) });
        duration.observe(milliseconds / 1000);
      }),
    ];
  }

  private countEvents(): (() => void)[] {
    const registers = [this.#registry];
    const retries = new Counter({
      name: 'laurel_transaction_retries_total',
      help: 'Transactions tried again after a serialization failure or a deadlock.',
      registers,
    });
    const lost = new Counter({
      name: 'laurel_database_connections_lost_total',
      help: 'Idle connections to the database that broke.',
      registers,
    });
    const refusals = new Counter({
      name: 'laurel_rate_limit_refusals_total',
      help: 'Attempts refused for there were too many, by the rule.',
      labelNames: ['rule'],
      registers,
    });
    const shed = new Counter({
      name: 'laurel_requests_shed_total',
      help: 'Requests refused for there was too much to do, by what that was seen.',
      labelNames: ['reason'],
      registers,
    });
    const scores = new Counter({
      name: 'laurel_scores_submitted_total',
      help: 'Scores taken, by whether they improved a standing, which moves the counts of the rank tree.',
      labelNames: ['improved'],
      registers,
    });
    const jobs = new Counter({
      name: 'laurel_jobs_ended_total',
      help: 'Attempts at jobs.',
      labelNames: ['queue', 'outcome'],
      registers,
    });
    const mails = new Counter({
      name: 'laurel_mails_total',
      help: 'Attempts to send mails.',
      labelNames: ['outcome'],
      registers,
    });
    return [
      transactionRetried.listen(() => retries.inc()),
      connectionLost.listen(() => lost.inc()),
      rateLimitRefused.listen((rule) => refusals.inc({ rule })),
      requestShed.listen((reason) => shed.inc({ reason })),
      scoreSubmitted.listen(({ improved }) => scores.inc({ improved: String(improved) })),
      jobEnded.listen(({ queue, failed }) => jobs.inc({ queue, outcome: failed ? 'failed' : 'ok' })),
      mailEnded.listen(({ failed }) => mails.inc({ outcome: failed ? 'failed' : 'ok' })),
    ];
  }

  private addServer(): void {
    const watched = (): Watched | undefined => this.#watched;
    const registers = [this.#registry];
    const info = new Gauge({
      name: 'laurel_info',
      help: 'The version of Laurel.',
      labelNames: ['version'],
      aggregator: 'max',
      registers,
    });
    info.set({ version: VERSION }, 1);
    void new Gauge({
      name: 'laurel_requests_in_flight',
      help: 'Requests of the API that are not answered yet.',
      registers,
      collect() {
        this.set(watched()?.requestsInFlight() ?? 0);
      },
    });
    void new Gauge({
      name: 'laurel_passwords_waiting',
      help: 'Passwords that wait to be hashed.',
      registers,
      collect() {
        this.set(passwordsWaiting());
      },
    });
  }

  private addDatabase(): void {
    const pools = (): [string, Connections][] => this.pools();
    const registers = [this.#registry];
    void new Gauge({
      name: 'laurel_database_connections',
      help: 'Connections to the database (primary) and to all its read replicas (replica), by whether they are in use.',
      labelNames: ['server', 'state'],
      registers,
      collect() {
        pools().forEach(([server, { open, idle }]) => {
          this.set({ server, state: 'idle' }, idle);
          this.set({ server, state: 'in_use' }, open - idle);
        });
      },
    });
    void new Gauge({
      name: 'laurel_database_connections_max',
      help: 'Connections to the database that there can be.',
      labelNames: ['server'],
      registers,
      collect() {
        pools().forEach(([server, { most }]) => this.set({ server }, most));
      },
    });
    void new Gauge({
      name: 'laurel_database_connections_waiting',
      help: 'Transactions and statements that wait for a connection.',
      labelNames: ['server'],
      registers,
      collect() {
        pools().forEach(([server, { waiting }]) => this.set({ server }, waiting));
      },
    });
  }

  /** What there is of connections, by the kind of server that they are to. */
  private pools(): [string, Connections][] {
    const replicas = this.#watched?.replicaConnections();
    return [
      ['primary', this.#watched?.database.connections?.() ?? ONE_CONNECTION],
      ...(replicas === undefined ? [] : [['replica', replicas] satisfies [string, Connections]]),
    ];
  }

  private addFigures(): void {
    const latest = async (): Promise<Figures | undefined> => this.#watched?.figures.latest();
    // The same in every worker.
    const common = { registers: [this.#registry], aggregator: 'max' as const };
    void new Gauge({
      ...common,
      aggregator: 'min',
      name: 'laurel_database_reachable',
      help: '1 where the database answers within two seconds.',
      async collect() {
        this.set(Number((await latest())?.isReachable ?? false));
      },
    });
    void new Gauge({
      ...common,
      name: 'laurel_rank_tree_levels',
      help: "Levels of the rank tree of the default board's current season.",
      async collect() {
        this.set((await latest())?.rankTree?.levels ?? 0);
      },
    });
    void new Gauge({
      ...common,
      name: 'laurel_rank_tree_players',
      help: "Players ranked in the default board's current season.",
      async collect() {
        this.set((await latest())?.rankTree?.players ?? 0);
      },
    });
    void new Counter({
      ...common,
      name: 'laurel_rank_tree_rows_written_total',
      help: "Rows of all rank trees written, by the database's own statistics.",
      async collect() {
        const rankTree = (await latest())?.rankTree;
        this.reset();
        this.inc(rankTree?.rowsWritten ?? 0);
      },
    });
    void new Gauge({
      ...common,
      name: 'laurel_jobs',
      help: 'Jobs in the database that wait (created, retry), are done (active), or have failed for good.',
      labelNames: ['queue', 'state'],
      async collect() {
        const jobs = (await latest())?.jobs ?? [];
        this.reset();
        jobs.forEach(({ queue, state, jobs: count }) => this.set({ queue, state }, count));
      },
    });
    void new Gauge({
      ...common,
      name: 'laurel_jobs_overdue_seconds',
      help: 'For how long the oldest job that could be begun has waited.',
      async collect() {
        const jobs = (await latest())?.jobs ?? [];
        this.set(Math.max(0, ...jobs.map(({ overdueSeconds }) => overdueSeconds)));
      },
    });
  }
}

function outcomeOfStatement(error: unknown): 'unavailable' | 'conflict' | 'failed' {
  if (isUnavailable(error)) {
    return 'unavailable';
  }
  return sqlState(error)?.startsWith('40') === true ? 'conflict' : 'failed';
}
