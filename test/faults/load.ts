import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaurelProcess } from '../cli/process.js';
import { rowsAt } from '../support/rows-at.js';

const PASSWORD = 'a password of the tests';
const SUBMIT = `mutation ($score: SafeInt!, $key: String!) {
  submitScore(input: { score: $score, idempotencyKey: $key }) { score { id } }
}`;

/** A server process on a port that stays the same when it is started anew. */
export function serve(databaseUrl: string, port: number, settings: Record<string, string> = {}): LaurelProcess {
  return new LaurelProcess(['serve'], {
    DATABASE_URL: databaseUrl,
    PORT: String(port),
    NODE_ENV: 'production',
    TOKEN_SECRET: 'd8b1ad70f3bb4d5cb8b26d0c5c1f9a7e',
    LOG_LEVEL: 'fatal',
    RATE_LIMITS: 'false',
    ...settings,
  });
}

export interface Answered {
  status: number;
  data: Record<string, unknown> | null | undefined;
  /** `extensions.code` of the first error. */
  code: string | undefined;
}

/** Sends one operation; rejects where no answer comes. */
export async function send(
  address: string,
  query: string,
  variables: object = {},
  token?: string,
  milliseconds = 20_000,
): Promise<Answered> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(milliseconds),
  });
  const body = (await response.json()) as {
    data?: Record<string, unknown> | null;
    errors?: { extensions?: { code?: string } }[];
  };
  return { status: response.status, data: body.data, code: body.errors?.[0]?.extensions?.code };
}

export interface TestPlayer {
  id: string;
  token: string;
}

export async function registerPlayer(address: string): Promise<TestPlayer> {
  const name = randomUUID().slice(0, 18);
  const { data } = await send(
    address,
    `mutation ($input: RegisterInput!) { register(input: $input) { accessToken user { id } } }`,
    { input: { email: `${name}@example.com`, nickname: name, password: PASSWORD, birthDate: '2000-01-01' } },
  );
  const { accessToken, user } = data!['register'] as { accessToken: string; user: { id: string } };
  return { id: user.id, token: accessToken };
}

/** Players who submit scores one after the other, until they are stopped. */
export interface Load {
  /** Keys of submissions that were answered with success. */
  acknowledged: Set<string>;
  /** Codes of all answers that were none; `none` where there was no answer. */
  failures: Map<string, number>;
  /** Milliseconds that each answer took. */
  stop(): Promise<void>;
}

/**
 * @param address where to, whatever serves there at the moment
 * @param patience what a player waits before another attempt, in milliseconds
 */
export function startLoad(address: string, players: readonly TestPlayer[], patience = 20): Load {
  const acknowledged = new Set<string>();
  const failures = new Map<string, number>();
  const ending = new AbortController();
  const play = async ({ token }: TestPlayer): Promise<void> => {
    for (let score = 1; !ending.signal.aborted; score += 1) {
      const key = randomUUID();
      // Like any client that is not sure: the same submission again, until somebody has answered it.
      for (let done = false; !done && !ending.signal.aborted;) {
        const answer = await send(address, SUBMIT, { score, key }, token).catch(() => undefined);
        done = answer?.data?.['submitScore'] != null;
        if (done) {
          acknowledged.add(key);
        } else {
          const code = answer?.code ?? 'none';
          failures.set(code, (failures.get(code) ?? 0) + 1);
          await sleep(patience);
        }
      }
    }
  };
  const playing = Promise.all(players.map(play));
  return {
    acknowledged,
    failures,
    stop: async () => {
      ending.abort();
      await playing;
    },
  };
}

/** What is stored of submissions, and whether each is there once. */
export async function storedKeys(url: string): Promise<{ keys: Set<string>; twice: number }> {
  const rows = await rowsAt<{ key: string; times: number }>(
    url,
    'select idempotency_key as key, count(*)::integer as times from scores where idempotency_key is not null group by 1',
  );
  return { keys: new Set(rows.map(({ key }) => key)), twice: rows.filter(({ times }) => times > 1).length };
}

/** Asks again and again until the server is ready. @returns how long that took, in milliseconds */
export async function untilReady(address: string, milliseconds = 30_000): Promise<number> {
  const began = performance.now();
  for (;;) {
    const ready = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    if (ready?.status === 200) {
      return performance.now() - began;
    }
    if (performance.now() - began > milliseconds) {
      throw new Error(`The server is not ready after ${milliseconds} ms: ${ready?.status}`);
    }
    await sleep(20);
  }
}
