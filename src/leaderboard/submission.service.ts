import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { errorDetail, sqlState } from '../database/sql-state.js';
import { retried } from '../database/transaction.js';
import { AppError, badInput, ErrorCode, ErrorReason, notFound } from '../errors.js';
import { scoreSubmitted } from '../observability/topics.js';
import { isId, newId } from '../shared/ids.js';
import type { InstantText } from '../shared/instant.js';
import { guessCurrentSeasons } from './current-season.service.js';
import { type PlacedStanding, toStanding } from './rank.js';
import type { ScoreRow } from './score.type.js';
import { findSeasons } from './season.service.js';
import type { SeasonRow } from './season.type.js';
import type { StandingRow } from './standing.type.js';

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
  /** The standing now, null while the player is not ranked; undefined where it was not asked for. */
  standing: StandingRow | null | undefined;
}

/**
 * Submits scores in one transaction, all or none, in their order. The season is the one of the database's
 * clock at the transaction's start.
 * @param withStandings whether to read the standings along
 * @throws AppError BAD_USER_INPUT, NOT_FOUND (player or board) or CONFLICT (IDEMPOTENCY_KEY_REUSED), each with
 *   the path of the item at fault
 */
export async function submitScores(
  em: SqlEntityManager,
  submissions: Submission[],
  withStandings = false,
): Promise<SubmittedScore[]> {
  submissions.forEach(checkSubmission);
  for (let attempt = 1; ; attempt += 1) {
    const seasons = await seasonsOf(em, submissions, attempt > 1);
    try {
      const rows = await retried(() => submit(em, submissions, seasons, withStandings));
      rows.forEach(({ improved }) => scoreSubmitted.tell({ improved }));
      return await toSubmitted(em, submissions, seasons, rows, withStandings);
    } catch (error) {
      if (sqlState(error) !== SubmissionState.OTHER_SEASONS) {
        throw explain(error, submissions);
      }
      if (attempt === MAX_ATTEMPTS) {
        throw new AppError(ErrorCode.SERVICE_UNAVAILABLE, 'The season is changing. Try again.');
      }
    }
  }
}

/** A season can end between the look at the database's clock and the submission; hardly three in a row. */
const MAX_ATTEMPTS = 3;

/** What laurel_submit_scores refuses with. */
const SubmissionState = {
  OTHER_SEASONS: 'LA001',
  NO_PLAYER: 'LA002',
  KEY_REUSED: 'LA003',
  SUM_OUT_OF_RANGE: 'LA004',
};

/** @throws AppError BAD_USER_INPUT unless there are 1 to 100 */
export function checkBatchSize(size: number, field: string): void {
  if (size < 1 || size > MAX_BATCH) {
    throw badInput(field, `Submit 1 to ${MAX_BATCH} scores at a time.`);
  }
}

function checkSubmission(submission: Submission): void {
  const { userId, idempotencyKey, field } = submission;
  if (!isId(userId)) {
    throw noSuchPlayer(submission);
  }
  if (idempotencyKey === null) {
    return;
  }
  const { length } = Array.from(idempotencyKey);
  if (length < 1 || length > MAX_KEY_LENGTH) {
    throw badInput(`${field}.idempotencyKey`, `An idempotency key has 1 to ${MAX_KEY_LENGTH} characters.`);
  }
}

async function seasonsOf(
  em: SqlEntityManager,
  submissions: Submission[],
  afresh: boolean,
): Promise<Map<string, SeasonRow>> {
  const slugs = [...new Set(submissions.map(({ slug }) => slug))];
  const seasons = await guessCurrentSeasons(em, slugs, afresh);
  const missing = submissions.find(({ slug }) => !seasons.has(slug));
  if (missing !== undefined) {
    throw notFound('There is no such leaderboard.', `${missing.field}.leaderboardSlug`);
  }
  return seasons;
}

