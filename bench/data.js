import { execFileSync } from 'node:child_process';
import { seasonAt } from '../dist/src/leaderboard/season-calendar.js';
import { seasonId } from '../dist/src/shared/ids.js';
import { sessionIdSql, userIdSql, viewerCount } from './ids.js';
import { laurelCommand } from './laurel.js';
import { withClient } from './postgres.js';

/** Rows of one insert. */
const CHUNK = 1_000_000;

/** Most players are low and few are high: of 1,000,000 possible scores half of them are below 62,500. */
const BEST_SCORE = 1_000_000;
const SKEW = 4;

/** One score that every 20th player has in common: of the numbers from 0 on, the fourth seven of each 140. */
const SHARED_SCORE = 1000;
const inCrowd = (number) => `(${number} / 7) % 20 = 3`;
/** A pgbench expression for the number of any of them. */
export const crowdNumber = (players) => `7 * (20 * random(0, ${Math.floor(players / 140) - 1}) + 3) + random(0, 6)`;

const FRIENDS = 30;
const REQUESTS = 5;
const VISIT_DAYS = 30;

/** Migrates an empty database by Laurel's own command line and fills it. @returns what was loaded */
export async function loadData(url, players) {
  const { command, args } = laurelCommand('migrate', 'upgrade');
  execFileSync(command, args, { env: { ...process.env, DATABASE_URL: url }, stdio: ['ignore', 'ignore', 'inherit'] });
  return withClient(url, async (client) => {
    // random() repeats itself after this, so that two runs have the same scores.
    await client.query('select setseed(0.5)');
    const season = await insertSeason(client);
    for (let first = 1; first <= players; first += CHUNK) {
      const last = Math.min(first + CHUNK - 1, players);
      await insertPlayers(client, first, last);
      await insertStandings(client, season, first, last);
    }
    await insertViewers(client, players);
    await client.query('vacuum (analyze)');
    await client.query('checkpoint');
    return { season, crowd: await findCrowd(client, season) };
  });
}

/** The current season of the default board. Its id follows from its key, as in the server. */
async function insertSeason(client) {
  const { rows } = await client.query(
    `select id, period, time_zone, now() as now from leaderboards where slug = 'monthly'`,
  );
  const [board] = rows;
  const { key, startsAt, endsAt } = seasonAt(board.period, board.time_zone, board.now);
  const id = seasonId(board.id, key);
  await client.query('insert into seasons (id, leaderboard_id, key, starts_at, ends_at) values ($1, $2, $3, $4, $5)', [
    id,
    board.id,
    key,
    startsAt,
    endsAt,
  ]);
  return id;
}

async function insertPlayers(client, first, last) {
  await client.query(
    `insert into users (id, email, nickname, birth_date)
      select ${userIdSql('n')}, 'player' || n || '@bench.example', 'player ' || n, date '2000-01-01'
      from generate_series($1::integer, $2::integer) n`,
    [first, last],
  );
}

async function insertStandings(client, season, first, last) {
  await client.query(
    `insert into standings (season_id, user_id, score, sort_score, achieved_at)
      select s.id, ${userIdSql('n')}, score, -score, s.starts_at + instant * (now() - s.starts_at)
      from seasons s, (
        select n, random() as instant,
          case when ${inCrowd('n')} then ${SHARED_SCORE} else floor(${BEST_SCORE} * power(random(), ${SKEW})) end::bigint as score
        from generate_series($2::integer, $3::integer) n
      ) played where s.id = $1`,
    [season, first, last],
  );
}

/** Friends, requests, visits and a session for the players who sign in. */
async function insertViewers(client, players) {
  const count = viewerCount(players);
  const viewers = `(select 1 + (2 * index + 1) * ${players}::bigint / (2 * ${count}) as n
    from generate_series(0, ${count - 1}) index) viewer`;
  const other = `(n - 1 + gap * (${players}::bigint / 41) + gap) % ${players} + 1`;
  const friendships = (gaps, columns) => `insert into friendships
      (id, requester_id, receiver_id, status, created_at, responded_at)
    select gen_random_uuid(), ${userIdSql('other')}, ${userIdSql('n')}, ${columns}
    from (select n, ${other} as other, gap from ${viewers}, generate_series(${gaps}) gap) pair
    where other <> n on conflict do nothing`;
  await client.query(friendships(`1, ${FRIENDS}`, `'accepted', now() - interval '2 days', now() - interval '1 day'`));
  await client.query(
    friendships(`${FRIENDS + 1}, ${FRIENDS + REQUESTS}`, `'pending', now() - gap * interval '1 hour', null`),
  );
  await client.query(
    `insert into visits (user_id, visit_date, visit_count)
      select ${userIdSql('n')}, current_date - day, 1 from ${viewers}, generate_series(0, ${VISIT_DAYS - 1}) day`,
  );
  await client.query(
    `insert into sessions (id, user_id, expires_at)
      select ${sessionIdSql('n')}, ${userIdSql('n')}, now() + interval '30 days' from ${viewers}`,
  );
}

/** Where the players with the shared score stand: the first one's position, and how many they are. */
async function findCrowd(client, season) {
  const { rows } = await client.query(
    `select count(*) filter (where sort_score < $2)::int + 1 as position,
        count(*) filter (where sort_score = $2)::int as players
      from standings where season_id = $1 and sort_score <= $2`,
    [season, -SHARED_SCORE],
  );
  return rows[0];
}
