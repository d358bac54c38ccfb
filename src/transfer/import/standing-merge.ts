import { quoted } from '../identifier.js';
import type { StagedCheck } from '../staged-check.js';
import type { Target } from '../target.js';
import type { Arrived } from './arrived.js';

/** Columns by which Laurel's standings are known among tables of any origin. */
const OWN = ['season_id', 'user_id', 'score', 'sort_score', 'achieved_at', 'score_id', 'imported_score', 'ranked'];

const NO_SCORE = `'00000000-0000-0000-0000-000000000000'::uuid`;

/** Whether rows are standings of a Laurel, which refer to its seasons and players. */
export function isStandings({ name, table, rules }: Arrived): boolean {
  const refers = (column: string): boolean => rules.foreignKeys.some(({ columns }) => columns.join() === column);
  return (
    name === 'standings' &&
    OWN.every((column) => table.columns.some((each) => each.name === column)) &&
    refers('season_id') &&
    refers('user_id')
  );
}

/**
 * SQL: whether the standing that has arrived (`s`) takes the place of the one that is there (`t`): as the board's rule
 * has it when a score is submitted. Sums cannot be told apart so.
 */
export const STANDING_WINS = `(select case b.aggregation
    when 'BEST' then (s.sort_score, s.achieved_at) < (t.sort_score, t.achieved_at)
    when 'LATEST' then
      (s.achieved_at, coalesce(s.score_id, ${NO_SCORE})) > (t.achieved_at, coalesce(t.score_id, ${NO_SCORE}))
    else false end
  from seasons e join leaderboards b on b.id = e.leaderboard_id where e.id = t.season_id)`;

/**
 * Sums that are not the same on both sides: which scores both have in them is not known, so that neither of them is
 * right for the scores of both. There is no repair.
 */
export function differingSums({ name, table }: Arrived): StagedCheck {
  return {
    kind: 'duplicates',
    table,
    sourceName: name,
    column: 'score',
    rows: `select s.ctid from ${quoted(table.name)} s
      join ${quoted(name)} t on t.season_id = s.season_id and t.user_id = s.user_id
      join seasons e on e.id = t.season_id join leaderboards b on b.id = e.leaderboard_id
      where b.aggregation = 'SUM'
        and (s.score, s.achieved_at, s.score_id) is distinct from (t.score, t.achieved_at, t.score_id)`,
    repairs: {},
  };
}

/** Ranks the standings that have arrived as their players are here: one that stayed can be deleted, or back. */
export async function rankAsHere(target: Target, { table }: Arrived): Promise<void> {
  await target.query(
    `update ${quoted(table.name)} s set ranked = u.deleted_at is null and u.suspended_at is null
      from users u where u.id = s.user_id and s.ranked <> (u.deleted_at is null and u.suspended_at is null)`,
  );
}
