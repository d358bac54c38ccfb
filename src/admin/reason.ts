import { badInput } from '../errors.js';
import { isText } from '../shared/written-text.js';

const MAX_LENGTH = 500;

/**
 * Why something was done, without white space at its ends.
 * @param field dotted path of the input, for the error
 * @throws AppError BAD_USER_INPUT unless it has 1 to 500 characters
 */
export function checkReason(reason: string, field: string): string {
  const given = reason.trim();
  if (!isText(given, MAX_LENGTH)) {
    throw badInput(field, `A reason has 1 to ${MAX_LENGTH} characters.`);
  }
  return given;
}
