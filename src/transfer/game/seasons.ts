import { instantOf } from '../service/staged-sql.js';
import { seasonOfKey, type SeasonWindow } from '../../leaderboard/season-calendar.js';
import { seasonId } from '../../shared/ids.js';
import { TransferError } from '../errors.js';
import { literal, quoted } from '../identifier.js';
import type { Target } from '../target.js';
import type { GameOptions } from './options.js';
import { stagedTable } from '../service/staged-table.js';
import type { GameShape } from './shape.js';
import { MONTHLY, monthKey } from './staged-sql.js';

/**
 * Gives the default board the zone of the setting, as long as it has no season, as `laurel serve` does.
 * @throws TransferError where it has one and the zones differ
 */
export async function settleSeasonZone(target: Target, seasonTimeZone: string): Promise<void> {
  await target.query(
    `update leaderboards l set time_zone = $1 where l.id = '${MONTHLY}' and l.time_zone <> $1
      and not exists (select from seasons s where s.leaderboard_id = l.id)`,
    [seasonTimeZone],
  );
  const [board] = await target.query<{ timeZone: string }>(
    `select time_zone as "timeZone" from leaderboards where id = '${MONTHLY}'`,
  );
  if (board === undefined) {
    throw new TransferError(
      `There is no leaderboard "monthly" with the id ${MONTHLY}. Nothing was changed. Run laurel doctor.`,
    );
  }
  if (board.timeZone !== seasonTimeZone) {
    throw new TransferError(
      `SEASON_TIME_ZONE is ${seasonTimeZone}, but the seasons of the leaderboard "monthly" were played in ` +
        `${board.timeZone}. Nothing was changed. Set SEASON_TIME_ZONE=${board.timeZone} and run this again.`,
    );
  }
}

interface PlayedMonth {
  key: string;
  /** Whether monthly scores name it. */
  named: boolean;
  /** Milliseconds since 1970 of the first and the last score of the local month; null where there is none. */
  first: number | null;
  last: number | null;
}

/**
 * Makes the seasons that rows belong to, and the temporary table laurel_months: for a month by the board's clock
 * (`month`, its first day) its season (`season_id`), and from when on (`next_from`) it is the one after it (`next_id`): where clocks are
 * set back across midnight, the old month shows once more though the next one has begun.
 */
export async function openSeasons(target: Target, shape: GameShape, options: GameOptions): Promise<void> {
  const { seasonTimeZone } = options;
  const months = await playedMonths(target, shape, options);
  const windows = months.map(({ key }) => seasonOfKey('MONTHLY', seasonTimeZone, key)!);
  const used = new Map<string, SeasonWindow>();
  for (const [index, month] of months.entries()) {
    const window = windows[index]!;
    const endsAt = window.endsAt!.getTime();
    if (month.named || (month.first !== null && month.first < endsAt)) {
      used.set(window.key, window);
    }
    if (month.last !== null && month.last >= endsAt) {
      const next = seasonOfKey('MONTHLY', seasonTimeZone, nextMonth(month.key))!;
      used.set(next.key, next);
    }
  }
  await insertSeasons(target, [...used.values()]);
  await target.query(
    'create temporary table laurel_months (month timestamp, season_id uuid, next_from timestamptz, next_id uuid) on commit drop',
  );
  await target.query(
    `insert into laurel_months (month, season_id, next_from, next_id)
      select m.month, s.id, ${toInstant('m.ends_at')}, n.id
      from jsonb_to_recordset($1::jsonb) m (month timestamp, key text, next text, ends_at double precision)
      left join seasons s on s.leaderboard_id = '${MONTHLY}' and s.key = m.key
      left join seasons n on n.leaderboard_id = '${MONTHLY}' and n.key = m.next`,
    [
      JSON.stringify(
        windows.map(({ key, endsAt }) => ({
          month: `${key}-01`,
          key,
          next: nextMonth(key),
          ends_at: endsAt!.getTime(),
        })),
      ),
    ],
  );
  await target.query('analyze laurel_months');
}

/** SQL: the local month of a staged score, as laurel_months has it. */
export function monthOf(instant: string, seasonTimeZone: string): string {
  return `date_trunc('month', ${instant} at time zone ${literal(seasonTimeZone)})`;
}

async function playedMonths(
  target: Target,
  shape: GameShape,
  { timeZone, seasonTimeZone }: GameOptions,
): Promise<PlayedMonth[]> {
  const [scores, monthly] = [stagedTable(shape, 'scores'), stagedTable(shape, 'monthly_scores')];
  const parts: string[] = [];
  if (scores !== undefined) {
    // By the truncated time first: it is much cheaper than its text.
    const at = instantOf(scores, 'created_at', timeZone);
    parts.push(`select to_char(month, 'YYYY-MM'), false, first, last from (
        select ${monthOf(at, seasonTimeZone)} as month, min(${at}) as first, max(${at}) as last
        from ${quoted(scores.table.name)} t group by 1
      ) local`);
  }
  if (monthly !== undefined) {
    parts.push(
      `select distinct ${monthKey()}, true, null::timestamptz, null::timestamptz from ${quoted(monthly.table.name)} t`,
    );
  }
  if (parts.length === 0) {
    return [];
  }
  return target.query<PlayedMonth>(
    `select key, bool_or(named) as named, floor(date_part('epoch', min(first)) * 1000) as first,
      floor(date_part('epoch', max(last)) * 1000) as last
      from (${parts.join(' union all ')}) months (key, named, first, last) group by key order by key`,
  );
}

async function insertSeasons(target: Target, windows: readonly SeasonWindow[]): Promise<void> {
  await target.query(
    `insert into seasons (id, leaderboard_id, key, starts_at, ends_at)
      select s.id, '${MONTHLY}', s.key, ${toInstant('s.starts_at')}, ${toInstant('s.ends_at')}
      from jsonb_to_recordset($1::jsonb) s (id uuid, key text, starts_at double precision, ends_at double precision)
      order by s.id
      on conflict (leaderboard_id, key) do nothing`,
    [
      JSON.stringify(
        windows.map(({ key, startsAt, endsAt }) => ({
          id: seasonId(MONTHLY, key),
          key,
          starts_at: startsAt!.getTime(),
          ends_at: endsAt!.getTime(),
        })),
      ),
    ],
  );
}

/** SQL: an instant of milliseconds since 1970; as text, years beyond 9999 would need an era. */
function toInstant(milliseconds: string): string {
  return `(timestamptz 'epoch' + ${milliseconds} * interval '1 millisecond')`;
}

function nextMonth(key: string): string {
  const [year, month] = key.split('-').map(Number) as [number, number];
  const next = month === 12 ? [year + 1, 1] : [year, month + 1];
  return `${String(next[0]).padStart(4, '0')}-${String(next[1]).padStart(2, '0')}`;
}
