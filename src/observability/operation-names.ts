/** Distinct names that clients can make series of; a game has a few dozen operations. */
const MAX_NAMES = 200;
const MAX_LENGTH = 64;

/** Names of operations as labels: clients choose them, so only so many are told apart, and the rest are `other`. */
export class OperationNames {
  readonly #names = new Set<string>();

  /** @param isPersisted whether the operator's file has the operation, which is bounded by itself */
  labelOf(name: string | undefined, isPersisted: boolean): string {
    if (name === undefined) {
      return 'anonymous';
    }
    if (isPersisted || this.#names.has(name)) {
      return name;
    }
    if (this.#names.size >= MAX_NAMES || name.length > MAX_LENGTH) {
      return 'other';
    }
    this.#names.add(name);
    return name;
  }
}
