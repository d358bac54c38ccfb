/** No request is under way for longer, so that older entries decide nothing. */
const FORGET_AFTER_MILLISECONDS = 60_000;

/** When this process was done spending a refresh token, by `performance.now()`; Infinity while it is at it. */
const doneAt = new Map<string, number>();

/** This process is about to spend the token. Followed by `noteSpent` or `noteNotSpent`. */
export function noteSpending(hash: Buffer): void {
  doneAt.set(keyOf(hash), Infinity);
}

/** The token is spent, its transaction committed, and nobody has been answered yet. */
export function noteSpent(hash: Buffer): void {
  const now = performance.now();
  doneAt.delete(keyOf(hash));
  doneAt.set(keyOf(hash), now);
  for (const [key, time] of doneAt) {
    if (time > now - FORGET_AFTER_MILLISECONDS) {
      break;
    }
    doneAt.delete(key);
  }
}

/** The attempt failed; whether it has spent the token is for the database to say. */
export function noteNotSpent(hash: Buffer): void {
  doneAt.delete(keyOf(hash));
}

/**
 * Whether a request that arrived then (by `performance.now()`) came before the token's spender was done.
 * Exact, where a comparison of clocks is not; undefined where another process spent the token, or long ago.
 */
export function cameBeforeSpent(hash: Buffer, arrivedAt: number): boolean | undefined {
  const time = doneAt.get(keyOf(hash));
  return time === undefined ? undefined : arrivedAt < time;
}

function keyOf(hash: Buffer): string {
  return hash.toString('base64');
}
