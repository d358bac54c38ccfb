import { expect, test } from '@jest/globals';
import { ConcurrencyLimit, MAX_IN_FLIGHT, MIN_IN_FLIGHT } from '../../src/limits/concurrency-limit.js';

/** How many are let in at the same time. */
function admitted(limit: ConcurrencyLimit): number {
  let most = 0;
  while (most < 2 * MAX_IN_FLIGHT && limit.admits(most + 1)) {
    most += 1;
  }
  return most;
}

/** So many seconds in which every answer takes that long, as many at a time as are let in. */
function serve(
  limit: ConcurrencyLimit,
  from: number,
  seconds: number,
  milliseconds: (inFlight: number) => number,
): void {
  for (let now = from; now < from + seconds * 1000; now += 10) {
    limit.answered(milliseconds(admitted(limit)), now);
  }
}

test('answers in time leave it at the most there is', () => {
  const limit = new ConcurrencyLimit();
  serve(limit, 0, 10, () => 100);
  expect(admitted(limit)).toBe(MAX_IN_FLIGHT);
});

test('it settles where half of the answers take as long as they are to', () => {
  const limit = new ConcurrencyLimit();
  // A server that can do 120 a second: who comes last waits for all before.
  serve(limit, 0, 60, (inFlight) => (inFlight / 120) * 1000);
  expect(admitted(limit)).toBeGreaterThan(40);
  expect(admitted(limit)).toBeLessThan(70);
});

test('it never falls below what makes no answer late, and comes back by itself', () => {
  const limit = new ConcurrencyLimit();
  serve(limit, 0, 60, () => 5000);
  expect(admitted(limit)).toBe(MIN_IN_FLIGHT);
  serve(limit, 60_000, 60, () => 100);
  expect(admitted(limit)).toBe(MAX_IN_FLIGHT);
});

test('a few late answers among many change nothing', () => {
  const limit = new ConcurrencyLimit();
  for (let now = 0; now < 60_000; now += 10) {
    limit.answered(now % 30 === 0 ? 5000 : 50, now);
  }
  expect(admitted(limit)).toBe(MAX_IN_FLIGHT);
});
