import { badInput } from '../errors.js';
import { today } from '../shared/calendar.js';

const EARLIEST = '1900-01-01';

/**
 * Checks a birth date that is to be set.
 * @param birthDate YYYY-MM-DD
 * @param zone IANA zone that decides what today is
 * @param field dotted path of the input, for the error
 * @param minAge years that a player must have lived; 0 for everybody
 * @throws AppError BAD_USER_INPUT before 1900, in the future, or for somebody too young
 */
export function checkBirthDate(birthDate: string, zone: string, field: string, minAge = 0): void {
  const now = today(zone);
  if (birthDate < EARLIEST || birthDate > now) {
    throw badInput(field, `A birth date lies between ${EARLIEST} and today.`);
  }
  // As texts: whoever was born on 29 February has a birthday on 1 March in other years.
  const latest = `${String(Number(now.slice(0, 4)) - minAge).padStart(4, '0')}${now.slice(4)}`;
  if (birthDate > latest) {
    throw badInput(field, `Players here are ${minAge} years old or older.`);
  }
}
