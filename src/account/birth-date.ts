import { badInput } from '../errors.js';
import { today } from '../shared/calendar.js';

const EARLIEST = '1900-01-01';

/**
 * Checks a birth date that is to be set.
 * @param birthDate YYYY-MM-DD
 * @param zone IANA zone that decides what today is
 * @param field dotted path of the input, for the error
 * @throws AppError BAD_USER_INPUT before 1900 or in the future
 */
export function checkBirthDate(birthDate: string, zone: string, field: string): void {
  if (birthDate < EARLIEST || birthDate > today(zone)) {
    throw badInput(field, `A birth date lies between ${EARLIEST} and today.`);
  }
}
