import { randomUUID } from 'node:crypto';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { OPERATOR } from '../../src/admin/audit-log.type.js';
import { createLeaderboard, type NewLeaderboard } from '../../src/leaderboard/leaderboard.service.js';
import { type LeaderboardRow, ScoreAggregation, ScoreOrder } from '../../src/leaderboard/leaderboard.type.js';
import { currentSeason } from '../../src/leaderboard/season.service.js';
import type { SeasonRow } from '../../src/leaderboard/season.type.js';
import type { Answer, Player, TestServer } from '../support/server.js';

export const MAX = Number.MAX_SAFE_INTEGER;

/** A new board with a slug of its own: BEST, higher is better, monthly in UTC, unless said otherwise. */
export function makeBoard(em: SqlEntityManager, board: Partial<NewLeaderboard> = {}): Promise<LeaderboardRow> {
  return createLeaderboard(em, OPERATOR, {
    slug: `board-${randomUUID()}`,
    title: 'A board of the tests',
    aggregation: ScoreAggregation.BEST,
    order: ScoreOrder.HIGHER_IS_BETTER,
    period: 'MONTHLY',
    timeZone: 'UTC',
    ...board,
  });
}

/** A new board's current season, with its row. */
export async function makeSeason(em: SqlEntityManager, board: Partial<NewLeaderboard> = {}): Promise<SeasonRow> {
  const season = currentSeason(await makeBoard(em, board));
  await insertSeason(em, season);
  return season;
}

export async function insertSeason(em: SqlEntityManager, season: SeasonRow): Promise<void> {
  await query(
    em,
    sql`insert into seasons (id, leaderboard_id, key, starts_at, ends_at)
      values (${season.id}, ${season.leaderboard.id}, ${season.key}, ${season.startsAt}, ${season.endsAt})`,
  );
}

export interface Entry {
  userId: string;
  score: number;
  /** As the database writes instants. */
  achievedAt: string;
}

/** As an operator's own SQL does it: naming no other column. */
export async function insertStandings(em: SqlEntityManager, seasonId: string, entries: Entry[]): Promise<void> {
  await query(
    em,
    sql`insert into standings (season_id, user_id, score, achieved_at)
      select ${seasonId}::uuid, user_id, score, achieved_at
      from unnest(${entries.map(({ userId }) => userId)}::uuid[], ${entries.map(({ score }) => String(score))}::bigint[],
        ${entries.map(({ achievedAt }) => achievedAt)}::timestamptz[]) as entries (user_id, score, achieved_at)`,
  );
}

/** Marks users as deleted, or restores them, as an operator would. */
export async function setDeleted(em: SqlEntityManager, userIds: string[], deleted: boolean): Promise<void> {
  await query(
    em,
    sql`update users set deleted_at = case when ${deleted}::boolean then now() end where id = any(${userIds}::uuid[])`,
  );
}

export async function makeAdmin(em: SqlEntityManager, player: Player): Promise<void> {
  await query(em, sql`update users set role = 'admin' where id = ${player.id}`);
}

export async function befriend(em: SqlEntityManager, userId: string, others: string[], status: string): Promise<void> {
  await query(
    em,
    sql`insert into friendships (id, requester_id, receiver_id, status, responded_at)
      select gen_random_uuid(), case when position % 2 = 0 then ${userId}::uuid else other end,
        case when position % 2 = 0 then other else ${userId}::uuid end, ${status}::text,
        case when ${status} <> 'pending' then now() end
      from unnest(${others}::uuid[]) with ordinality as others (other, position)`,
  );
}

/** How many rows the tables hold that a submission writes. */
export async function countRows(em: SqlEntityManager): Promise<{ scores: number; standings: number; seasons: number }> {
  return queryExactlyOne(
    em,
    sql<{ scores: number; standings: number; seasons: number }>`select
      (select count(*)::int from scores) as scores, (select count(*)::int from standings) as standings,
      (select count(*)::int from seasons) as seasons`,
  );
}

export interface SubmitInput {
  leaderboardSlug?: string | null;
  score: number;
  userId?: string | null;
  idempotencyKey?: string | null;
}

export interface SubmitPayload {
  score: { id: string; value: number; createdAt: string; season: { id: string; key: string } };
  improved: boolean;
  previousScore: number | null;
  previousRank: number | null;
  standing: { id: string; rank: number; score: number; achievedAt: string; user: { id: string } } | null;
}

const PAYLOAD = `score { id value createdAt season { id key } } improved previousScore previousRank
  standing { id rank score achievedAt user { id } }`;

const SUBMIT = `mutation ($input: SubmitScoreInput!) { submitScore(input: $input) { ${PAYLOAD} } }`;
const SUBMIT_MANY = `mutation ($input: SubmitScoresInput!) { submitScores(input: $input) { results { ${PAYLOAD} } } }`;

type Caller = Player | 'service' | null;

export function submit(
  server: TestServer,
  as: Caller,
  input: SubmitInput,
): Promise<Answer<{ submitScore: SubmitPayload | null }>> {
  return server.graphql(SUBMIT, { input }, as);
}

/** Submits a score and answers the payload. @throws where there is none */
export async function submitted(server: TestServer, as: Caller, input: SubmitInput): Promise<SubmitPayload> {
  const { data, errors } = await submit(server, as, input);
  if (data?.submitScore == null || errors !== undefined) {
    throw new Error(`submitting failed: ${JSON.stringify(errors)}`);
  }
  return data.submitScore;
}

export function submitMany(
  server: TestServer,
  as: Caller,
  scores: SubmitInput[],
): Promise<Answer<{ submitScores: { results: SubmitPayload[] } | null }>> {
  return server.graphql(SUBMIT_MANY, { input: { scores } }, as);
}

/** What clients tell errors by. */
export function errorsOf({ errors }: Answer<unknown>): unknown {
  return errors?.map(({ extensions }) => extensions);
}

/** What came of a submission that may fail. */
export interface Attempt {
  errors: unknown;
  payload: unknown;
  /** How many rows it has left. */
  written: number;
}

/** A refusal with these extensions, and nothing written. */
export function refusedWith(extensions: object): Attempt {
  return { errors: [extensions], payload: null, written: 0 };
}

interface Page<Node> {
  totalCount: number;
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
}

/** All pages of a list, from the first on. */
export async function walk<Node>(load: (after: string | null) => Promise<Page<Node>>): Promise<Page<Node>[]> {
  const pages: Page<Node>[] = [];
  let after: string | null = null;
  do {
    const page: Page<Node> = await load(after);
    pages.push(page);
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return pages;
}
