/** Requests of the API that are answered at the same time at most; one more would only make all of them slower. */
export const MAX_IN_FLIGHT = 200;
/** Fewer are always let in: so many are not what makes answers late. */
export const MIN_IN_FLIGHT = 16;

/** Half of the answers are to take less, in milliseconds, so that nearly all take less than a second. */
const TARGET_MILLISECONDS = 500;
/** Milliseconds of answers that are looked at together, and how many it takes to tell anything. */
const WINDOW_MILLISECONDS = 250;
const FEWEST_ANSWERS = 10;

const DECREASE = 0.8;
const INCREASE = 4;

/**
 * How many requests are let in at the same time: as many as are answered in time. Where answers take too long the limit falls
 * by a part, where they do not and it is reached it rises by a few, so that it settles at what this machine can do at the
 * moment (additive increase, multiplicative decrease: Chiu and Jain, 1989, as for congestion in TCP).
 */
export class ConcurrencyLimit {
  #limit = MAX_IN_FLIGHT;

  #windowEnds = 0;

  #times: number[] = [];

  #reached = false;

  /** @returns whether one more is let in, with so many under way, that one counted */
  admits(inFlight: number): boolean {
    const admitted = inFlight <= this.#limit;
    this.#reached ||= inFlight >= this.#limit;
    return admitted;
  }

  /**
   * Takes notice of an answer.
   * @param milliseconds that it took
   * @param now by a clock that never goes back, in milliseconds
   */
  answered(milliseconds: number, now: number): void {
    this.#times.push(milliseconds);
    if (now < this.#windowEnds || this.#times.length < FEWEST_ANSWERS) {
      return;
    }
    const middle = this.#times.toSorted((a, b) => a - b)[Math.floor(this.#times.length / 2)]!;
    if (middle > TARGET_MILLISECONDS) {
      this.#limit = Math.max(MIN_IN_FLIGHT, Math.floor(this.#limit * DECREASE));
    } else if (this.#reached) {
      this.#limit = Math.min(MAX_IN_FLIGHT, this.#limit + INCREASE);
    }
    this.#times = [];
    this.#reached = false;
    this.#windowEnds = now + WINDOW_MILLISECONDS;
  }
}
