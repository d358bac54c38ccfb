import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { audit } from '../admin/audit-log.service.js';
import { type Actor, AuditAction } from '../admin/audit-log.type.js';
import { checkReason } from '../admin/reason.js';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { badInput, notFound } from '../errors.js';
import { isId } from '../shared/ids.js';
import type { InstantText } from '../shared/instant.js';
import { ScoreAggregation, ScoreOrder } from './leaderboard.type.js';
import type { ScoreRow } from './score.type.js';
import type { VoidScoreInput } from './void-score.type.js';

/** A score that was voided, and whose it is. */
export interface VoidedScore extends ScoreRow {
  userId: string;
}

/** What of a score decides what is left without it. */
interface ScoreToVoid {
  id: string;
  userId: string;
  seasonId: string;
  value: string;
  aggregation: ScoreAggregation;
  order: ScoreOrder;
  /** Whether the standing has this value from it. */
  decisive: boolean;
}

/**
 * Takes a score out of its standing, which becomes what the player's other scores of the season make of it; without any, the
 * player is not on the board. The score stays in the player's list. Repeated, nothing changes.
 * @throws AppError BAD_USER_INPUT for the reason; NOT_FOUND
 */
export async function voidScore(em: SqlEntityManager, actor: Actor, input: VoidScoreInput): Promise<VoidedScore> {
  const reason = checkReason(input.reason, 'input.reason');
  const { scoreId } = input;
  return inTransaction(em, async (transaction) => {
    const score = isId(scoreId) ? await lockScore(transaction, scoreId) : undefined;
    if (score === undefined) {
      throw notFound('There is no such score.', 'input.scoreId');
    }
    const voided = await query(
      transaction,
      sql`update scores set voided_at = now() where id = ${score.id} and voided_at is null returning 1 as voided`,
    );
    if (voided.length > 0) {
      await recount(transaction, score);
      const { userId, seasonId, value } = score;
      await audit(transaction, actor, AuditAction.SCORE_VOIDED, score.id, {
        reason,
        userId,
        seasonId,
        value: Number(value),
      });
    }
    return readScore(transaction, score);
  });
}

/** As a submission does: the player first, so that what is submitted meanwhile comes before or after all of this. */
async function lockScore(em: SqlEntityManager, scoreId: string): Promise<ScoreToVoid | undefined> {
  const player = await queryOne(
    em,
    sql<{ id: string }>`select u.id from scores e join users u on u.id = e.user_id where e.id = ${scoreId}
      for no key update of u`,
  );
  if (player === undefined) {
    return undefined;
  }
  return queryOne(
    em,
    sql<ScoreToVoid>`select e.id, e.user_id as "userId", e.season_id as "seasonId", e.score as value, l.aggregation,
        l.score_order as "order",
        coalesce(t.score_id = e.id
          or (t.score_id is null and e.legacy_id is not null and t.imported_score = e.score), false) as decisive
      from scores e
        join seasons s on s.id = e.season_id join leaderboards l on l.id = s.leaderboard_id
        left join standings t on t.season_id = e.season_id and t.user_id = e.user_id
      where e.id = ${scoreId}`,
  );
}

/** Makes the standing what the scores that count make of it. @throws AppError BAD_USER_INPUT where that is out of range */
async function recount(em: SqlEntityManager, score: ScoreToVoid): Promise<void> {
  const { seasonId, userId, aggregation, order, decisive } = score;
  if (aggregation !== ScoreAggregation.SUM && !decisive) {
    return;
  }
  const left = await queryOne(em, remaining(score));
  if (left === undefined) {
    await query(em, sql`delete from standings where season_id = ${seasonId} and user_id = ${userId}`);
    return;
  }
  const value = Number(left.score);
  if (!Number.isSafeInteger(value)) {
    throw badInput('input.scoreId', 'Without this score, the sum would leave ±(2^53 - 1).');
  }
  await query(
    em,
    sql`update standings set score = ${value}, achieved_at = ${left.at}, score_id = ${left.id},
        sort_score = ${order === ScoreOrder.LOWER_IS_BETTER ? value : -value}
      where season_id = ${seasonId} and user_id = ${userId}`,
  );
}

interface Remaining {
  /** The submission that set the value; null where that is a total carried over. */
  id: string | null;
  score: string;
  at: InstantText;
}

/**
 * What is left for the standing, after the board's aggregation. A monthly total that was carried over counts as a score of
 * its own, and the old scores behind it do not: unless one of them, with that very value, was voided. Then they do.
 */
function remaining({ seasonId, userId, aggregation, order }: ScoreToVoid) {
  const counted = sql`
    with own as (
      select id, score, created_at as at, legacy_id is not null as carried, voided_at is not null as voided
      from scores where season_id = ${seasonId} and user_id = ${userId}
    ), total as (
      select imported_score as score, imported_at as at,
        not exists (select from own where carried and voided and own.score = imported_score) as holds
      from standings where season_id = ${seasonId} and user_id = ${userId} and imported_score is not null
    ), counted as (
      select id, score, at from own where not voided and (not carried or exists (select from total where not holds))
      union all select null, score, at from total where holds
    )`;
  switch (aggregation) {
    case ScoreAggregation.BEST: {
      const bestFirst = order === ScoreOrder.LOWER_IS_BETTER ? sql`score` : sql`score desc`;
      return sql<Remaining>`${counted} select id, score, at from counted order by ${bestFirst}, at, id nulls first limit 1`;
    }
    case ScoreAggregation.LATEST:
      return sql<Remaining>`${counted} select id, score, at from counted order by at desc, id desc nulls last limit 1`;
    case ScoreAggregation.SUM:
      // The moment at which the sum was reached: nothing moves it that adds nothing.
      return sql<Remaining>`${counted} select last.id, all_of_them.score, last.at
        from (select sum(score)::bigint as score from counted) all_of_them,
          (select id, at from counted order by score = 0, case when score = 0 then at end, at desc, id desc nulls last
            limit 1) last`;
  }
}

async function readScore(em: SqlEntityManager, { id, value }: ScoreToVoid): Promise<VoidedScore> {
  const row = await queryExactlyOne(
    em,
    sql<Omit<VoidedScore, 'value'>>`select id, user_id as "userId", season_id as "seasonId", created_at as "createdAt",
        voided_at as "voidedAt" from scores where id = ${id}`,
  );
  return { ...row, value: Number(value) };
}
