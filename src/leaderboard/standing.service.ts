import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, sql } from '../database/query.js';
import { badInput } from '../errors.js';
import { pageSize, toPage } from '../shared/connection.js';
import { type CursorList, decodeCursor, encodeCursor } from '../shared/cursor.js';
import { countAhead, countBetter, placeConsecutive, storedColumns, type StoredStanding } from './rank.js';
import type { SeasonRow } from './season.type.js';
import type { StandingEdge, StandingRow } from './standing.type.js';

const DEFAULT_SIZE = 50;
const MAX_RADIUS = 50;

/** One page of a season's standings; what else a connection has is added by the resolver. */
export type StandingPage = ReturnType<typeof toPage<StandingEdge>>;

/** The arguments of Season.standings as they came. */
export interface StandingRange {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  fromPosition?: number | null | undefined;
}

interface PageRow extends StoredStanding {
  ahead: number;
  better: number;
  hasNext: boolean;
}

/**
 * A page of a season's standings, best first: forward, backward or from a position.
 * Rows and ranks come from one statement, so they agree whatever is written meanwhile.
 * @throws AppError BAD_USER_INPUT naming the argument
 */
export async function pageOfStandings(
  em: SqlEntityManager,
  season: SeasonRow,
  range: StandingRange,
): Promise<StandingPage> {
  const size = checkRange(range);
  const backward = isGiven(range.last);
  const list = standingList(season);
  const after = isGiven(range.after) ? decodeCursor(list, range.after, 'after') : null;
  const before = isGiven(range.before) ? decodeCursor(list, range.before, 'before') : null;
  const direction = backward ? sql`desc` : sql`asc`;
  const rows = await query(
    em,
    sql<PageRow>`with page as materialized (
        select ${storedColumns} from standings s
        where s.season_id = ${season.id} and s.ranked
          and ${after === null ? sql`true` : sql`${orderKey} > ${cursorKey(after)}`}
          and ${before === null ? sql`true` : sql`${orderKey} < ${cursorKey(before)}`}
        order by s.sort_score ${direction}, s.achieved_at ${direction}, s.user_id ${direction}
        limit ${size} offset ${(range.fromPosition ?? 1) - 1}
      ),
      ${placeOfFirst(season)}
      select page.*, first.ahead, first.better, ${hasNext(season)} as "hasNext" from page, first
      order by page."sortScore", page."achievedAt", page."userId"`,
  );
  return rows.length === 0 ? emptyPage(em, season, range) : toStandingPage(season, rows);
}

/** Where the range ends up beyond the list, all there is to tell is on which side the list lies. */
async function emptyPage(
  em: SqlEntityManager,
  season: SeasonRow,
  { after, before, fromPosition }: StandingRange,
): Promise<StandingPage> {
  const behind = isGiven(after) || (fromPosition ?? 1) > 1;
  if (!behind && !isGiven(before)) {
    return toPage<StandingEdge>([], false, false);
  }
  const { played } = await queryExactlyOne(
    em,
    sql<{ played: boolean }>`select exists (
        select from standings s where s.season_id = ${season.id} and s.ranked
      ) as played`,
  );
  return toPage<StandingEdge>([], played && isGiven(before), played && behind);
}

/**
 * The players around one, in the season's order; the window keeps its size at both ends of the list.
 * @param userId null where nobody is meant
 * @param radius how many on each side, 1 to 50
 * @returns an empty page where the user has no standing
 * @throws AppError BAD_USER_INPUT for a radius out of range
 */
