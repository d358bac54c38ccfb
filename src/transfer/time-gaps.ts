import { literal } from './identifier.js';
import type { Target } from './target.js';

/** A stretch that no clock of a zone showed, as when it was set forward; texts such as `2026-03-29 02:00:00`. */
export interface TimeGap {
  from: string;
  /** The first time that was shown again. */
  to: string;
}

/** The gaps of a zone by each date that they touch, such as `2026-03-29`. */
export type TimeGaps = ReadonlyMap<string, readonly TimeGap[]>;

type Known = Map<string, Promise<TimeGaps>>;

const known = { gaps: new WeakMap<Target, Known>(), folds: new WeakMap<Target, Known>() };

/**
 * The gaps of an IANA zone from 1800 to 2200, by the target's own rules: its times are the ones that would move.
 * Found once for each target and zone.
 */
export function timeGaps(target: Target, timeZone: string): Promise<TimeGaps> {
  return foundOnce('gaps', target, timeZone);
}

/** Likewise the stretches that the clocks of a zone showed twice, as when they were set back. */
export function timeFolds(target: Target, timeZone: string): Promise<TimeGaps> {
  return foundOnce('folds', target, timeZone);
}

function foundOnce(what: 'gaps' | 'folds', target: Target, timeZone: string): Promise<TimeGaps> {
  const zones: Known = known[what].get(target) ?? new Map();
  known[what].set(target, zones);
  const found = zones.get(timeZone) ?? find(target, stretchesSql(literal(timeZone), what));
  zones.set(timeZone, found);
  return found;
}

async function find(target: Target, sql: string): Promise<TimeGaps> {
  const gaps = new Map<string, TimeGap[]>();
  for (const { dates, ...gap } of await target.query<TimeGap & { dates: string[] }>(sql)) {
    for (const date of dates) {
      gaps.set(date, [...(gaps.get(date) ?? []), gap]);
    }
  }
  return gaps;
}

/**
 * Days whose end has a larger offset than their beginning (a smaller one: what was shown twice), halved until the second
 * is found at which it changed.
 */
function stretchesSql(zone: string, what: 'gaps' | 'folds'): string {
  const [comparison, first, next] = what === 'gaps' ? ['>', 'left_at', 'came_to'] : ['<', 'came_to', 'left_at'];
  const offset = (instant: string): string => `(${instant} at time zone ${zone}) - (${instant} at time zone 'UTC')`;
  return `
    with recursive days as (
      select day as lo, lead(day) over (order by day) as hi, shift as lo_shift, lead(shift) over (order by day) as hi_shift
      from (
        select day, ${offset('day')} as shift
        from generate_series(timestamptz '1800-01-01 00:00+00', '2200-01-01 00:00+00', interval '24 hours') day
      ) sampled
    ), search as (
      select lo, hi, lo_shift from days where hi_shift ${comparison} lo_shift
      union all
      select case when is_before then mid else lo end, case when is_before then hi else mid end, lo_shift
      from (
        select lo, hi, lo_shift, mid, ${offset('mid')} = lo_shift as is_before
        from (select *, date_trunc('second', lo + (hi - lo) / 2) as mid from search where hi - lo > interval '1 second') wide
      ) halved
    ), changes as (
      select (hi at time zone 'UTC') + lo_shift as left_at, hi at time zone ${zone} as came_to
      from search where hi - lo = interval '1 second'
    ), stretches as (
      select ${first} as first, ${next} as next from changes
    )
    select first::text as from, next::text as to,
      (select json_agg(to_char(day, 'YYYY-MM-DD'))
        from generate_series(date_trunc('day', first), next - interval '1 second', interval '24 hours') day) as dates
    from stretches order by first`;
}
