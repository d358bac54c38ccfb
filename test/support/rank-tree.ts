import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { queryExactlyOne, sql } from '../../src/database/query.js';

/** How many rows of the rank tree are not as a recount of the standings has them. */
export interface TreeFaults {
  counts: number;
  runs: number;
  marks: number;
}

export const RIGHT_TREE: TreeFaults = { counts: 0, runs: 0, marks: 0 };

/** SQL: the row of TreeFaults, for a database of any size; the migrations' tests send it as text. */
export const TREE_FAULTS = `
  with recount as (
    select season_id, level, sort_score >> (7 * level) as bucket, count(*) as players
    from standings cross join generate_series(0, 7) level
    where ranked and (level = 0 or sort_score >> (7 * level) not in (-1, 0))
    group by 1, 2, 3
  ),
  run as (
    select season_id, sort_score, achieved_at, user_id, players,
      lag(user_id) over ordered is null as is_first,
      lead(achieved_at) over ordered as next_achieved_at, lead(user_id) over ordered as next_user_id
    from standing_tie_counts
    window ordered as (partition by season_id, sort_score order by achieved_at, user_id)
  )
  select
    (select count(*)::int from standing_counts c full join recount r using (season_id, level, bucket)
      where c.players is distinct from r.players) as counts,
    (select count(*)::int from run
      where (is_first and (achieved_at > '-infinity' or user_id <> '00000000-0000-0000-0000-000000000000'))
        or players <> (
          select count(*) from standings s
          where s.season_id = run.season_id and s.sort_score = run.sort_score and s.ranked
            and (s.achieved_at, s.user_id) >= (run.achieved_at, run.user_id)
            and (run.next_user_id is null or (s.achieved_at, s.user_id) < (run.next_achieved_at, run.next_user_id))
        )) as runs,
    (select count(*)::int
      from (select season_id, bucket as sort_score, has_runs, players from standing_counts where level = 0) c
      full join (select distinct season_id, sort_score, true as there from standing_tie_counts) t
        using (season_id, sort_score)
      where c.has_runs is distinct from coalesce(t.there, false) or (c.players > 512 and not c.has_runs))
    + (select count(*)::int from standing_counts where level > 0 and has_runs) as marks`;

/** Recounts every standing, in one snapshot. */
export function treeFaults(em: SqlEntityManager): Promise<TreeFaults> {
  return queryExactlyOne(em, sql<TreeFaults>`${sql.raw(TREE_FAULTS)}`);
}
