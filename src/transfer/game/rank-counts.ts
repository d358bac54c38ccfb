import type { Target } from '../target.js';

/** More players than these with one score are cut into runs, as the triggers on standings do. */
const MAX_UNCUT = 512;

/**
 * Writes standings into an empty table without counting them one by one, and counts them in the end: the rank tree of
 * the migration standing_counts, but for the runs of equals.
 */
export async function countedAtOnce(target: Target, work: () => Promise<void>): Promise<void> {
  await target.query('alter table standings disable trigger standings_counted_insert');
  await work();
  await target.query('alter table standings enable trigger standings_counted_insert');
  // The levels above from level 1, which has 128 times less buckets than there are scores.
  await target.query(`
    insert into standing_counts (season_id, level, bucket, players)
    with score as materialized (
      select season_id, sort_score, count(*) as players from standings where ranked group by 1, 2
    ),
    parent as materialized (
      select season_id, sort_score >> 7 as bucket, sum(players) as players from score
      where sort_score >> 7 not in (-1, 0) group by 1, 2
    )
    select season_id, 0, sort_score, players from score
    union all
    select season_id, level, bucket >> (7 * (level - 1)), sum(players)
    from parent cross join generate_series(1, 7) level
    where bucket >> (7 * (level - 1)) not in (-1, 0)
    group by 1, 2, 3`);
}

/** Cuts those who have one score into runs, where there are many; the counts must have their keys. */
export async function cutTies(target: Target): Promise<void> {
  await target.query(
    `select laurel_cut_ties(season_id, bucket, players) from standing_counts where level = 0 and players > ${MAX_UNCUT}`,
  );
}
