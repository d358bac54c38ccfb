import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { chance, chanceBelow, demoId, FENCE } from './chance.js';
import { playerId } from './players.js';

/** Players this far apart by number may have a row. Their own list, so that no pair comes up twice. */
const FRIENDSHIP_GAPS = [1, 2, 3, 5, 8, 13, 21, 34];
/** Room for the gaps between the numbers of one player's rows and the next one's. */
const NUMBERS = 64;
/** Players this far apart may have a block: never beside a friendship. */
const BLOCK_GAP = 4;

/** Of the pairs that may have a row, how many do; and of the rows, how many are accepted, and how many pending. */
const FRIENDSHIP_SHARE = 0.15;
const ACCEPTED_SHARE = 0.6;
const PENDING_SHARE = 0.25;
const BLOCK_SHARE = 0.05;

const DAY_SECONDS = 86_400;
const OLDEST_SECONDS = 100 * DAY_SECONDS;
const SLOWEST_ANSWER_SECONDS = 3 * DAY_SECONDS;

interface DemoRow {
  /** The other side, by number. */
  player: number;
  askedBy: 'demo' | 'other';
  status: 'accepted' | 'pending' | 'rejected';
  /** When it was asked and answered, in hours before now. */
  asked: number;
  answered?: number;
}

/** The demo login's: every state is among the first nine players, because there may be no more. */
const DEMO_FRIENDSHIPS: DemoRow[] = [
  { player: 2, askedBy: 'demo', status: 'accepted', asked: 2000, answered: 1990 },
  { player: 3, askedBy: 'other', status: 'pending', asked: 30 },
  { player: 4, askedBy: 'demo', status: 'pending', asked: 50 },
  { player: 5, askedBy: 'other', status: 'accepted', asked: 1500, answered: 1499 },
  // Not yet a day ago: asking again is refused for a while.
  { player: 6, askedBy: 'demo', status: 'rejected', asked: 20, answered: 1 },
  { player: 7, askedBy: 'other', status: 'rejected', asked: 300, answered: 250 },
  { player: 9, askedBy: 'demo', status: 'accepted', asked: 900, answered: 700 },
  { player: 10, askedBy: 'other', status: 'pending', asked: 5 },
  { player: 11, askedBy: 'other', status: 'accepted', asked: 800, answered: 799 },
  { player: 12, askedBy: 'demo', status: 'accepted', asked: 700, answered: 650 },
  { player: 13, askedBy: 'other', status: 'accepted', asked: 600, answered: 590 },
  { player: 14, askedBy: 'demo', status: 'accepted', asked: 400, answered: 380 },
  { player: 15, askedBy: 'other', status: 'accepted', asked: 90, answered: 80 },
  { player: 16, askedBy: 'other', status: 'pending', asked: 100 },
  { player: 17, askedBy: 'demo', status: 'pending', asked: 200 },
];
const DEMO_BLOCKED = 8;

/** Inserts friendships in every state and blocks among players 1 to `players`. */
export async function seedFriendships(em: SqlEntityManager, players: number, now: Date): Promise<void> {
  await seedDemoFriendships(em, players, now);
  await seedOtherFriendships(em, players, now);
  await seedBlocks(em, players, now);
}

async function seedDemoFriendships(em: SqlEntityManager, players: number, now: Date): Promise<void> {
  const rows = DEMO_FRIENDSHIPS.filter(({ player }) => player <= players);
  const demo = playerId(sql`1`);
  const other = playerId(sql`player`);
  await query(
    em,
    sql`insert into friendships (id, requester_id, receiver_id, status, created_at, responded_at)
      select ${demoId('friendship', sql`player`)},
        case when demo_asked then ${demo} else ${other} end, case when demo_asked then ${other} else ${demo} end, status,
        ${now.toISOString()}::timestamptz - asked * interval '1 hour',
        ${now.toISOString()}::timestamptz - answered * interval '1 hour'
      from unnest(
        ${rows.map(({ player }) => player)}::integer[],
        ${rows.map(({ askedBy }) => askedBy === 'demo')}::boolean[],
        ${rows.map(({ status }) => status)}::text[],
        ${rows.map(({ asked }) => asked)}::integer[],
        ${rows.map(({ answered }) => answered ?? null)}::integer[]
      ) as rows (player, demo_asked, status, asked, answered)`,
  );
}

async function seedOtherFriendships(em: SqlEntityManager, players: number, now: Date): Promise<void> {
  const pair = sql`n * ${sql.lit(NUMBERS)} + gap`;
  await query(
    em,
    sql`insert into friendships (id, requester_id, receiver_id, status, created_at, responded_at)
      select ${demoId('friendship', pair)}, ${playerId(sql`requester`)}, ${playerId(sql`receiver`)}, status,
        ${now.toISOString()}::timestamptz - age * interval '1 second',
        case when status <> 'pending' then
          ${now.toISOString()}::timestamptz - interval '1 second' *
            (age - ${chanceBelow(sql`least(age, ${sql.lit(SLOWEST_ANSWER_SECONDS)})`, 'answer', pair)})
        end
      from (
        select n, gap, ${chanceBelow(sql.lit(OLDEST_SECONDS), 'friendship-age', pair)} as age,
          case when turned then n + gap else n end as requester, case when turned then n else n + gap end as receiver,
          case
            when answer < ${sql.lit(ACCEPTED_SHARE)} then 'accepted'
            when answer < ${sql.lit(ACCEPTED_SHARE + PENDING_SHARE)} then 'pending'
            else 'rejected'
          end as status
        from (
          select n, gap, ${chance('turned', pair)} < 0.5 as turned, ${chance('status', pair)} as answer
          from generate_series(2, ${players}::integer) n cross join unnest(${FRIENDSHIP_GAPS}::integer[]) gap
          where n + gap <= ${players}::integer and ${chance('friends', pair)} < ${sql.lit(FRIENDSHIP_SHARE)}
          ${FENCE}
        ) drawn
        ${FENCE}
      ) pairs`,
  );
}

async function seedBlocks(em: SqlEntityManager, players: number, now: Date): Promise<void> {
  const n = sql`n`;
  await query(
    em,
    sql`insert into blocks (blocker_id, blocked_id, created_at)
      select ${playerId(sql`blocker`)}, ${playerId(sql`blocked`)},
        ${now.toISOString()}::timestamptz - interval '1 second' * ${chanceBelow(sql.lit(OLDEST_SECONDS), 'block-age', sql`blocker`)}
      from (
        select 1 as blocker, ${DEMO_BLOCKED}::integer as blocked
        union all
        select case when ${chance('block-turned', n)} < 0.5 then n else n + ${sql.lit(BLOCK_GAP)} end,
          case when ${chance('block-turned', n)} < 0.5 then n + ${sql.lit(BLOCK_GAP)} else n end
        from generate_series(2, ${players - BLOCK_GAP}::integer) n
        where ${chance('block', n)} < ${sql.lit(BLOCK_SHARE)}
      ) pairs`,
  );
}
