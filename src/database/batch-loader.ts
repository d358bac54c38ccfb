import type { SqlEntityManager } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import { roundsOf } from './rounds.js';

/**
 * A DataLoader for one request, whose batches are sent in rounds with those of the request's other loaders.
 * What it has loaded or been primed with it answers at once, where DataLoader's own would wait for a round.
 * @param em the request's EntityManager, which `batch` must use for its statements
 * @param keyOf what tells keys apart, where they are not text
 */
export function batchLoader<Key, Value, CacheKey = Key>(
  em: SqlEntityManager,
  batch: DataLoader.BatchLoadFn<Key, Value>,
  keyOf?: (key: Key) => CacheKey,
): DataLoader<Key, Value, CacheKey> {
  const known = new Map<CacheKey, Promise<Value>>();
  const loader = new DataLoader<Key, Value, CacheKey>(batch, {
    batchScheduleFn: (dispatch) => roundsOf(em).wait(dispatch),
    cacheMap: known,
    ...(keyOf !== undefined && { cacheKeyFn: keyOf }),
  });
  const load = loader.load.bind(loader);
  loader.load = (key) => known.get(keyOf === undefined ? (key as unknown as CacheKey) : keyOf(key)) ?? load(key);
  return loader;
}
