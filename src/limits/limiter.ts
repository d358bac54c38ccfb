import { createHmac } from 'node:crypto';
import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError, ErrorCode } from '../errors.js';
import { rateLimitRefused } from '../observability/topics.js';
import { countedAddress } from './address.js';
import { type KeyPart, KNOWN_ADDRESS_SECONDS, type Limit, type RuleName, rules } from './rules.js';
import type { CounterStore } from './store.js';

/** Who or what an attempt is counted for, beside the address that it comes from; as the rule asks for. */
export interface Keys {
  /** The email address that was given, whether or not there is such an account. */
  account?: string | undefined;
  /** The signed-in player's id. */
  player?: string | undefined;
  sessionId?: string | undefined;
}

/** What of a request's context is looked at. */
export interface LimitedRequest {
  readonly client: { address: string };
  /** Absent where nothing is limited. */
  readonly limiter?: Limiter;
}

/** An attempt that was allowed. */
export interface Attempt {
  /** The attempt was rightful: it does not count, and the address is known to be the account's from now on. */
  succeeded(): Promise<void>;
}

interface Counter extends Limit {
  limiter: RateLimiterAbstract;
}

/** Counts attempts, and refuses those that are too many. One for each process. */
export class Limiter {
  readonly #counters = new Map<RuleName, Counter[]>();
  readonly #known: RateLimiterAbstract;
  readonly #secret: Uint8Array;

  /** @param secret keeps what is counted from being guessed out of the store; the same in every process */
  constructor(store: CounterStore, secret: Uint8Array) {
    this.#secret = secret;
    this.#known = store.counter({ keyPrefix: 'known', points: 1, duration: KNOWN_ADDRESS_SECONDS });
    for (const [rule, limits] of Object.entries(rules) as [RuleName, readonly Limit[]][]) {
      const counters = limits.map((limit) => ({
        ...limit,
        limiter: store.counter({
          keyPrefix: `${rule}:${limit.by.join('+')}`,
          points: limit.attempts,
          duration: limit.seconds,
        }),
      }));
      this.#counters.set(rule, counters);
    }
  }

  /** @throws AppError RATE_LIMITED */
  async consume(rule: RuleName, values: Partial<Record<KeyPart, string>>): Promise<Attempt> {
    const counted: { limiter: RateLimiterAbstract; key: string }[] = [];
    const knownKey = this.#key(['account', 'address'], values);
    let sparesKnown = false;
    for (const { limiter, by, sparesKnownAddresses } of this.#counters.get(rule) ?? []) {
      if (by.some((part) => values[part] === undefined)) {
        continue;
      }
      const key = this.#key(by, values);
      const wait = await waitAfter(limiter, key);
      if (wait !== undefined && !(sparesKnownAddresses === true && (await this.#isKnown(knownKey)))) {
        rateLimitRefused.tell(rule);
        throw tooOften(wait);
      }
      sparesKnown ||= sparesKnownAddresses === true;
      counted.push({ limiter, key });
    }
    return {
      succeeded: async () => {
        await Promise.all(counted.map(({ limiter, key }) => limiter.reward(key, 1)));
        if (sparesKnown) {
          await this.#known.set(knownKey, 1, KNOWN_ADDRESS_SECONDS);
        }
      },
    };
  }

  async #isKnown(key: string): Promise<boolean> {
    const found = await this.#known.get(key);
    return found !== null && found.consumedPoints > 0;
  }

  /** Nothing personal reaches the store: whoever reads it without the secret cannot even try addresses against it. */
  #key(by: readonly KeyPart[], values: Partial<Record<KeyPart, string>>): string {
    const text = JSON.stringify(['rate limit', ...by.map((part) => values[part])]);
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}

/**
 * Counts an attempt of this request. Called where the work is done, so that every alias counts.
 * @throws AppError RATE_LIMITED with the seconds until there can be another
 */
export async function consume({ limiter, client }: LimitedRequest, rule: RuleName, keys: Keys): Promise<Attempt> {
  if (limiter === undefined) {
    return { succeeded: async () => undefined };
  }
  const { account, player, sessionId: session } = keys;
  return limiter.consume(rule, {
    address: countedAddress(client.address),
    ...(account !== undefined && { account: account.toLowerCase() }),
    ...(player !== undefined && { player }),
    ...(session !== undefined && { session }),
  });
}

/** Runs work that shows by its success that the attempt was rightful, such as a sign-in. */
export async function limited<T>(
  context: LimitedRequest,
  rule: RuleName,
  keys: Keys,
  work: () => Promise<T>,
): Promise<T> {
  const attempt = await consume(context, rule, keys);
  const result = await work();
  await attempt.succeeded();
  return result;
}

/** @returns the seconds to wait where this attempt is one too many */
async function waitAfter(limiter: RateLimiterAbstract, key: string): Promise<number | undefined> {
  try {
    await limiter.consume(key);
    return undefined;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) {
      return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
    }
    throw refusal;
  }
}

function tooOften(retryAfter: number): AppError {
  return new AppError(ErrorCode.RATE_LIMITED, `Too many attempts. Try again in ${retryAfter} seconds.`, { retryAfter });
}
