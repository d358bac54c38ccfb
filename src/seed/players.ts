import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { query, sql } from '../database/query.js';
import { chance, chanceBelow, demoId } from './chance.js';
import { demoNickname } from './nickname.js';

/** What every demo player signs in with: `player1@demo.laurel.example` to `playerN@demo.laurel.example`. */
export const DEMO_PASSWORD = 'laurel-demo';

/** Made ahead, with a salt of its own making, so that the rows are the same each time: the password is no secret. */
const PASSWORD_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$otpLnxlAfutA7T9nfOM5sw$sG3+n71RWnzScZCYrWCFZch7O+FFG37eoWznDcagpD8';

/** Empty for the server's zone. The demo login has the second one. */
const TIME_ZONES = [
  null,
  'Asia/Seoul',
  'Asia/Tokyo',
  'Asia/Kolkata',
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/Sao_Paulo',
  'Pacific/Auckland',
  'Pacific/Chatham',
];

/** Accounts are older than everything else in the demo data, in days. */
const YOUNGEST_ACCOUNT_DAYS = 200;
const OLDEST_ACCOUNT_DAYS = 400;

/** Names sent with one statement. */
const BATCH = 10_000;

/** The expression for the id of demo player `number`, itself an SQL expression. */
export const playerId = (number: ReturnType<typeof sql>) => demoId('player', number);

/** Inserts players 1 to `players`. */
export async function seedPlayers(em: SqlEntityManager, players: number, now: Date): Promise<void> {
  const n = sql`n`;
  for (let first = 1; first <= players; first += BATCH) {
    const size = Math.min(BATCH, players - first + 1);
    const nicknames = Array.from({ length: size }, (_, index) => demoNickname(first + index));
    await query(
      em,
      sql`insert into users
          (id, email, nickname, password_hash, birth_date, time_zone, created_at, updated_at)
        select ${playerId(n)}, 'player' || n || '@demo.laurel.example', nickname, ${PASSWORD_HASH},
          date '1970-01-01' + ${chanceBelow(sql`45 * 365`, 'birth', n)},
          (${TIME_ZONES}::text[])[case n when 1 then 2 else 1 + ${chanceBelow(sql`${TIME_ZONES.length}::integer`, 'zone', n)} end],
          created_at, created_at
        from (
          select nickname, n, ${now.toISOString()}::timestamptz - interval '1 second' * floor(86400 *
            (${YOUNGEST_ACCOUNT_DAYS}::integer + ${chance('age', n)} * ${OLDEST_ACCOUNT_DAYS - YOUNGEST_ACCOUNT_DAYS}::integer)) as created_at
          from (
            select nickname, ${first}::bigint - 1 + position as n
            from unnest(${nicknames}::text[]) with ordinality as names (nickname, position)
          ) numbered
        ) aged`,
    );
  }
}