export async function standingsAround(
  em: SqlEntityManager,
  season: SeasonRow,
  userId: string | null,
  radius: number,
): Promise<StandingPage> {
  if (radius < 1 || radius > MAX_RADIUS) {
    throw badInput('radius', `radius must be from 1 to ${MAX_RADIUS}.`);
  }
  if (userId === null) {
    return toPage<StandingEdge>([], false, false);
  }
  const reach = 2 * radius;
  const rows = await query(
    em,
    sql<PageRow>`with target as materialized (
        select ${storedColumns} from standings s
        where s.season_id = ${season.id} and s.user_id = ${userId} and s.ranked
      ),
      above as materialized (
        select neighbour.* from target, lateral (
          select ${storedColumns} from standings s
          where s.season_id = ${season.id} and s.ranked and ${orderKey} < ${keyOf('target')}
          order by s.sort_score desc, s.achieved_at desc, s.user_id desc limit ${reach}
        ) neighbour
      ),
      below as materialized (
        select neighbour.* from target, lateral (
          select ${storedColumns} from standings s
          where s.season_id = ${season.id} and s.ranked and ${orderKey} > ${keyOf('target')}
          order by s.sort_score, s.achieved_at, s.user_id limit ${reach}
        ) neighbour
      ),
      -- What one side lacks at an end of the list, the other side gets.
      extent as (
        select (select count(*) from above) as above, (select count(*) from below) as below
      ),
      page as materialized (
        (select * from above order by "sortScore" desc, "achievedAt" desc, "userId" desc
          limit (select greatest(${radius}, ${reach} - below) from extent))
        union all
        select * from target
        union all
        (select * from below order by "sortScore", "achievedAt", "userId"
          limit (select greatest(${radius}, ${reach} - above) from extent))
      ),
      ${placeOfFirst(season)}
      select page.*, first.ahead, first.better, ${hasNext(season)} as "hasNext" from page, first
      order by page."sortScore", page."achievedAt", page."userId"`,
  );
  return toStandingPage(season, rows);
}

/** The cursor of a standing in its season's list. */
export function standingEdge(node: StandingRow): StandingEdge {
  const cursor = encodeCursor(standingList(node.season), [node.sortScore, node.achievedAt, node.userId]);
  return { cursor, node, rankInList: node.rank };
}

function standingList(season: SeasonRow): CursorList {
  return { name: `standings:${season.id}`, key: ['integer', 'instant', 'id'] };
}

const orderKey = sql`(s.sort_score, s.achieved_at, s.user_id)`;

function cursorKey([sortScore, achievedAt, userId]: string[]) {
  return sql`(${sortScore}::bigint, ${achievedAt}::timestamptz, ${userId}::uuid)`;
}

function keyOf(alias: 'target') {
  return sql`(${sql.ref(`${alias}.sortScore`)}, ${sql.ref(`${alias}.achievedAt`)}, ${sql.ref(`${alias}.userId`)})`;
}

/** SQL: the CTE `first`, one row with how many players are before the best row of `page`. */
function placeOfFirst(season: SeasonRow) {
  return sql`best as (
        select * from page order by "sortScore", "achievedAt", "userId" limit 1
      ),
      first as materialized (
        select ${countAhead(season.id, sql`best."sortScore"`, sql`best."achievedAt"`, sql`best."userId"`)} as ahead,
          ${countBetter(season.id, sql`best."sortScore"`)} as better
        from best
      )`;
}

/** SQL: whether anybody stands behind the last row of `page`. */
function hasNext(season: SeasonRow) {
  return sql`exists (select from standings s, (
        select * from page order by "sortScore" desc, "achievedAt" desc, "userId" desc limit 1
      ) worst
      where s.season_id = ${season.id} and s.ranked
        and ${orderKey} > (worst."sortScore", worst."achievedAt", worst."userId"))`;
}

function toStandingPage(season: SeasonRow, rows: PageRow[]): StandingPage {
  const [first] = rows;
  if (first === undefined) {
    return toPage<StandingEdge>([], false, false);
  }
  const edges = placeConsecutive(season, rows, first).map(standingEdge);
  return toPage<StandingEdge>(edges, first.hasNext, first.ahead > 0);
}

/** @returns the number of rows to answer */
function checkRange({ first, after, last, before, fromPosition }: StandingRange): number {
  if (isGiven(fromPosition)) {
    if (fromPosition < 1) {
      throw badInput('fromPosition', 'fromPosition counts from 1.');
    }
    if (isGiven(after) || isGiven(before) || isGiven(last)) {
      throw badInput('fromPosition', 'fromPosition goes with first alone, not with after, before or last.');
    }
  }
  if (isGiven(first) && isGiven(last)) {
    throw badInput('last', 'Ask for the first or the last of a list, not for both.');
  }
  return isGiven(last) ? pageSize(last, DEFAULT_SIZE, 'last') : pageSize(first, DEFAULT_SIZE, 'first');
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
