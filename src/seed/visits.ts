import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { dateIn } from '../shared/calendar.js';
import { chance, chanceBelow, FENCE } from './chance.js';
import { playerId } from './players.js';

/** Sixty days, in windows of which each has at most one run of visits of a player. */
const WINDOWS = 3;
const WINDOW_DAYS = 20;
const LATEST_START = 10;
const LONGEST_RUN = 10;
const MAX_COUNT = 4;

/** The demo login's runs, in days before today: one that still stands, and an older, longer one. */
const DEMO_RUNS = [
  { first: 11, last: 0 },
  { first: 44, last: 20 },
];

/**
 * Inserts visits of the last 60 days, by each player's own calendar.
 * @param serverZone IANA name: the zone of players without one of their own
 */
export async function seedVisits(em: SqlEntityManager, now: Date, serverZone: string): Promise<void> {
  const zones = await query(
    em,
    sql<{ timeZone: string }>`select distinct coalesce(time_zone, ${serverZone}::text) as "timeZone" from users`,
  );
  const names = zones.map(({ timeZone }) => timeZone);
  const run = sql`u.id || ':' || "window"`;
  await query(
    em,
    sql`insert into visits (user_id, visit_date, visit_count)
      select user_id, visit_date, 1 + ${chanceBelow(sql.lit(MAX_COUNT), 'count', sql`user_id || ':' || age`)}
      from (
        select u.id as user_id, age, zone.today - age as visit_date
        from users u
        join unnest(${names}::text[], ${names.map((name) => dateIn(name, now))}::date[]) as zone (name, today)
          on zone.name = coalesce(u.time_zone, ${serverZone}::text)
        cross join lateral (
          select first, last from unnest(
            ${DEMO_RUNS.map(({ first }) => first)}::integer[], ${DEMO_RUNS.map(({ last }) => last)}::integer[]
          ) as runs (first, last)
          where u.id = ${playerId(sql`1`)}
          union all
          select last + length - 1, last
          from generate_series(0, ${sql.lit(WINDOWS - 1)}) "window"
          cross join lateral (
            select ${sql.lit(WINDOW_DAYS)} * "window"
                + case when "window" = 0 and ${chance('regular', sql`u.id`)} < 0.5 then 0
                  else ${chanceBelow(sql.lit(LATEST_START), 'start', run)} end as last,
              ${chance('zeal', run)} as zeal
            ${FENCE}
          ) drawn
          cross join lateral (
            select floor(zeal * zeal * zeal * zeal * zeal * zeal * ${sql.lit(LONGEST_RUN + 1)})::integer as length
          ) sized
          where u.id <> ${playerId(sql`1`)}
        ) run
        cross join lateral generate_series(run.last, run.first) age
      ) days`,
  );
}
