import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { databaseOf } from './replica-reads.js';
import { roundsOf } from './rounds.js';

/** Keys of one statement at most, so that a crowd of requests is served by several connections. */
const MAX_KEYS = 1000;

type Load<Key, Value> = (em: SqlEntityManager, keys: readonly Key[]) => Promise<Value[]>;

/** What is gathered for the next statement. */
interface Batch<Key, Value> {
  /** Where each key is in the list that is loaded. */
  places: Map<Key, number>;
  loaded: Promise<Value[]>;
  send: () => void;
}

/**
 * Lets requests that are served at the same time load from one statement, which is sent at the end of the event
 * loop's turn. It is sent after all of them have asked, so each sees what was written before: nothing is cached.
 * @param load values in the order of the keys, the same for every caller; never called inside a transaction
 */
export function acrossRequests<Key, Value>(load: Load<Key, Value>): Load<Key, Value> {
  const gathering = new WeakMap<object, Batch<Key, Value>>();

  const open = (em: SqlEntityManager, database: object): Batch<Key, Value> => {
    const places = new Map<Key, number>();
    const { promise: sent, resolve: send } = Promise.withResolvers<void>();
    const batch = { places, send, loaded: sent.then(() => load(em, [...places.keys()])) };
    gathering.set(database, batch);
    setImmediate(() => close(database, batch));
    return batch;
  };
  const close = (database: object, batch: Batch<Key, Value>): void => {
    if (gathering.get(database) === batch) {
      gathering.delete(database);
    }
    batch.send();
  };

  return (em, keys) =>
    roundsOf(em).during(async () => {
      const database = databaseOf(em);
      const batch = gathering.get(database) ?? open(em, database);
      const places = keys.map((key) => {
        const place = batch.places.get(key) ?? batch.places.size;
        batch.places.set(key, place);
        return place;
      });
      if (batch.places.size >= MAX_KEYS) {
        close(database, batch);
      }
      const values = await batch.loaded;
      return places.map((place) => values[place] as Value);
    });
}
