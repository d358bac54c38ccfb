import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { violatedCheck } from '../database/sql-state.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, badInput, ErrorCode, ErrorReason, notFound } from '../errors.js';
import { isId, newId } from '../shared/ids.js';
import type { InstantText } from '../shared/instant.js';
import { leaderboardColumns } from './leaderboard.service.js';
import { type LeaderboardRow, ScoreAggregation, ScoreOrder } from './leaderboard.type.js';
import { countBetter } from './rank.js';
import type { ScoreRow } from './score.type.js';
import { currentSeason } from './season.service.js';
import type { SeasonRow } from './season.type.js';

const MAX_BATCH = 100;
const MAX_KEY_LENGTH = 64;

/** A score to submit, with whose and where settled by the resolver. */
export interface Submission {
  userId: string;
  slug: string;
  score: number;
  idempotencyKey: string | null;
  /** Dotted path of the input, for errors. */
  field: string;
}

export interface SubmittedScore {
  score: ScoreRow;
  userId: string;
  season: SeasonRow;
  improved: boolean;
  previousScore: number | null;
  previousRank: number | null;
}

/**
 * Submits scores in one transaction, all or none, in their order. The season is the one of the database's
 * clock at the transaction's start.
 * @throws AppError BAD_USER_INPUT, NOT_FOUND (player or board) or CONFLICT (IDEMPOTENCY_KEY_REUSED), each with
 *   the path of the item at fault
 */
export async function submitScores(em: SqlEntityManager, submissions: Submission[]): Promise<SubmittedScore[]> {
  submissions.forEach(checkSubmission);
  return inTransaction(em, async (transaction) => {
    await lockPlayers(transaction, submissions);
    const seasons = await openSeasons(transaction, submissions);
    const results: SubmittedScore[] = [];
    for (const submission of submissions) {
      results.push(await submit(transaction, submission, seasons.get(submission.slug)!));
    }
    return results;
  });
}

/** @throws AppError BAD_USER_INPUT unless there are 1 to 100 */
export function checkBatchSize(size: number, field: string): void {
  if (size < 1 || size > MAX_BATCH) {
    throw badInput(field, `Submit 1 to ${MAX_BATCH} scores at a time.`);
  }
}

function checkSubmission({ idempotencyKey, field }: Submission): void {
  if (idempotencyKey === null) {
    return;
  }
  const { length } = Array.from(idempotencyKey);
  if (length < 1 || length > MAX_KEY_LENGTH) {
    throw badInput(`${field}.idempotencyKey`, `An idempotency key has 1 to ${MAX_KEY_LENGTH} characters.`);
  }
}

/**
 * One player's submissions happen one after the other, and none beside the player's deletion. Rows are locked
 * in the order of their ids, so that two batches cannot wait for each other.
 */
async function lockPlayers(em: SqlEntityManager, submissions: Submission[]): Promise<void> {
  const ids = submissions.map(({ userId }) => userId).filter(isId);
  const rows = await query(
    em,
    sql<{ id: string }>`select id from users where id = any(${ids}::uuid[]) and deleted_at is null
      order by id for no key update`,
  );
  const found = new Set(rows.map(({ id }) => id));
  const missing = submissions.find(({ userId }) => !found.has(userId.toLowerCase()));
  if (missing !== undefined) {
    throw notFound('There is no such player.', `${missing.field}.userId`);
  }
}

/** The current season of each board named, with its row in place where something is to be stored. */
async function openSeasons(em: SqlEntityManager, submissions: Submission[]): Promise<Map<string, SeasonRow>> {
  const slugs = [...new Set(submissions.map(({ slug }) => slug))];
  const boards = await query(
    em,
    sql<LeaderboardRow>`select ${leaderboardColumns} from leaderboards l where l.slug = any(${slugs}::text[])`,
  );
  const seasons = new Map(boards.map((board) => [board.slug, currentSeason(board)]));
  const missing = submissions.find(({ slug }) => !seasons.has(slug));
  if (missing !== undefined) {
    throw notFound('There is no such leaderboard.', `${missing.field}.leaderboardSlug`);
  }
  await storeSeasons(em, submissions, seasons);
  return seasons;
}

