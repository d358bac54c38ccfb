import { rowCheck, type RowsCheck, setFound } from '../service/checks.js';
import type { CommunityStaged } from './shape.js';

/** Times are instants by the time that they are checked, and no season is theirs. */
export const IN_UTC = { timeZone: 'UTC', seasonTimeZone: 'UTC' };

/** Rows that are none, and values that are not what they are to be, which are NULL: their column `fault` says what. */
export function faultCheck(staged: CommunityStaged): RowsCheck {
  return rowCheck(staged, 't.fault is not null', {
    kind: 'values',
    column: null,
    repairs: { null: [setFound(staged, 'fault = null')] },
  });
}
