import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { queryExactlyOne, queryOne, sql } from '../database/query.js';
import { toPage } from '../shared/connection.js';
import { type CursorList, decodeCursor, encodeCursor } from '../shared/cursor.js';
import { countBetter, countTiedAhead, type PlacedStanding, storedColumns, toStanding } from './rank.js';
import type { SeasonRow } from './season.type.js';
import { type ListRow, type StandingList } from './standing-list.js';
import type { StandingEdge } from './standing.type.js';

/**
 * A page of the standings of a viewer and the viewer's friends, best first.
 * @throws AppError BAD_USER_INPUT for a cursor of another list
 */
export function friendStandingPage(
  season: SeasonRow,
  viewerId: string,
  size: number,
  after: string | null,
  withUsers: boolean,
): StandingList {
  const list = listOf(season, viewerId);
  const key = after === null ? null : decodeCursor(list, after, 'after');
  const statement = sql<ListRow>`${circleStandings(season, viewerId)}
    select page."userId", page.score, page."sortScore", page."achievedAt", ${placeColumns(season)},
      false as "hasNext", page."rankInList"
    from (
      select * from circle
      where ${
        key === null
          ? sql`true`
          : sql`("sortScore", "achievedAt", "userId") > (${key[0]}::bigint, ${key[1]}::timestamptz, ${key[2]}::uuid)`
      }
      order by "sortScore", "achievedAt", "userId" limit ${size + 1}
    ) page`;
  return {
    statement,
    withUsers,
    toPage: (_, rows) => {
      const edges = rows.slice(0, size).map((row) => edgeOf(season, list, row));
      return toPage<StandingEdge>(edges, rows.length > size, after !== null);
    },
  };
}

/** The viewer's own edge in the list of friendStandingPage; null where the viewer has no standing. */
export async function viewerFriendEdge(
  em: SqlEntityManager,
  season: SeasonRow,
  viewerId: string,
): Promise<StandingEdge | null> {
  const row = await queryOne(
    em,
    sql<ListRow>`${circleStandings(season, viewerId)}
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
    ${countTiedAhead(season.id, sortScore, sql`page."achievedAt"`, sql`page."userId"`)} as "tiedAhead"`;
}

function edgeOf(
  season: SeasonRow,
  list: CursorList,
  row: PlacedStanding & { rankInList: number | null },
): StandingEdge {
  const cursor = encodeCursor(list, [row.sortScore, row.achievedAt, row.userId]);
  const node = toStanding(season, row);
  return { cursor, node, rankInList: row.rankInList ?? node.rank };
}

function listOf(season: SeasonRow, viewerId: string): CursorList {
  return { name: `friendStandings:${season.id}:${viewerId}`, key: ['integer', 'instant', 'id'] };
}