/** A season in which nothing is submitted but repeated keys of earlier ones has not been played: it gets no row. */
async function storeSeasons(
  em: SqlEntityManager,
  submissions: Submission[],
  seasons: Map<string, SeasonRow>,
): Promise<void> {
  const rows = [...seasons.values()].map(
    (season) => sql`(${season.id}::uuid, ${season.leaderboard.id}::uuid, ${season.key}::text,
      ${season.startsAt}::timestamptz, ${season.endsAt}::timestamptz)`,
  );
  const seasonIds = submissions.map(({ slug }) => seasons.get(slug)!.id);
  await query(
    em,
    sql`insert into seasons (id, leaderboard_id, key, starts_at, ends_at)
      select current.* from (values ${sql.join(rows)}) as current (id, leaderboard_id, key, starts_at, ends_at)
      where exists (
        select from unnest(${seasonIds}::uuid[], ${submissions.map(({ userId }) => userId)}::uuid[],
          ${submissions.map(({ idempotencyKey }) => idempotencyKey)}::text[]) as s (season_id, user_id, idempotency_key)
        where s.season_id = current.id and not exists (
          select from scores e where e.user_id = s.user_id and e.idempotency_key = s.idempotency_key
        )
      )
      -- In one order, so that two batches cannot wait for each other.
      order by current.id
      on conflict do nothing`,
  );
}

interface EntryRow {
  id: string;
  score: string;
  createdAt: InstantText;
  improved: boolean;
  previousScore: string | null;
  previousRank: number | null;
}

async function submit(em: SqlEntityManager, submission: Submission, season: SeasonRow): Promise<SubmittedScore> {
  const entry = await explainOverflow(submission, () => enter(em, submission, season));
  if (entry !== undefined) {
    return toSubmitted(submission, season, entry);
  }
  return replay(em, submission, season.leaderboard);
}

/** A single score is in range already: only a sum can run into this check. */
async function explainOverflow<T>(submission: Submission, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (violatedCheck(error) === 'standings_safe_integer') {
      throw badInput(`${submission.field}.score`, 'With this score, the sum would leave ±(2^53 - 1).');
    }
    throw error;
  }
}

/**
 * Stores the score and moves the standing in one statement.
 * @returns undefined where the player has used the idempotency key before
 */
async function enter(em: SqlEntityManager, submission: Submission, season: SeasonRow): Promise<EntryRow | undefined> {
  const { userId, score, idempotencyKey } = submission;
  const { aggregation, order } = season.leaderboard;
  const sortScore = order === ScoreOrder.HIGHER_IS_BETTER ? -score : score;
  const rules = AGGREGATIONS[aggregation];
  return queryOne(
    em,
    sql<EntryRow>`with submitted as (
        select ${newId()}::uuid as score_id, ${score}::bigint as score, ${sortScore}::bigint as sort_score,
          now() as achieved_at
      ),
      previous as (
        select s.score, s.sort_score, s.achieved_at, s.score_id, s.ranked from standings s
        where s.season_id = ${season.id} and s.user_id = ${userId}
      ),
      entry as (
        insert into scores
          (id, user_id, season_id, score, improved, previous_score, previous_rank, idempotency_key, created_at)
        select submitted.score_id, ${userId}::uuid, ${season.id}::uuid, submitted.score,
          previous.score is null or ${rules.improves},
          previous.score,
          case when previous.ranked then ${countBetter(season.id, sql`previous.sort_score`)} + 1 end,
          ${idempotencyKey}::text, submitted.achieved_at
        from submitted left join previous on true
        on conflict (user_id, idempotency_key) where idempotency_key is not null do nothing
        returning id, score, created_at, improved, previous_score, previous_rank
      ),
      placed as (
        insert into standings as s (season_id, user_id, score, sort_score, achieved_at, score_id)
        select ${season.id}::uuid, ${userId}::uuid, submitted.score, submitted.sort_score, entry.created_at, entry.id
        from entry, submitted
        on conflict (season_id, user_id) do update set ${rules.update} where ${rules.replaces}
      )
      select id, score, created_at as "createdAt", improved, previous_score as "previousScore",
        previous_rank as "previousRank" from entry`,
  );
}

