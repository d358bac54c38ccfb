import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, queryExactlyOne, sql } from '../database/query.js';
import { DEFAULT_SLUG } from '../leaderboard/leaderboard.service.js';
import { type Period, seasonAt } from '../leaderboard/season-calendar.js';
import { seasonId } from '../shared/ids.js';
import { chance, chanceBelow, demoId, FENCE } from './chance.js';
import { playerId } from './players.js';

const PAST_SEASONS = 5;

/**
 * Of the players, how many play in the current season; in the one before it half as many, then a third.
 * The first ones always do: they are the demo login and its friends.
 */
const PLAYING_SHARE = 0.5;
const ALWAYS_PLAYING = 20;
const MAX_ATTEMPTS = 3;

/** Scores are multiples of 10 below 10,000, so that some are tied among few players too. */
const DISTINCT_SCORES = 1000;

interface DemoSeason {
  id: string;
  key: string;
  startsAt: Date;
  endsAt: Date;
}

/** Inserts the default board's current season and those before it, scores in them, and the standings that follow. */
export async function seedScores(em: SqlEntityManager, players: number, now: Date): Promise<void> {
  const seasons = await seedSeasons(em, now);
  await seedSubmissions(em, seasons, players, now);
  await query(
    em,
    sql`insert into standings (season_id, user_id, score, sort_score, achieved_at, score_id)
      select distinct on (season_id, user_id) season_id, user_id, score, -score, created_at, id
      from scores order by season_id, user_id, score desc, created_at, id`,
  );
}

/** Newest first. */
async function seedSeasons(em: SqlEntityManager, now: Date): Promise<DemoSeason[]> {
  const board = await queryExactlyOne(
    em,
    sql<{ id: string; period: Period; timeZone: string }>`select id, period, time_zone as "timeZone"
      from leaderboards where slug = ${DEFAULT_SLUG}`,
  );
  const seasons: DemoSeason[] = [];
  for (let instant = now; seasons.length <= PAST_SEASONS;) {
    const { key, startsAt, endsAt } = seasonAt(board.period, board.timeZone, instant);
    if (startsAt === null || endsAt === null) {
      throw new Error(`The demo data need seasons that end; the leaderboard ${DEFAULT_SLUG} has none.`);
    }
    seasons.push({ id: seasonId(board.id, key), key, startsAt, endsAt });
    instant = new Date(startsAt.getTime() - 1);
  }
  await query(
    em,
    sql`insert into seasons (id, leaderboard_id, key, starts_at, ends_at, created_at)
      select id, ${board.id}::uuid, key, starts_at, ends_at, starts_at
      from unnest(
        ${seasons.map(({ id }) => id)}::uuid[],
        ${seasons.map(({ key }) => key)}::text[],
        ${seasons.map(({ startsAt }) => startsAt.toISOString())}::timestamptz[],
        ${seasons.map(({ endsAt }) => endsAt.toISOString())}::timestamptz[]
      ) as rows (id, key, starts_at, ends_at)
      on conflict (leaderboard_id, key) do nothing`,
  );
  return seasons;
}

async function seedSubmissions(em: SqlEntityManager, seasons: DemoSeason[], players: number, now: Date): Promise<void> {
  const player = sql`n`;
  const playing = sql`n || ':' || key`;
  const submission = sql`n || ':' || key || ':' || attempt`;
  const seconds = seasons.map(({ startsAt, endsAt }) => {
    const end = Math.min(endsAt.getTime(), now.getTime());
    return Math.floor((end - startsAt.getTime()) / 1000);
  });
  // A player's skill stays from season to season, the luck does not. Squared, because most are no masters.
  await query(
    em,
    sql`insert into scores (id, user_id, season_id, score, improved, previous_score, created_at)
      select id, user_id, season_id, score,
        coalesce(score > max(score) over earlier, true), max(score) over earlier, created_at
      from (
        select ${demoId('score', sql`(age * ${players}::bigint + n) * ${sql.lit(MAX_ATTEMPTS + 1)} + attempt`)} as id, user_id, season_id,
          floor((skill + luck) * (skill + luck) * ${sql.lit(DISTINCT_SCORES / 4)})::bigint * 10 as score,
          starts_at + ${chanceBelow(sql`seconds`, 'submitted', submission)} * interval '1 second' as created_at
        from unnest(
            ${seasons.map(({ id }) => id)}::uuid[],
            ${seasons.map(({ key }) => key)}::text[],
            ${seasons.map(({ startsAt }) => startsAt.toISOString())}::timestamptz[],
            ${seconds}::integer[]
          ) with ordinality as season (season_id, key, starts_at, seconds, age)
        cross join (
          select n, ${playerId(player)} as user_id, ${chance('skill', player)} as skill
          from generate_series(1, ${players}::integer) n ${FENCE}
        ) player
        cross join lateral generate_series(1, case
          when n <= ${sql.lit(ALWAYS_PLAYING)} or ${chance('playing', playing)} < ${sql.lit(PLAYING_SHARE)} / age
          then 1 + ${chanceBelow(sql`${sql.lit(MAX_ATTEMPTS)} * ${chance('stamina', playing)}`, 'attempts', playing)} else 0
        end) attempt
        cross join lateral (select ${chance('luck', submission)} as luck ${FENCE}) drawn
      ) submissions
      window earlier as (
        partition by season_id, user_id order by created_at, id
        rows between unbounded preceding and 1 preceding
      )`,
  );
}
