import type { SqlEntityManager } from '@mikro-orm/postgresql';

/** What the reads of a request need to know of their replica. */
interface ReadReplica {
  readonly fit: boolean;
  noteFailure(error: unknown): void;
}

interface ReplicaReads {
  replica: ReadReplica;
  primary: SqlEntityManager;
  /** The replica has failed this request, which reads from the primary from there on. */
  moved: boolean;
}

const reads = new WeakMap<object, ReplicaReads>();

/** From now on statements with `em`, a fork of that replica's, fall back to `primary`. */
export function readOnReplica(em: SqlEntityManager, replica: ReadReplica, primary: SqlEntityManager): void {
  reads.set(em, { replica, primary, moved: false });
}

/**
 * Runs one statement with the EntityManager that the request reads with by now. Whatever fails on a replica is
 * repeated on the primary, be it a lost connection or a conflict with what is being replayed: it only reads. Where
 * the statement itself is at fault, the primary says so.
 */
export async function onDatabaseOf<T>(
  em: SqlEntityManager,
  statement: (em: SqlEntityManager) => Promise<T>,
): Promise<T> {
  const own = reads.get(em);
  if (own === undefined) {
    return statement(em);
  }
  if (own.replica.fit && !own.moved) {
    try {
      return await statement(em);
    } catch (error) {
      own.replica.noteFailure(error);
    }
  }
  own.moved = true;
  return statement(own.primary);
}

/** What tells apart the databases that requests read from by now. */
export function databaseOf(em: SqlEntityManager): object {
  const own = reads.get(em);
  return (own?.moved === true ? own.primary : em).getDriver();
}
