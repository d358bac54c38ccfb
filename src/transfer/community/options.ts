/** How the community's rows become Laurel's. */
export interface CommunityOptions {
  /**
   * Into a Laurel that has rows of an earlier export. `newer`: of a post that both have, the one that was changed later
   * stays, of anything else Laurel's; `fail`: rows that both have must be the same. Undefined: none of them is there.
   */
  merge: 'newer' | 'fail' | undefined;
  /** Nicknames that nobody gets: the setting. */
  reservedNicknames: readonly string[];
}
