/**
 * Which positions the primary's write-ahead log had reached when. From it follows how far behind a replica is, with
 * no clock but this process's own, and also where a replica has lost its primary and takes itself for current.
 */
export class PrimaryPositions {
  readonly #marks: { position: bigint; at: number }[] = [];

  /** @param maxLag milliseconds that a replica may be behind */
  constructor(private readonly maxLag: number) {}

  /**
   * The primary has been seen at that position.
   * @param now milliseconds of a clock that only moves forward
   */
  note(position: bigint, now: number): void {
    const last = this.#marks.at(-1);
    if (last?.position !== position) {
      // Nobody knows when it reached the first one: a replica that is not there yet may be any time behind.
      this.#marks.push({ position, at: last === undefined ? -Infinity : now });
    }
  }

  /** Where a replica must be that is not too far behind; undefined as long as the primary has not been seen. */
  required(now: number): bigint | undefined {
    while (this.#marks[1] !== undefined && this.#marks[1].at <= now - this.maxLag) {
      this.#marks.shift();
    }
    return this.#marks[0]?.position;
  }
}
