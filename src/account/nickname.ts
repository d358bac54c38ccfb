import { type AppError, badInput } from '../errors.js';

const MIN_GRAPHEMES = 2;
const MAX_GRAPHEMES = 32;
/** Width of the column: a grapheme can have any number of combining marks. */
const MAX_CODE_POINTS = 320;

/**
 * More code units than any nickname has, however it is composed. Beyond it nothing is normalised, which takes a time that goes
 * with the square of the length: a minute and more for what fits in a request.
 */
export const MAX_NICKNAME_LENGTH = 2000;

const CONTROL = /\p{Cc}/u;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const EMOJI = /^\p{RGI_Emoji}$/v;
/** Format, unassigned, private-use and separator characters, what renders as nothing, and the blank Braille cell. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * A nickname as it is stored: composed (NFC), without white space at its ends, runs of it one space.
 * Uniqueness is the database's (`nickname_key`).
 * @param field dotted path of the input, for the error
 * @throws AppError BAD_USER_INPUT unless it has 2 to 32 visible graphemes
 */
export function normalizeNickname(nickname: string, field: string): string {
  if (nickname.length > MAX_NICKNAME_LENGTH) {
    throw tooLong(field);
  }
  // Before white space is collapsed: a tab or a line break is a control character first.
  if (CONTROL.test(nickname)) {
    throw badInput(field, 'A nickname must not contain control characters.');
  }
  const normalized = nickname
    .normalize('NFC')
    .replaceAll(/\p{White_Space}+/gu, ' ')
    // Not trim(), which takes an invisible U+FEFF for white space.
    .replaceAll(/^ | $/g, '');
  if (normalized.length > MAX_CODE_POINTS * 2 || Array.from(normalized).length > MAX_CODE_POINTS) {
    throw tooLong(field);
  }
  const parts = [...graphemes.segment(normalized)].map(({ segment }) => segment);
  if (parts.length < MIN_GRAPHEMES || parts.length > MAX_GRAPHEMES) {
    throw badInput(field, `A nickname has ${MIN_GRAPHEMES} to ${MAX_GRAPHEMES} characters.`);
  }
  if (parts.some((part) => INVISIBLE.test(part) && !EMOJI.test(part))) {
    throw badInput(field, 'A nickname must not contain invisible characters.');
  }
  return normalized;
}

function tooLong(field: string): AppError {
  return badInput(
    field,
    `A nickname has at most ${MAX_GRAPHEMES} characters, and ${MAX_CODE_POINTS} code points in all of them.`,
  );
}
