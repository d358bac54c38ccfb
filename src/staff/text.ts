import { badInput } from '../errors.js';
import { isLine, isText } from '../shared/written-text.js';

/**
 * One line without white space at its ends.
 * @throws AppError BAD_USER_INPUT unless it has something to see, and at most `most` characters
 */
export function checkLine(text: string, most: number, field: string): string {
  const line = text.trim();
  if (!isLine(line, most)) {
    throw badInput(field, `This has 1 to ${most} characters, in one line.`);
  }
  return line;
}

/** Text as it is; null where it is blank. @throws AppError BAD_USER_INPUT where it has more than `most` characters */
export function checkText(text: string, most: number, field: string): string | null {
  if (text.trim() === '') {
    return null;
  }
  if (!isText(text, most)) {
    throw badInput(field, `This has at most ${most.toLocaleString('en')} characters, some of them to be seen.`);
  }
  return text;
}
