import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { isPresent } from '../account/presence.js';
import { query, queryExactlyOne, sql } from '../database/query.js';

/** A season that is stored, or that only the rank tree knows: then without board and key. */
export interface CheckedSeason {
  id: string;
  slug: string | null;
  key: string | null;
}

/** What a season's rank tree has otherwise than a recount of its standings. */
export interface RankCheck {
  /** Ranked players, recounted. */
  players: number;
  /** Buckets with a wrong number of players, by level from 0 to 7. */
  levels: number[];
  /** Runs of equals with a wrong number of players. */
  runs: number;
  /** Scores that have runs but do not say so, say so but have none, or lack those they need. */
  marks: number;
  /** Standings that are ranked or not against whether their player is there, or have the other order's sign. */
  standings: number;
}

/** All seasons whose ranks can be checked, by board and key. */
export function listCheckedSeasons(em: SqlEntityManager): Promise<CheckedSeason[]> {
  return query(
    em,
    sql<CheckedSeason>`select known.id, l.slug, s.key
      from (
        select id from seasons
        union select season_id from standing_counts
        union select season_id from standing_tie_counts
      ) known
      left join seasons s on s.id = known.id
      left join leaderboards l on l.id = s.leaderboard_id
      order by l.slug, s.key collate "C", known.id`,
  );
}

/** Compares a season's rank tree with a recount, in one snapshot: right whatever is written meanwhile. */
export function checkRanks(em: SqlEntityManager, seasonId: string): Promise<RankCheck> {
  return queryExactlyOne(em, rankCheck(seasonId));
}

/** SQL: the RankCheck of a season, for whoever has a connection of their own. */
export function rankCheck(seasonId: string): RawBuilder<RankCheck> {
  return sql<RankCheck>`with ${differingScores(seasonId, LOWEST_SCORE, HIGHEST_SCORE)}, ${differingParents(seasonId)},
        ${differingRuns(seasonId)},
        differing_count as (select level from differing_score union all select level from differing_parent)
      select
        (select coalesce(sum(players), 0)::int from score) as players,
        (select array_agg((select count(*)::int from differing_count d where d.level = each.level) order by each.level)
          from generate_series(0, 7) each (level)) as levels,
        (select count(*)::int from differing_run) as runs,
        (select count(*)::int from differing_mark) as marks,
        (select count(*)::int from ${misplacedStandings(seasonId)}) as standings`;
}

/** Whether nothing differs. */
export function isRight({ levels, runs, marks, standings }: RankCheck): boolean {
  return levels.every((buckets) => buckets === 0) && runs === 0 && marks === 0 && standings === 0;
}

/** SQL: those standings of a season that SQL by hand can have left wrong, as table `s`, with what they should be. */
export function misplacedStandings(seasonId: string) {
  return sql`(
      select s.user_id, ${isPresent('u')} as ranked,
        case l.score_order when 'LOWER_IS_BETTER' then s.score else -s.score end as sort_score
      from standings s
      join users u on u.id = s.user_id
      join seasons on seasons.id = s.season_id
      join leaderboards l on l.id = seasons.leaderboard_id
      where s.season_id = ${seasonId}
        and (s.ranked <> ${isPresent('u')}
          or s.sort_score <> case l.score_order when 'LOWER_IS_BETTER' then s.score else -s.score end)
    ) s`;
}

/** Both ends of the scores, as SQL wants them. */
export const LOWEST_SCORE = '-9223372036854775808';
export const HIGHEST_SCORE = '9223372036854775807';

/**
 * SQL: the CTE `differing_score` (level, bucket, delta) with what is to be added to each wrong count of level 0,
 * and `score` with the players of each sort_score, recounted.
 * @param above leaves out the scores up to this one
 * @param upTo leaves out the scores beyond this one
 */
export function differingScores(seasonId: string, above: string, upTo: string) {
  return sql`score as materialized (
      select sort_score, count(*) as players from standings
      where season_id = ${seasonId} and ranked and sort_score > ${above}::bigint and sort_score <= ${upTo}::bigint
      group by sort_score
    ),
    differing_score as materialized (
      select 0 as level, bucket, coalesce(r.players, 0) - coalesce(c.players, 0) as delta
      from (select sort_score as bucket, players from score) r
      full join (
        select bucket, players from standing_counts
        where season_id = ${seasonId} and level = 0 and bucket > ${above}::bigint and bucket <= ${upTo}::bigint
      ) c using (bucket)
      where r.players is distinct from c.players
    )`;
}

/** SQL: the CTE `differing_parent`, the same for the levels above, from a `score` of all scores. */
export function differingParents(seasonId: string) {
  // Level 1 from the scores and the levels above from level 1: 128 times less work than from the scores.
  return sql`parent as (
      select sort_score >> 7 as bucket, sum(players) as players from score
      where sort_score >> 7 not in (-1, 0) group by 1
    ),
    differing_parent as materialized (
      select level, bucket, coalesce(r.players, 0) - coalesce(c.players, 0) as delta
      from (
        select level, bucket >> (7 * (level - 1)) as bucket, sum(players) as players
        from parent cross join generate_series(1, 7) level
        where bucket >> (7 * (level - 1)) not in (-1, 0) group by 1, 2
      ) r
      full join (
        select level, bucket, players from standing_counts where season_id = ${seasonId} and level > 0
      ) c using (level, bucket)
      where r.players is distinct from c.players
    )`;
}

/** SQL: the CTEs `differing_run` and `differing_mark`, each with the sort_score and level of what is wrong. */
export function differingRuns(seasonId: string) {
  return sql`run as (
      select sort_score, achieved_at, user_id, players, lag(user_id) over ordered is null as is_first,
        lead(achieved_at, 1, 'infinity') over ordered as next_achieved_at,
        lead(user_id, 1, 'ffffffff-ffff-ffff-ffff-ffffffffffff') over ordered as next_user_id
      from standing_tie_counts where season_id = ${seasonId}
      window ordered as (partition by sort_score order by achieved_at, user_id)
    ),
    differing_run as materialized (
      select 0 as level, sort_score from run
      where (is_first and (achieved_at, user_id) > ('-infinity', '00000000-0000-0000-0000-000000000000'))
        or players <> (
          select count(*) from standings s
          where s.season_id = ${seasonId} and s.sort_score = run.sort_score and s.ranked
            and (s.achieved_at, s.user_id) >= (run.achieved_at, run.user_id)
            and (s.achieved_at, s.user_id) < (run.next_achieved_at, run.next_user_id)
        )
    ),
    differing_mark as materialized (
      select level, sort_score
      from (
        select level, bucket as sort_score, has_runs, players from standing_counts
        where season_id = ${seasonId} and (has_runs or (level = 0 and players > 512))
      ) marked
      full join (select distinct 0 as level, sort_score, true as is_cut from run) cut using (level, sort_score)
      where not coalesce(has_runs, false) or not coalesce(is_cut, false)
    )`;
}
