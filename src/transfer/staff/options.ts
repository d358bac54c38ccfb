/** How a staff service's rows become Laurel's. */
export interface StaffOptions {
  /** IANA zone that the source's times without a zone are in. */
  timeZone: string;
  /** IANA zone of players without one of their own: the setting. */
  seasonTimeZone: string;
  /** Nicknames that the accounts of employees do not get: the setting. */
  reservedNicknames: readonly string[];
  /**
   * Where rows of the service were moved here before. `newer`: of a row that both have, the newer one stays; `fail`: rows
   * that both have must be the same. Undefined: none was.
   */
  merge: 'newer' | 'fail' | undefined;
}
