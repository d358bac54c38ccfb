import { Redis } from 'ioredis';
import { CompiledQuery } from 'kysely';
import type { Logger } from 'pino';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
} from 'rate-limiter-flexible';
import type { Database } from '../database/database.js';

export interface CounterOptions {
  /** Tells its keys from those of the others. */
  keyPrefix: string;
  points: number;
  /** Seconds. */
  duration: number;
}

/** Where attempts are counted. */
export interface CounterStore {
  counter(options: CounterOptions): RateLimiterAbstract;
  close(): void;
}

/** Milliseconds until Redis is taken for gone: an answer takes less than one, and a player waits for this. */
const REDIS_TIMEOUT = 500;
const REDIS_PREFIX = 'laurel:limit:';

/**
 * Counts in Redis where there is one, else in the database, for all processes that share it. The embedded database
 * has one process only, whose memory will do.
 * @param redisUrl where it is set, Redis; it need not be there yet
 */
export function openCounterStore(database: Database, redisUrl: string | undefined, log: Logger): CounterStore {
  if (redisUrl !== undefined) {
    return redisStore(redisUrl, log);
  }
  return database.embedded ? memoryStore() : databaseStore(database);
}

function memoryStore(): CounterStore {
  return { counter: (options) => new RateLimiterMemory(options), close: () => undefined };
}

/** As long as Redis does not answer, each process counts for itself. */
function redisStore(url: string, log: Logger): CounterStore {
  const redis = new Redis(url, {
    commandTimeout: REDIS_TIMEOUT,
    connectTimeout: 4 * REDIS_TIMEOUT,
    socketTimeout: 4 * REDIS_TIMEOUT,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
  });
  let gone = false;
  redis.on('ready', () => {
    if (gone) {
      gone = false;
      log.info('Redis is back: rate limits are shared between processes again');
    }
  });
  redis.on('error', (error) => {
    if (!gone) {
      gone = true;
      log.error({ err: error }, 'Redis cannot be reached: each process counts for itself what it limits');
    }
  });
  return {
    counter: (options) =>
      new RateLimiterRedis({
        ...options,
        keyPrefix: `${REDIS_PREFIX}${options.keyPrefix}`,
        storeClient: redis,
        rejectIfRedisNotReady: true,
        insuranceLimiter: new RateLimiterMemory(options),
      }),
    close: () => redis.disconnect(),
  };
}

interface Statement {
  text: string;
  values: unknown[];
}

/** Over the connections of the ORM, each count a statement of its own: no transaction that is rolled back takes it along. */
function databaseStore({ orm }: Database): CounterStore {
  const storeClient = {
    async query({ text, values }: Statement) {
      const { rows, numAffectedRows } = await orm.em.getKysely().executeQuery(CompiledQuery.raw(text, values));
      return { rows, rowCount: rows.length > 0 ? rows.length : Number(numAffectedRows ?? 0) };
    },
  };
  return {
    counter: (options) =>
      new RateLimiterPostgres({
        ...options,
        storeClient,
        storeType: 'client',
        tableName: 'rate_limits',
        tableCreated: true,
      }),
    close: () => undefined,
  };
}
