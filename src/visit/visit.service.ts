import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { isPresent } from '../account/presence.js';
import { userColumns } from '../account/user.service.js';
import type { UserRow } from '../account/user.type.js';
import { query, queryOne, sql } from '../database/query.js';
import { AppError, ErrorCode, ErrorReason } from '../errors.js';
import { checkDateRange } from './date-range.js';
import { playerDays } from './player-day.service.js';
import type { ActiveUsersDay, RecordVisitPayload, VisitStreak, VisitType } from './visit.type.js';

/** GraphQL's Int and the column end here: a count stays at this value rather than fail. */
const MAX_COUNT = 2_147_483_647;

/**
 * Counts one visit of that player today, in the player's zone. Every call counts.
 * @param serverZone IANA name: the zone of players without one of their own
 * @throws AppError UNAUTHENTICATED with TOKEN_REVOKED where the account has just been deleted
 */
export async function recordVisit(
  em: SqlEntityManager,
  userId: string,
  serverZone: string,
): Promise<RecordVisitPayload> {
  const date = (await playerDays(em, [userId], serverZone)).get(userId);
  return (date === undefined ? undefined : await recordVisitOn(em, userId, date)) ?? refuseDeleted();
}

/**
 * Counts one visit of that player on a day.
 * @param date YYYY-MM-DD
 * @returns that day with this visit counted; undefined where the player does not exist or is deleted
 */
export async function recordVisitOn(
  em: SqlEntityManager,
  userId: string,
  date: string,
): Promise<RecordVisitPayload | undefined> {
  const row = await queryOne(
    em,
    sql<UserRow & VisitType>`with counted as (
        insert into visits as v (user_id, visit_date)
        select id, ${date}::date from users where id = ${userId} and ${isPresent()}
        on conflict (user_id, visit_date) do update
          set visit_count = least(v.visit_count, ${sql.lit(MAX_COUNT - 1)}) + 1
        returning user_id, visit_date, visit_count
      )
      select ${userColumns}, counted.visit_date as date, counted.visit_count as count
      from counted join users u on u.id = counted.user_id`,
  );
  if (row === undefined) {
    return undefined;
  }
  const { date: visitDate, count, ...user } = row;
  return { visit: { date: visitDate, count }, user };
}

function refuseDeleted(): never {
  throw new AppError(ErrorCode.UNAUTHENTICATED, 'The account has been deleted.', { reason: ErrorReason.TOKEN_REVOKED });
}

/** Whose visits on which days; both dates belong to the range, YYYY-MM-DD. */
export interface VisitRange {
  userId: string;
  from: string;
  to: string;
}

/** Visits of players, oldest first, in one statement for any number of ranges and in their order. */
export async function findVisits(em: SqlEntityManager, ranges: readonly VisitRange[]): Promise<VisitType[][]> {
  const rows = await query(
    em,
    sql<VisitType & { range: number }>`select r.range::integer as range, v.visit_date as date, v.visit_count as count
      from unnest(
          ${ranges.map(({ userId }) => userId)}::uuid[],
          ${ranges.map(({ from }) => from)}::date[],
          ${ranges.map(({ to }) => to)}::date[]
        ) with ordinality as r (user_id, first_day, last_day, range)
      join visits v on v.user_id = r.user_id and v.visit_date between r.first_day and r.last_day
      order by r.range, v.visit_date`,
  );
  const found = ranges.map((): VisitType[] => []);
  for (const { range, date, count } of rows) {
    found[range - 1]?.push({ date, count });
  }
  return found;
}

/**
 * Runs of consecutive days with a visit, by user id; players who were never here are left out.
 * @param days each player's today by user id, YYYY-MM-DD
 */
export async function findVisitStreaks(
  em: SqlEntityManager,
  days: ReadonlyMap<string, string>,
): Promise<Map<string, VisitStreak>> {
  // Days of one run have the same distance to their row number: that is the run's name.
  // One run at most satisfies the filter: a run that ends yesterday and one that begins today are the same.
  const rows = await query(
    em,
    sql<VisitStreak & { userId: string }>`select user_id as "userId",
        coalesce(max(days) filter (where first_day <= today and last_day >= today - 1), 0) as current,
        max(days) as longest
      from (
        select user_id, today, count(*)::integer as days, min(visit_date) as first_day, max(visit_date) as last_day
        from (
          select v.user_id, p.today, v.visit_date,
            v.visit_date - (row_number() over (partition by v.user_id order by v.visit_date))::integer as run
          from unnest(${[...days.keys()]}::uuid[], ${[...days.values()]}::date[]) as p (user_id, today)
          join visits v on v.user_id = p.user_id
        ) numbered
        group by user_id, today, run
      ) runs
      group by user_id`,
  );
  return new Map(rows.map(({ userId, current, longest }) => [userId, { current, longest }]));
}

/**
 * Players seen and their visits per day, oldest first; days on which nobody came are left out. Players count
 * on the day of their own calendar, and go on counting after they have left.
 * @param from YYYY-MM-DD
 * @param to YYYY-MM-DD, at most 366 days from `from`, both counted
 * @throws AppError BAD_USER_INPUT naming `from` or `to`
 */
export async function findActiveUsers(em: SqlEntityManager, from: string, to: string): Promise<ActiveUsersDay[]> {
  checkDateRange(from, to);
  // The dates are in the text, for a plan of their own: it is another one for a day than for a year.
  return query(
    em,
    sql<ActiveUsersDay>`select visit_date as date, count(*)::integer as users,
        least(sum(visit_count), ${sql.lit(MAX_COUNT)})::integer as visits
      from visits where visit_date between ${sql.lit(from)}::date and ${sql.lit(to)}::date
      group by visit_date order by visit_date`,
  );
}
