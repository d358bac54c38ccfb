import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { isPresent } from '../account/presence.js';
import { query, sql } from '../database/query.js';
import { dateIn } from '../shared/calendar.js';
import { type InstantText, toDate } from '../shared/instant.js';

/**
 * Today's date of players, YYYY-MM-DD by user id, each in their own zone; who is deleted or unknown is left out.
 * The clock is the database's, which all servers share. The zone's rules are Node's: the database may have
 * another edition of them, and one player must not have two dates at once.
 * @param serverZone IANA name: the zone of players without one of their own
 */
export async function playerDays(
  em: SqlEntityManager,
  userIds: readonly string[],
  serverZone: string,
): Promise<Map<string, string>> {
  const rows = await query(
    em,
    sql<{ id: string; timeZone: string | null; now: InstantText }>`select id, time_zone as "timeZone", now() as now
      from users where id = any(${userIds}::uuid[]) and ${isPresent()}`,
  );
  return new Map(rows.map(({ id, timeZone, now }) => [id, dateIn(timeZone ?? serverZone, toDate(now))]));
}
