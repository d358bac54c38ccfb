import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { query, queryExactlyOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import {
  differingParents,
  differingRuns,
  differingScores,
  HIGHEST_SCORE,
  LOWEST_SCORE,
  misplacedStandings,
} from './rank-check.service.js';

/** Key of the advisory lock that one repair holds at a time: two would add the same correction twice. */
const REPAIR_LOCK = 7_241_111;
/** More players than these with one score are cut into runs, as the triggers on standings do. */
const MAX_UNCUT = 512;
/** Standings recounted in one transaction: its locks are held for a second at most. */
const STRETCH = 50_000;
/** Standings put right in one transaction. */
const MISPLACED_AT_ONCE = 1000;

/**
 * Puts standings right that SQL by hand has left wrong, then makes the season's rank tree what a recount of its
 * standings says, while scores are submitted. Writers wait only
 * for the buckets under repair. A second repair waits for the first, step by step.
 */
export async function repairRanks(em: SqlEntityManager, seasonId: string): Promise<void> {
  // First, as the rest counts what is ranked, and where.
  while (await inRepair(em, (transaction) => putRight(transaction, seasonId))) {
    // Some more.
  }
  for (let above = LOWEST_SCORE; above !== HIGHEST_SCORE;) {
    const upTo = await endOfStretch(em, seasonId, above);
    const stretch = sql`${differingScores(seasonId, above, upTo)}`;
    await inRepair(em, (transaction) => addDifferences(transaction, seasonId, stretch, 'differing_score'));
    above = upTo;
  }
  const all = sql`${differingScores(seasonId, LOWEST_SCORE, HIGHEST_SCORE)}, ${differingParents(seasonId)}`;
  await inRepair(em, (transaction) => addDifferences(transaction, seasonId, all, 'differing_parent'));
  await inRepair(em, (transaction) => removeEmptyBuckets(transaction, seasonId));
  await inRepair(em, (transaction) => unmarkUpperLevels(transaction, seasonId));
  for (const sortScore of await scoresWithWrongRuns(em, seasonId)) {
    await inRepair(em, (transaction) => cutAgain(transaction, seasonId, sortScore));
  }
}

function inRepair<T>(em: SqlEntityManager, work: (em: SqlEntityManager) => Promise<T>): Promise<T> {
  return inTransaction(em, async (transaction) => {
    await query(transaction, sql`select pg_advisory_xact_lock(${REPAIR_LOCK})`);
    return work(transaction);
  });
}

/**
 * Ranks and turns a number of standings; the triggers move the counts. Players are locked before their standings, as
 * everywhere.
 * @returns whether there were any
 */
async function putRight(em: SqlEntityManager, seasonId: string): Promise<boolean> {
  const players = await query(
    em,
    sql<{ id: string }>`select id from users
      where id in (select user_id from ${misplacedStandings(seasonId)} limit ${MISPLACED_AT_ONCE})
      order by id for no key update`,
  );
  await query(
    em,
    sql`update standings t set ranked = s.ranked, sort_score = s.sort_score
      from ${misplacedStandings(seasonId)}
      where t.season_id = ${seasonId} and t.user_id = s.user_id and s.user_id = any(${players.map(({ id }) => id)}::uuid[])`,
  );
  return players.length > 0;
}

/** The last score of the next stretch of standings. */
async function endOfStretch(em: SqlEntityManager, seasonId: string, above: string): Promise<string> {
  const { upTo } = await queryExactlyOne(
    em,
    sql<{ upTo: string }>`select case count(*) when ${STRETCH} then max(sort_score) else ${HIGHEST_SCORE} end as "upTo"
      from (
        select sort_score from standings where season_id = ${seasonId} and ranked and sort_score > ${above}::bigint
        order by sort_score limit ${STRETCH}
      ) stretch`,
  );
  return upTo;
}

/**
 * What is missing is computed and added in one statement: whatever writers add to a count after its snapshot
 * comes on top, before or after. Counts are touched in the triggers' order.
 * @param differences SQL: CTEs, among them the one named `from`
 */
async function addDifferences(
  em: SqlEntityManager,
  seasonId: string,
  differences: RawBuilder<unknown>,
  from: 'differing_score' | 'differing_parent',
): Promise<void> {
  await query(
    em,
    sql`with ${differences}
      insert into standing_counts as c (season_id, level, bucket, players)
      select ${seasonId}::uuid, level, bucket, delta from ${sql.table(from)}
      order by level, bucket
      on conflict (season_id, level, bucket) do update set players = c.players + excluded.players`,
  );
}

/** A writer can come to such a row first; locked, it is looked at again. */
async function removeEmptyBuckets(em: SqlEntityManager, seasonId: string): Promise<void> {
  await query(
    em,
    sql`with empty as materialized (
        select level, bucket from standing_counts where season_id = ${seasonId} and players = 0
        order by level, bucket for update
      )
      delete from standing_counts c using empty
      where c.season_id = ${seasonId} and c.level = empty.level and c.bucket = empty.bucket`,
  );
}

async function unmarkUpperLevels(em: SqlEntityManager, seasonId: string): Promise<void> {
  await query(
    em,
    sql`with marked as materialized (
        select level, bucket from standing_counts where season_id = ${seasonId} and level > 0 and has_runs
        order by level, bucket for update
      )
      update standing_counts c set has_runs = false from marked
      where c.season_id = ${seasonId} and c.level = marked.level and c.bucket = marked.bucket`,
  );
}

async function scoresWithWrongRuns(em: SqlEntityManager, seasonId: string): Promise<string[]> {
  const rows = await query(
    em,
    sql<{ sortScore: string }>`with ${differingRuns(seasonId)}
      select sort_score as "sortScore" from differing_run
      union select sort_score from differing_mark where level = 0`,
  );
  return rows.map(({ sortScore }) => sortScore);
}

/** Locks the score first, with a row of its own where there is none: from then on nobody moves its runs. */
async function cutAgain(em: SqlEntityManager, seasonId: string, sortScore: string): Promise<void> {
  const { players } = await queryExactlyOne(
    em,
    sql<{ players: number }>`insert into standing_counts as c (season_id, level, bucket, players)
      values (${seasonId}, 0, ${sortScore}, 0)
      on conflict (season_id, level, bucket) do update set players = c.players
      returning players`,
  );
  if (players > MAX_UNCUT) {
    await query(em, sql`select laurel_cut_ties(${seasonId}::uuid, ${sortScore}::bigint, ${players}::int)`);
    return;
  }
  await query(em, sql`delete from standing_tie_counts where season_id = ${seasonId} and sort_score = ${sortScore}`);
  await query(
    em,
    players === 0
      ? sql`delete from standing_counts where season_id = ${seasonId} and level = 0 and bucket = ${sortScore}`
      : sql`update standing_counts set has_runs = false
          where season_id = ${seasonId} and level = 0 and bucket = ${sortScore}`,
  );
}
