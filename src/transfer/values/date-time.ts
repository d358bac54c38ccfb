import { UsageError } from '../../migrate/errors.js';
import type { TimeGaps } from '../time-gaps.js';
import type { Codec } from './codec.js';
import { usualDay } from './usual-time.js';

const DATE = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;
/** Hours, minutes and seconds that need not be those of a day. */
const SPAN = /^-?\d+:\d\d(?::\d\d(?:\.\d*)?)?$/;
const TIMESTAMP = /^(\d{4,6}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)( BC)?$/;
const OFFSET = /(?:Z|([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)$/;
/** PostgreSQL's own words for no end. */
const ENDLESS = /^-?infinity$/;

const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export const dateCodec: Codec = {
  write(value, to) {
    if (usualDay(value, true) === 0 && !isDate(value.toString('latin1'))) {
      return 'dates';
    }
    to.raw(value);
    return undefined;
  },
  repair: () => null,
  canonical: (value) => value,
};

export const timestampCodec: Codec = {
  write(value, to) {
    if (usualDay(value) === 0 && !isTimestamp(value.toString('latin1'))) {
      return 'dates';
    }
    to.raw(value);
    return undefined;
  },
  repair: () => null,
  canonical: (value) => Buffer.from(usualTimestamp(value.toString('latin1')), 'latin1'),
};

/** Times that become instants of a zone: not those that its clocks left out. */
export function zonedTimestampCodec(gaps: TimeGaps): Codec {
  const days = new Set([...gaps.keys()].map((date) => Number(date.replaceAll('-', ''))));
  return {
    ...timestampCodec,
    write(value, to) {
      const day = usualDay(value);
      if (day !== 0 && !days.has(day)) {
        to.raw(value);
        return undefined;
      }
      return secondsLeftOut(value.toString('latin1'), gaps) === 0 ? timestampCodec.write(value, to) : 'time-gaps';
    },
    repair(value, kind) {
      const local = value.toString('latin1');
      return kind === 'time-gaps' ? Buffer.from(moved(local, secondsLeftOut(local, gaps)), 'latin1') : null;
    },
  };
}

/** How long the gap is that a time falls in; 0 where it falls in none. */
function secondsLeftOut(local: string, gaps: TimeGaps): number {
  const near = gaps.get(local.slice(0, 10));
  if (near === undefined) {
    return 0;
  }
  const usual = usualTimestamp(local);
  const gap = near.find(({ from, to }) => from <= usual && usual < to);
  return gap === undefined ? 0 : (Date.parse(`${gap.to}Z`) - Date.parse(`${gap.from}Z`)) / 1000;
}

/** Without an offset it is in UTC. */
export const instantCodec: Codec = {
  write(value, to) {
    if (usualDay(value) !== 0) {
      to.raw(value);
      to.raw(UTC);
      return undefined;
    }
    const { local, offset } = splitOffset(value.toString('latin1'));
    if (!isTimestamp(local)) {
      return 'dates';
    }
    to.raw(value);
    if (offset === undefined && !ENDLESS.test(local)) {
      to.raw(UTC);
    }
    return undefined;
  },
  repair: () => null,
  canonical(value) {
    const { local, offset } = splitOffset(value.toString('latin1'));
    return Buffer.from(offset === undefined || offset === 0 ? usualTimestamp(local) : moved(local, -offset), 'latin1');
  },
};

const UTC = Buffer.from('+00');

/** Without an offset nobody knows which instant it is. */
export const offsetCodec: Codec = {
  ...instantCodec,
  write(value, to) {
    const { local, offset } = splitOffset(value.toString('latin1'));
    return offset === undefined && isTimestamp(local) && !ENDLESS.test(local)
      ? 'time-zones'
      : instantCodec.write(value, to);
  },
  repair(value, kind) {
    if (kind === 'time-zones') {
      throw new UsageError(
        'Times without a zone cannot be kept in a column of instants. Nothing was changed. Say what zone they are in: --source-time-zone',
      );
    }
    return instantCodec.repair(value, kind, '');
  },
};

/** Times of the source's clock, some of which have their own offset. @param clock for those without one */
export function withOwnOffset(clock: Codec): Codec {
  const codecFor = (value: Buffer): Codec =>
    splitOffset(value.toString('latin1')).offset === undefined ? clock : instantCodec;
  return {
    write: (value, to) => codecFor(value).write(value, to),
    repair: (value, kind, policy) => codecFor(value).repair(value, kind, policy),
    canonical: (value) => codecFor(value).canonical(value),
  };
}

/** Times with no more digits behind the second than that; zeros do not count. */
export function withFraction(codec: Codec, digits: number): Codec {
  const longer = new RegExp(`(\\.\\d{${digits}})\\d*[1-9]\\d*`);
  return {
    ...codec,
    write: (value, to) =>
      value.includes(POINT) && longer.test(value.toString('latin1')) ? 'numbers' : codec.write(value, to),
    repair: (value, kind, policy) =>
      kind === 'numbers' && longer.test(value.toString('latin1'))
        ? Buffer.from(value.toString('latin1').replace(longer, digits === 0 ? '' : '$1'), 'latin1')
        : codec.repair(value, kind, policy),
  };
}

const POINT = 0x2e;

/** A time of day, up to 24:00:00, with or without seconds. */
export const timeCodec: Codec = {
  write(value, to) {
    const text = value.toString('latin1');
    if (!isTime(withSeconds(text), true)) {
      return SPAN.test(text) ? 'numbers' : 'values';
    }
    to.raw(value);
    return undefined;
  },
  // Only a span of hours has a nearest time of day.
  repair: (value, kind) => (kind === 'numbers' ? Buffer.from(value[0] === MINUS ? '00:00:00' : '23:59:59') : null),
  canonical: (value) => Buffer.from(withoutZeros(withSeconds(value.toString('latin1'))), 'latin1'),
};

function withSeconds(time: string): string {
  return /^\d\d:\d\d$/.test(time) ? `${time}:00` : time;
}

const MINUS = 0x2d;

/** Of the Gregorian calendar, which the source's server need not keep to. */
function isDate(text: string): boolean {
  const [whole, year, month, day, before] = DATE.exec(text) ?? [];
  if (whole === undefined) {
    return ENDLESS.test(text);
  }
  // The year before 1 is 1 BC, and there is no year 0.
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const astronomical = before === undefined ? y : 1 - y;
  const leap = (astronomical % 4 === 0 && astronomical % 100 !== 0) || astronomical % 400 === 0;
  const days = m === 2 && !leap ? 28 : (MONTH_DAYS[m - 1] ?? 0);
  return y >= 1 && d >= 1 && d <= days;
}

function isTime(text: string, upToMidnight: boolean): boolean {
  const [whole, hours, minutes, seconds, fraction = ''] = TIME.exec(text) ?? [];
  if (whole === undefined || Number(minutes) > 59 || Number(seconds) > 59) {
    return false;
  }
  const midnight = minutes === '00' && seconds === '00' && !/[1-9]/.test(fraction);
  return Number(hours) < 24 || (upToMidnight && hours === '24' && midnight);
}

function isTimestamp(text: string): boolean {
  const [whole, date, time, before = ''] = TIMESTAMP.exec(text) ?? [];
  return whole === undefined ? ENDLESS.test(text) : isDate(date! + before) && isTime(time!, false);
}

function usualTimestamp(text: string): string {
  const [whole, date, time, before = ''] = TIMESTAMP.exec(text) ?? [];
  return whole === undefined ? text : `${date} ${withoutZeros(time!)}${before}`;
}

/** PostgreSQL leaves out the zeros at the end of a fraction. */
function withoutZeros(time: string): string {
  return time.includes('.') ? time.replace(/\.?0+$/, '') : time;
}

/** @returns the offset in seconds east of UTC, undefined where there is none */
function splitOffset(text: string): { local: string; offset: number | undefined } {
  const before = / BC$/.exec(text)?.[0] ?? '';
  const found = OFFSET.exec(text.slice(0, text.length - before.length));
  // A date has a minus before two digits as well: an offset comes behind a time.
  if (found === null || !text.slice(0, found.index).includes(':')) {
    return { local: text, offset: undefined };
  }
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = found;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return { local: text.slice(0, found.index) + before, offset: sign === '-' ? -size : size };
}

/** A time of the years 1 to 9999 so many seconds later. */
function moved(local: string, seconds: number): string {
  const [, date, time] = TIMESTAMP.exec(local) ?? [];
  if (date === undefined) {
    return local;
  }
  const [clock, fraction] = time!.split('.');
  const later = new Date(Date.parse(`${date}T${clock}Z`) + seconds * 1000).toISOString();
  return usualTimestamp(`${later.slice(0, 10)} ${later.slice(11, 19)}${fraction === undefined ? '' : `.${fraction}`}`);
}
