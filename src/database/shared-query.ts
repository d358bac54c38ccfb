import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { query } from './query.js';
import { databaseOf } from './replica-reads.js';
import { roundsOf } from './rounds.js';

const gathering = new WeakMap<object, Map<string, Promise<unknown[]>>>();

/**
 * As `query`, for reads that many requests are likely to make at once, such as the top of a board: requests that
 * are served at the same time and send the very same statement share its answer. It is sent at the end of the event
 * loop's turn, after all of them have asked, so each sees what was written before: nothing is cached.
 * @returns rows that other requests have too, and that nobody may change; never called inside a transaction
 */
export function querySharing<Row>(em: SqlEntityManager, statement: RawBuilder<Row>): Promise<readonly Row[]> {
  const { sql, parameters } = statement.compile(em.getKysely());
  const database = databaseOf(em);
  const shared = gathering.get(database) ?? new Map<string, Promise<unknown[]>>();
  gathering.set(database, shared);
  const key = `${sql} ${JSON.stringify(parameters)}`;
  let answer = shared.get(key);
  if (answer === undefined) {
    const { promise: turnEnds, resolve: endTurn } = Promise.withResolvers<void>();
    answer = turnEnds.then(() => query(em, statement));
    shared.set(key, answer);
    setImmediate(() => {
      shared.delete(key);
      endTurn();
    });
  }
  return roundsOf(em).during(() => answer as Promise<Row[]>);
}
