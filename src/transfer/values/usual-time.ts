const ZERO = 0x30;
const NINE = 0x39;
const HYPHEN = 0x2d;
const COLON = 0x3a;
const POINT = 0x2e;
const SPACE = 0x20;

const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** Days that every month has. */
const SHORTEST_MONTH = 28;

/** `YYYY-MM-DD HH:MM:SS` */
const SECONDS_LENGTH = 19;
const DATE_LENGTH = 10;
/** With six digits behind the point. */
const LONGEST = 26;

/**
 * The day of a date or a timestamp as nearly all of them are spelled, read byte by byte: most of the time that copying
 * takes would go to regular expressions otherwise.
 * @param value `YYYY-MM-DD HH:MM:SS`, with or without a fraction; only `YYYY-MM-DD` where `isDate`
 * @returns a number such as 20260329; 0 for another spelling, and for what is no time of the Gregorian calendar
 */
export function usualDay(value: Uint8Array, isDate = false): number {
  if (isDate ? value.length !== DATE_LENGTH : !endsInTime(value)) {
    return 0;
  }
  const century = twoDigits(value, 0);
  const yearOfCentury = twoDigits(value, 2);
  const month = twoDigits(value, 5);
  const day = twoDigits(value, 8);
  if (century < 0 || yearOfCentury < 0 || value[4] !== HYPHEN || value[7] !== HYPHEN) {
    return 0;
  }
  const year = century * 100 + yearOfCentury;
  const isThere = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month, day);
  return isThere ? year * 10_000 + month * 100 + day : 0;
}

function daysOf(year: number, month: number, day: number): number {
  if (day <= SHORTEST_MONTH) {
    return SHORTEST_MONTH;
  }
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && !isLeap ? SHORTEST_MONTH : MONTH_DAYS[month - 1]!;
}

/** Whether ` HH:MM:SS` is behind the date, with or without a fraction. */
function endsInTime(value: Uint8Array): boolean {
  const hours = twoDigits(value, 11);
  const minutes = twoDigits(value, 14);
  const seconds = twoDigits(value, 17);
  return (
    value[10] === SPACE &&
    value[13] === COLON &&
    value[16] === COLON &&
    hours >= 0 &&
    hours <= 23 &&
    minutes >= 0 &&
    minutes <= 59 &&
    seconds >= 0 &&
    seconds <= 59 &&
    (value.length === SECONDS_LENGTH || endsInFraction(value))
  );
}

function endsInFraction(value: Uint8Array): boolean {
  if (value[SECONDS_LENGTH] !== POINT || value.length < SECONDS_LENGTH + 2 || value.length > LONGEST) {
    return false;
  }
  for (let index = SECONDS_LENGTH + 1; index < value.length; index++) {
    if (value[index]! < ZERO || value[index]! > NINE) {
      return false;
    }
  }
  return true;
}

/** @returns -1 where there are no two digits */
function twoDigits(value: Uint8Array, at: number): number {
  const tens = value[at]! - ZERO;
  const ones = value[at + 1]! - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}