const NO_SCORE = sql`'00000000-0000-0000-0000-000000000000'::uuid`;

const replaceStanding = sql`score = excluded.score, sort_score = excluded.sort_score,
  achieved_at = excluded.achieved_at, score_id = excluded.score_id`;

/**
 * How each aggregation moves a standing `s` with the submission `excluded`, and whether that makes it strictly
 * better than `previous`. Submissions can arrive out of the order of their transactions' starts; what counts is
 * when they started.
 */
const AGGREGATIONS = {
  [ScoreAggregation.BEST]: {
    update: replaceStanding,
    // An equal score that was submitted earlier, but gets here later, has reached it first.
    replaces: sql`(excluded.sort_score, excluded.achieved_at) < (s.sort_score, s.achieved_at)`,
    improves: sql`submitted.sort_score < previous.sort_score`,
  },
  [ScoreAggregation.SUM]: {
    update: sql`score = s.score + excluded.score, sort_score = s.sort_score + excluded.sort_score,
      achieved_at = greatest(s.achieved_at, excluded.achieved_at), score_id = excluded.score_id`,
    replaces: sql`excluded.score <> 0`,
    improves: sql`submitted.sort_score < 0`,
  },
  [ScoreAggregation.LATEST]: {
    update: replaceStanding,
    replaces: sql`(excluded.achieved_at, excluded.score_id) > (s.achieved_at, coalesce(s.score_id, ${NO_SCORE}))`,
    improves: sql`submitted.sort_score < previous.sort_score
      and (submitted.achieved_at, submitted.score_id) > (previous.achieved_at, coalesce(previous.score_id, ${NO_SCORE}))`,
  },
};

/** @throws AppError CONFLICT with IDEMPOTENCY_KEY_REUSED where the key came with another score or board before */
async function replay(em: SqlEntityManager, submission: Submission, board: LeaderboardRow): Promise<SubmittedScore> {
  const stored = await queryExactlyOne(
    em,
    sql<
      EntryRow & {
        leaderboardId: string;
        key: string;
        startsAt: InstantText;
        endsAt: InstantText;
        seasonId: string;
        isClosed: boolean;
      }
    >`select
        e.id, e.score, e.created_at as "createdAt", e.improved, e.previous_score as "previousScore",
        e.previous_rank as "previousRank", s.leaderboard_id as "leaderboardId", s.id as "seasonId", s.key,
        s.starts_at as "startsAt", s.ends_at as "endsAt", coalesce(s.ends_at <= now(), false) as "isClosed"
      from scores e join seasons s on s.id = e.season_id
      where e.user_id = ${submission.userId} and e.idempotency_key = ${submission.idempotencyKey}`,
  );
  if (stored.leaderboardId !== board.id || Number(stored.score) !== submission.score) {
    throw new AppError(ErrorCode.CONFLICT, 'This idempotency key came with another score or leaderboard before.', {
      reason: ErrorReason.IDEMPOTENCY_KEY_REUSED,
      field: `${submission.field}.idempotencyKey`,
    });
  }
  const { seasonId, key, startsAt, endsAt, isClosed } = stored;
  return toSubmitted(submission, { id: seasonId, leaderboard: board, key, startsAt, endsAt, isClosed }, stored);
}

function toSubmitted({ userId }: Submission, season: SeasonRow, entry: EntryRow): SubmittedScore {
  return {
    score: { id: entry.id, value: Number(entry.score), seasonId: season.id, createdAt: entry.createdAt },
    userId: userId.toLowerCase(),
    season,
    improved: entry.improved,
    previousScore: entry.previousScore === null ? null : Number(entry.previousScore),
    previousRank: entry.previousRank,
  };
}