interface EntryRow {
  id: string;
  userId: string;
  seasonId: string;
  createdAt: InstantText;
  improved: boolean;
  previousScore: string | null;
  previousRank: number | null;
}

type PlacedEntry = EntryRow & { [Column in keyof Omit<PlacedStanding, 'userId'>]: PlacedStanding[Column] | null };

/** The whole submission is one call: laurel_submit_scores, in the migration submit_scores. */
async function submit(
  em: SqlEntityManager,
  submissions: Submission[],
  seasons: Map<string, SeasonRow>,
  withStandings: boolean,
): Promise<PlacedEntry[]> {
  const slugs = [...seasons.keys()];
  const items = submissions.map(({ userId, slug, score, idempotencyKey }, index) => ({
    item: index + 1,
    user_id: userId,
    season: slugs.indexOf(slug) + 1,
    score,
    key: idempotencyKey,
    score_id: newId(),
  }));
  const current = [...seasons.values()].map(({ id, key, startsAt, endsAt, leaderboard }, index) => ({
    season: index + 1,
    id,
    key,
    starts_at: startsAt,
    ends_at: endsAt,
    leaderboard_id: leaderboard.id,
    slug: leaderboard.slug,
    period: leaderboard.period,
    time_zone: leaderboard.timeZone,
  }));
  return query(
    em,
    sql<PlacedEntry>`select id, user_id as "userId", season_id as "seasonId", created_at as "createdAt", improved,
        previous_score as "previousScore", previous_rank as "previousRank", score, sort_score as "sortScore",
        achieved_at as "achievedAt", better, tied_ahead as "tiedAhead"
      from laurel_submit_scores(${JSON.stringify(items)}::jsonb, ${JSON.stringify(current)}::jsonb, ${withStandings})`,
  );
}

function explain(error: unknown, submissions: Submission[]): unknown {
  const submission = submissions[Number(errorDetail(error)) - 1];
  if (submission === undefined) {
    return error;
  }
  switch (sqlState(error)) {
    case SubmissionState.NO_PLAYER:
      return noSuchPlayer(submission);
    case SubmissionState.KEY_REUSED:
      return new AppError(ErrorCode.CONFLICT, 'This idempotency key came with another score or leaderboard before.', {
        reason: ErrorReason.IDEMPOTENCY_KEY_REUSED,
        field: `${submission.field}.idempotencyKey`,
      });
    case SubmissionState.SUM_OUT_OF_RANGE:
      return badInput(`${submission.field}.score`, 'With this score, the sum would leave ±(2^53 - 1).');
    default:
      return error;
  }
}

function noSuchPlayer({ field }: Submission): AppError {
  return notFound('There is no such player.', `${field}.userId`);
}

/** A repeated key answers from the season it was first used in, which need not be the current one. */
async function toSubmitted(
  em: SqlEntityManager,
  submissions: Submission[],
  current: Map<string, SeasonRow>,
  rows: PlacedEntry[],
  withStandings: boolean,
): Promise<SubmittedScore[]> {
  const seasons = new Map([...current.values()].map((season) => [season.id, season]));
  const earlier = rows.map(({ seasonId }) => seasonId).filter((id) => !seasons.has(id));
  for (const season of earlier.length === 0 ? [] : await findSeasons(em, earlier)) {
    seasons.set(season.id, season);
  }
  return rows.map((row, index) => {
    const season = seasons.get(row.seasonId)!;
    return {
      score: { id: row.id, value: submissions[index]!.score, seasonId: row.seasonId, createdAt: row.createdAt },
      userId: row.userId,
      season,
      improved: row.improved,
      previousScore: row.previousScore === null ? null : Number(row.previousScore),
      previousRank: row.previousRank,
      standing: withStandings ? (isPlaced(row) ? toStanding(season, row) : null) : undefined,
    };
  });
}

function isPlaced(row: PlacedEntry): row is EntryRow & PlacedStanding {
  return row.better !== null;
}
