/** How a game service's rows become Laurel's. */
export interface GameOptions {
  /** IANA zone that the source's times without a zone are in. */
  timeZone: string;
  /** IANA zone of the seasons of the default board: the setting. */
  seasonTimeZone: string;
  /**
   * Into a Laurel in use. `newer`: of a row that both have, the newer one stays; `fail`: rows that both have must be
   * the same. Undefined: into an empty one.
   */
  merge: 'newer' | 'fail' | undefined;
}
