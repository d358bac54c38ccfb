import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, queryOne, sql } from '../database/query.js';
import { toPage } from '../shared/connection.js';
import { type CursorList, decodeCursor, encodeCursor } from '../shared/cursor.js';
import { countAhead, countBetter, type PlacedStanding, storedColumns, toStanding } from './rank.js';
import type { SeasonRow } from './season.type.js';
import type { StandingPage } from './standing.service.js';
import type { StandingEdge } from './standing.type.js';

interface FriendRow extends PlacedStanding {
  rankInList: number;
}

/** A page of the standings of a viewer and the viewer's friends, best first. */
export async function pageOfFriendStandings(
  em: SqlEntityManager,
  season: SeasonRow,
  viewerId: string,
  size: number,
  after: string | null,
): Promise<StandingPage> {
  const list = listOf(season, viewerId);
  const key = after === null ? null : decodeCursor(list, after, 'after');
  const rows = await query(
    em,
    sql<FriendRow>`${circleStandings(season, viewerId)}
      select page.*, ${placeColumns(season)} from (
        select * from circle
        where ${
          key === null
            ? sql`true`
            : sql`("sortScore", "achievedAt", "userId") > (${key[0]}::bigint, ${key[1]}::timestamptz, ${key[2]}::uuid)`
        }
        order by "sortScore", "achievedAt", "userId" limit ${size + 1}
      ) page order by "sortScore", "achievedAt", "userId"`,
  );
  const edges = rows.slice(0, size).map((row) => edgeOf(season, list, row));
  return toPage<StandingEdge>(edges, rows.length > size, after !== null);
}

/** The viewer's own edge in the list of pageOfFriendStandings; null where the viewer has no standing. */
export async function viewerFriendEdge(
  em: SqlEntityManager,
  season: SeasonRow,
  viewerId: string,
): Promise<StandingEdge | null> {
  const row = await queryOne(
    em,
    sql<FriendRow>`${circleStandings(season, viewerId)}
      select page.*, ${placeColumns(season)} from circle page where "userId" = ${viewerId}`,
  );
  return row === undefined ? null : edgeOf(season, listOf(season, viewerId), row);
}

/** How many of a viewer and the viewer's friends have a standing. */
export async function countFriendStandings(em: SqlEntityManager, season: SeasonRow, viewerId: string): Promise<number> {
  const { count } = await queryExactlyOne(
    em,
    sql<{ count: number }>`${circleStandings(season, viewerId)} select count(*)::int as count from circle`,
  );
  return count;
}

/** SQL: the CTE `circle`, the standings of the viewer and all friends with their rank among themselves. */
function circleStandings(season: SeasonRow, viewerId: string) {
  return sql`with circle as materialized (
      select ${storedColumns}, (rank() over (order by s.sort_score))::int as "rankInList"
      from (
        select ${viewerId}::uuid as user_id
        union all
        select receiver_id from friendships where requester_id = ${viewerId} and status = 'accepted'
        union all
        select requester_id from friendships where receiver_id = ${viewerId} and status = 'accepted'
      ) member
      join standings s on s.season_id = ${season.id} and s.user_id = member.user_id and s.ranked
    )`;
}

function placeColumns(season: SeasonRow) {
  const sortScore = sql`page."sortScore"`;
  return sql`${countBetter(season.id, sortScore)} as better,
    ${countAhead(season.id, sortScore, sql`page."achievedAt"`, sql`page."userId"`)} as ahead`;
}

function edgeOf(season: SeasonRow, list: CursorList, row: FriendRow): StandingEdge {
  const cursor = encodeCursor(list, [row.sortScore, row.achievedAt, row.userId]);
  return { cursor, node: toStanding(season, row), rankInList: row.rankInList };
}

function listOf(season: SeasonRow, viewerId: string): CursorList {
  return { name: `friendStandings:${season.id}:${viewerId}`, key: ['integer', 'instant', 'id'] };
}
