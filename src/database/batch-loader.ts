import type { SqlEntityManager } from '@mikro-orm/postgresql';
import DataLoader from 'dataloader';
import { roundsOf } from './rounds.js';

/**
 * A DataLoader for one request, whose batches are sent in rounds with those of the request's other loaders.
 * @param em the request's EntityManager, which `batch` must use for its statements
 * @param keyOf what tells keys apart, where they are not text
 */
export function batchLoader<Key, Value, CacheKey = Key>(
  em: SqlEntityManager,
  batch: DataLoader.BatchLoadFn<Key, Value>,
  keyOf?: (key: Key) => CacheKey,
): DataLoader<Key, Value, CacheKey> {
  return new DataLoader<Key, Value, CacheKey>(batch, {
    batchScheduleFn: (dispatch) => roundsOf(em).wait(dispatch),
    ...(keyOf !== undefined && { cacheKeyFn: keyOf }),
  });
}
