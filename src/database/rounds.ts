/**
 * Lets a request's loaders go in rounds: their batches are sent together, and only when nothing of the request
 * is under way that could still ask for more. So the number of statements follows from the query alone, not
 * from which answer came back first. The idea is Haxl's (Marlow et al., "There is no fork", ICFP 2014).
 */
class Rounds {
  #underWay = 0;
  #waiting: (() => void)[] = [];

  /** Runs `work`, during which no round begins. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      this.beginWhenIdle();
    }
  }

  /** Calls `dispatch` in the next round. */
  wait(dispatch: () => void): void {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    // A promise's follower runs for whoever follows it, here who asked, whatever begins the round.
    void begun.then(dispatch);
    this.#waiting.push(begin);
    this.beginWhenIdle();
  }

  private beginWhenIdle(): void {
    // After the promises that are settled by now have been followed up: that is where more is asked for.
    queueMicrotask(() => process.nextTick(() => this.begin()));
  }

  private begin(): void {
    if (this.#underWay > 0) {
      return;
    }
    const round = this.#waiting;
    this.#waiting = [];
    for (const begin of round) {
      begin();
    }
  }
}

const rounds = new WeakMap<object, Rounds>();

/** The rounds of the request that this EntityManager is a fork for. */
export function roundsOf(em: object): Rounds {
  let own = rounds.get(em);
  if (own === undefined) {
    own = new Rounds();
    rounds.set(em, own);
  }
  return own;
}
