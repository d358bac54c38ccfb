import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Connections, type Database, openStandby, type Standby } from './database.js';
import { PrimaryPositions } from './primary-positions.js';
import { queryExactlyOne, sql } from './query.js';
import { Replica } from './replica.js';

const POLL_MILLISECONDS = 250;
/** After so long without an answer a replica is lost, e.g. its machine or the network to it. */
const ANSWER_MILLISECONDS = 2000;
/** How far behind a replica may be and still serve those who have written nothing that it lacks. */
const MAX_LAG_MILLISECONDS = 10_000;

/** The same on a server and its standbys, and on no other (PostgreSQL manual, table 9.90). */
const CLUSTER = sql<string>`(select system_identifier::text from pg_control_system())`;

interface PrimaryState {
  /** Bytes of the write-ahead log that are on its disk. */
  position: string;
  cluster: string;
}

interface ReplicaState {
  standby: boolean;
  /** Bytes of the primary's write-ahead log that it has replayed; null where it never has. */
  position: string | null;
  cluster: string;
}

interface Watched {
  replica: Replica;
  standby: Standby;
  /** A connection of its own: the state must be known when requests wait for connections, too. */
  watch: Standby;
}

export interface ReplicaSettings {
  databaseReplicaUrls: readonly string[];
  databasePoolSize: number;
  /** Seconds that a statement may take. */
  databaseTimeout?: number;
}

/**
 * Opens the replicas and begins to watch them. None is used before it is known to be fit; one that cannot be
 * reached is no error.
 * @param maxLag milliseconds that a replica may be behind the primary
 */
export async function openReplicas(
  primary: Database,
  { databaseReplicaUrls, databasePoolSize, databaseTimeout }: ReplicaSettings,
  log: Logger,
  maxLag = MAX_LAG_MILLISECONDS,
): Promise<Replicas> {
  const watched = databaseReplicaUrls.map(async (url): Promise<Watched> => {
    const { host, pathname } = new URL(url);
    const standby = await openStandby(url, databasePoolSize, databaseTimeout);
    return { replica: new Replica(host + pathname, standby, log), standby, watch: await openStandby(url, 1) };
  });
  return new Replicas(primary, await Promise.all(watched), new PrimaryPositions(maxLag));
}

/** The replicas that one server process reads from, watched until they are closed. */
export class Replicas {
  readonly #closing = new AbortController();
  readonly #watching: Promise<unknown>;
  /** Of the primary; undefined until it has answered. */
  #cluster: string | undefined;
  #turn = 0;

  constructor(
    private readonly primary: Database,
    private readonly watched: readonly Watched[],
    private readonly positions: PrimaryPositions,
  ) {
    const looks = [() => this.lookAtPrimary(), ...watched.map((one) => () => this.lookAt(one))];
    this.#watching = Promise.all(looks.map((look) => repeat(look, this.#closing.signal)));
  }

  /** A replica to read from, each in turn; undefined where none is fit. */
  next(): Replica | undefined {
    this.#turn += 1;
    return this.choose(this.#turn, 0n);
  }

  /**
   * A replica for a player, the same one as long as it is fit, so that what one answer shows is not missing from the
   * next.
   * @param playerId a UUID
   * @param written position in the primary's log that the replica must have reached
   */
  forPlayer(playerId: string, written: bigint): Replica | undefined {
    return this.choose(Number.parseInt(playerId.slice(-8), 16), written);
  }

  /** Those to all replicas together, without the ones that look at them. */
  connections(): Connections {
    const pools = this.watched.map(({ standby }) => standby.connections());
    return {
      open: pools.reduce((total, { open }) => total + open, 0),
      idle: pools.reduce((total, { idle }) => total + idle, 0),
      waiting: pools.reduce((total, { waiting }) => total + waiting, 0),
      most: pools.reduce((total, { most }) => total + most, 0),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watching;
    await Promise.all(this.watched.flatMap(({ standby, watch }) => [standby.close(), watch.close()]));
  }

  private choose(start: number, written: bigint): Replica | undefined {
    const { length } = this.watched;
    const inOrder = this.watched.map((_, place) => this.watched[(start + place) % length]!.replica);
    return inOrder.find((replica) => replica.has(written));
  }

  private async lookAtPrimary(): Promise<void> {
    try {
      const { position, cluster } = await withinTime(
        queryExactlyOne(
          this.primary.orm.em.fork(),
          sql<PrimaryState>`select (pg_current_wal_flush_lsn() - '0/0')::text as position, ${CLUSTER} as cluster`,
        ),
      );
      this.#cluster = cluster;
      this.positions.note(BigInt(position), performance.now());
    } catch {
      // Requests and readyz tell that it is away; the replicas go on serving as they are.
    }
  }

  private async lookAt({ replica, standby, watch }: Watched): Promise<void> {
    try {
      const state = await withinTime(
        queryExactlyOne(
          watch.orm.em.fork(),
          sql<ReplicaState>`select pg_is_in_recovery() as standby,
            (pg_last_wal_replay_lsn() - '0/0')::text as position, ${CLUSTER} as cluster`,
        ),
      );
      const position = BigInt(state.position ?? 0);
      const reason = this.unfitReason(state, position);
      if (reason === null) {
        replica.reportFit(position);
      } else {
        replica.reportUnfit(reason);
      }
    } catch (error) {
      replica.reportUnfit(error instanceof NoAnswerError ? 'it does not answer' : 'it cannot be reached', error);
      if (error instanceof NoAnswerError) {
        standby.sever();
        watch.sever();
      }
    }
  }

  private unfitReason({ standby, cluster }: ReplicaState, position: bigint): string | null {
    const required = this.positions.required(performance.now());
    if (required === undefined) {
      return 'the primary has not been reached yet';
    }
    if (cluster !== this.#cluster) {
      return 'it belongs to another server than DATABASE_URL';
    }
    if (!standby) {
      return 'it is not a standby';
    }
    return position < required ? 'it is too far behind' : null;
  }
}

class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

async function withinTime<T>(answer: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const tooLate = sleep(ANSWER_MILLISECONDS, undefined, { signal: settled.signal }).then(() => {
    throw new NoAnswerError(`There was no answer within ${ANSWER_MILLISECONDS} ms.`);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    settled.abort();
  }
}

/** Repeats `work`, which never fails, until `ended` aborts. It does not keep the process. */
async function repeat(work: () => Promise<void>, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await work();
    await sleep(POLL_MILLISECONDS, undefined, { signal: ended, ref: false }).catch(() => undefined);
  }
}
