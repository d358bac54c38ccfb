import { query, sql } from '../../src/database/query.js';
import { newId } from '../../src/shared/ids.js';
import type { Answer, Player, TestServer } from '../support/server.js';

export interface Shown {
  rank: number;
  score: number;
  achievedAt: string;
  user: { id: string };
}

export interface VoidPayload {
  score: { id: string; value: number; voidedAt: string | null; season: { key: string } };
  standing: Shown | null;
}

const SHOWN = 'rank score achievedAt user { id }';

const VOID = `mutation ($input: VoidScoreInput!) {
  voidScore(input: $input) { score { id value voidedAt season { key } } standing { ${SHOWN} } }
}`;

type Caller = Player | 'service' | null;

export function voidScore(
  server: TestServer,
  as: Caller,
  scoreId: string,
  reason = 'It was not played.',
  headers: Record<string, string> = {},
): Promise<Answer<{ voidScore: VoidPayload | null }>> {
  return server.graphql(VOID, { input: { scoreId, reason } }, as, headers);
}

/** Voids a score as the service, and answers the payload. @throws where there is none */
export async function voided(server: TestServer, scoreId: string): Promise<VoidPayload> {
  const { data, errors } = await voidScore(server, 'service', scoreId);
  if (data?.voidScore == null || errors !== undefined) {
    throw new Error(`voiding failed: ${JSON.stringify(errors)}`);
  }
  return data.voidScore;
}

/** Everybody on the board, best first, in the season of that key or in the current one. */
export async function standingsOf(server: TestServer, slug: string, key: string | null = null): Promise<Shown[]> {
  const { data } = await server.graphql(
    `query ($slug: String!) {
      leaderboard(slug: $slug) {
        season: ${key === null ? 'currentSeason' : `season(key: "${key}")`} { standings(first: 100) { nodes { ${SHOWN} } } }
      }
    }`,
    { slug },
  );
  return data.leaderboard.season.standings.nodes;
}

export interface Entry {
  actorKind: string;
  actorId: string | null;
  action: string;
  targetId: string;
  details: object;
}

/** What the audit log has of that target, newest first. */
export async function entriesOf(server: TestServer, targetId: string): Promise<Entry[]> {
  const { data } = await server.graphql(
    `query ($id: ID!) {
      auditLog(first: 100, targetId: $id) { nodes { actorKind actorId action targetId details } }
    }`,
    { id: targetId },
    'service',
  );
  return data.auditLog.nodes;
}

export interface CarriedScore {
  legacyId: number;
  score: number;
  /** As the database writes instants. */
  at: string;
}

/** Scores and a monthly total as they are carried over from an older system. @returns the ids of the scores, in order */
export async function insertCarriedOver(
  server: TestServer,
  seasonId: string,
  userId: string,
  scores: CarriedScore[],
  total: { score: number; at: string },
): Promise<string[]> {
  const em = server.database.orm.em.fork();
  const ids = scores.map(() => newId());
  for (const [index, { legacyId, score, at }] of scores.entries()) {
    await query(
      em,
      sql`insert into scores (id, legacy_id, user_id, season_id, score, created_at)
        values (${ids[index]}, ${legacyId}, ${userId}, ${seasonId}, ${score}, ${at})`,
    );
  }
  await query(
    em,
    sql`insert into standings (season_id, user_id, score, achieved_at, imported_score, imported_at)
      values (${seasonId}, ${userId}, ${total.score}, ${total.at}, ${total.score}, ${total.at})`,
  );
  return ids;
}
