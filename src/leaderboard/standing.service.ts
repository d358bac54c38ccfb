import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { RawBuilder } from 'kysely';
import { queryExactlyOne, sql } from '../database/query.js';
import { badInput } from '../errors.js';
import { MAX_PAGE_SIZE, pageSize, toPage } from '../shared/connection.js';
import { type CursorList, decodeCursor, encodeCursor } from '../shared/cursor.js';
import { countBetter, countTiedAhead, placeConsecutive, storedColumns } from './rank.js';
import type { SeasonRow } from './season.type.js';
import { type ListRow, type StandingList, type StandingPage } from './standing-list.js';
import type { StandingEdge, StandingRow } from './standing.type.js';

const DEFAULT_SIZE = 50;
const MAX_RADIUS = 50;

/** The arguments of Season.standings as they came. */
export interface StandingRange {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  fromPosition?: number | null | undefined;
}

/**
 * A page of a season's standings, best first: forward, backward or from a position.
 * Rows and ranks come from one statement, so they agree whatever is written meanwhile.
 * @throws AppError BAD_USER_INPUT naming the argument
 */
export function standingPage(season: SeasonRow, range: StandingRange, withUsers: boolean): StandingList {
  const size = checkRange(range);
  const list = standingList(season);
  const after = isGiven(range.after) ? decodeCursor(list, range.after, 'after') : null;
  const before = isGiven(range.before) ? decodeCursor(list, range.before, 'before') : null;
  const backward = isGiven(range.last);
  // Forward, one row more than the page tells whether the list goes on.
  const limit = backward || before !== null ? size : size + 1;
  const statement = isGiven(range.fromPosition)
    ? pageFrom(season, range.fromPosition, limit)
    : pageBetween(season, { after, before, backward, limit });
  return {
    statement,
    withUsers,
    toPage: (em, rows) => {
      const more = rows.length > size;
      return rows.length === 0
        ? emptyPage(em, season, range)
        : toStandingPage(season, more ? rows.slice(0, size) : rows, more || rows[0]!.hasNext);
    },
  };
}

interface Bounds {
  after: string[] | null;
  before: string[] | null;
  backward: boolean;
  limit: number;
}

function pageBetween(season: SeasonRow, { after, before, backward, limit }: Bounds): RawBuilder<ListRow> {
  const direction = backward ? sql`desc` : sql`asc`;
  const page = sql`select ${storedColumns} from standings s
      where s.season_id = ${season.id} and s.ranked
        ${after === null ? sql`` : sql`and ${orderKey} > ${cursorKey(after)}`}
        ${before === null ? sql`` : sql`and ${orderKey} < ${cursorKey(before)}`}
      order by s.sort_score ${direction}, s.achieved_at ${direction}, s.user_id ${direction}
      ${LARGEST}`;
  const isTop = after === null && !backward && before === null;
  if (isTop) {
    return sql<ListRow>`select page.*, 0 as better, 0 as "tiedAhead", false as "hasNext", null::int as "rankInList"
      from (${page}) page limit ${limit}`;
  }
  return sql<ListRow>`with page as materialized (select * from (${page}) page limit ${limit}),
    ${placeOfFirst(season)}
    select page.*, first.better, first."tiedAhead", ${before === null ? sql`false` : hasNext(season)} as "hasNext",
      null::int as "rankInList"
    from page, first`;
}

function pageFrom(season: SeasonRow, position: number, limit: number): RawBuilder<ListRow> {
  return sql<ListRow>`select page.*, place.better::int as better, (${position}::int - 1 - place.better)::int as "tiedAhead", false as "hasNext",
      null::int as "rankInList"
    from laurel_standing_place(${season.id}, ${position}::int - 1) place
    cross join lateral (
      select ${storedColumns} from standings s
      where s.season_id = ${season.id} and s.ranked
        and ${orderKey} >= (place.sort_score, place.achieved_at, place.user_id)
      order by s.sort_score, s.achieved_at, s.user_id
      ${LARGEST} offset place.skip
    ) page limit ${limit}`;
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
 * The players around one, in the season's order; the window keeps its size at both ends of the list, and is empty
 * where the user has no standing.
 * @param radius how many on each side, 1 to 50
 * @throws AppError BAD_USER_INPUT for a radius out of range
 */
export function standingWindow(season: SeasonRow, userId: string, radius: number, withUsers: boolean): StandingList {
  checkRadius(radius);
  const reach = 2 * radius;
  const statement = sql<ListRow>`with target as materialized (
      select ${storedColumns} from standings s
      where s.season_id = ${season.id} and s.user_id = ${userId} and s.ranked
    ),
    above as materialized (
      select neighbour.* from target, lateral (
        select ${storedColumns} from standings s
        where s.season_id = ${season.id} and s.ranked and ${orderKey} < ${keyOf('target')}
        order by s.sort_score desc, s.achieved_at desc, s.user_id desc ${LARGEST}
      ) neighbour limit ${reach}
    ),
    below as materialized (
      select neighbour.* from target, lateral (
        select ${storedColumns} from standings s
        where s.season_id = ${season.id} and s.ranked and ${orderKey} > ${keyOf('target')}
        order by s.sort_score, s.achieved_at, s.user_id ${LARGEST}
      ) neighbour limit ${reach}
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
    select page.*, first.better, first."tiedAhead", ${hasNext(season)} as "hasNext", null::int as "rankInList"
    from page, first`;
  return {
    statement,
    withUsers,
    toPage: (_, rows) =>
      rows.length === 0 ? toPage<StandingEdge>([], false, false) : toStandingPage(season, rows, rows[0]!.hasNext),
  };
}

/** @throws AppError BAD_USER_INPUT for a radius out of range */
export function checkRadius(radius: number): void {
  if (radius < 1 || radius > MAX_RADIUS) {
    throw badInput('radius', `radius must be from 1 to ${MAX_RADIUS}.`);
  }
}

/** A standing in its season's list. Its cursor is made when it is asked for: most clients ask for the last one only. */
export function standingEdge(node: StandingRow): StandingEdge {
  return {
    get cursor() {
      return encodeCursor(standingList(node.season), [node.sortScore, node.achievedAt, node.userId]);
    },
    node,
    rankInList: node.rank,
  };
}

function standingList(season: SeasonRow): CursorList {
  return { name: `standings:${season.id}`, key: ['integer', 'instant', 'id'] };
}

/**
 * Bounds what PostgreSQL expects of a list: of a limit that is a parameter it takes a tenth of the table for granted,
 * and plans the statement anew each time.
 */
const LARGEST = sql`limit ${sql.lit(MAX_PAGE_SIZE + 1)}`;

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
        select ${countBetter(season.id, sql`best."sortScore"`)} as better,
          ${countTiedAhead(season.id, sql`best."sortScore"`, sql`best."achievedAt"`, sql`best."userId"`)} as "tiedAhead"
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

/** @param rows at least one */
function toStandingPage(season: SeasonRow, rows: readonly ListRow[], hasNextPage: boolean): StandingPage {
  const first = rows[0]!;
  return toPage<StandingEdge>(
    placeConsecutive(season, rows, first).map(standingEdge),
    hasNextPage,
    first.better + first.tiedAhead > 0,
  );
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
