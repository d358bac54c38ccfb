import { randomInt } from 'node:crypto';
import { normalizeNickname } from '../account/nickname.js';
import { AppError } from '../errors.js';

export const FALLBACK = 'player';
const MAX_GRAPHEMES = 32;
/** More is not looked at. */
const MAX_LENGTH = 300;
/** As many digits that nobody has them: the fallback with them is the last nickname to be tried. */
const MOST_DIGITS = 24;
/** Digits behind the name, attempt by attempt. */
const DIGITS = [0, 2, 4, 6, 8] as const;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** What no nickname may have, as `normalizeNickname` has it; emoji of several parts come apart. */
const UNWANTED = /[\p{Cc}\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * The nicknames to try for somebody who comes with a name, until one is free: the name, as far as it makes a nickname;
 * then the name with 2, 4, 6 and 8 digits of chance behind it; at last "player" with 24. "player" also stands in for a name that
 * makes none.
 */
export function nicknamesFor(name: string | null): string[] {
  const base = nicknameOf(name);
  return [...DIGITS.map((digits) => withChance(base, digits)), withChance(FALLBACK, MOST_DIGITS)];
}

/** A name as far as it makes a nickname, whoever else may have that; "player" where it makes none. */
export function nicknameOf(name: string | null): string {
  return usable(name) ?? FALLBACK;
}

/** What is left of a nickname where so many characters are to go behind it. */
export function nicknameWithRoom(nickname: string, characters: number): string {
  return cut(nickname, MAX_GRAPHEMES - characters);
}

function usable(name: string | null): string | undefined {
  const visible = (name ?? '')
    .slice(0, MAX_LENGTH)
    .replaceAll(/\p{White_Space}+/gu, ' ')
    .replaceAll(UNWANTED, '');
  try {
    const nickname = normalizeNickname(cut(visible, MAX_GRAPHEMES), 'name');
    // With digits behind it, it has to fit in as well.
    return nickname.length > MAX_LENGTH ? undefined : nickname;
  } catch (error) {
    if (error instanceof AppError) {
      return undefined;
    }
    throw error;
  }
}

function withChance(base: string, digits: number): string {
  const tail = Array.from({ length: digits }, () => randomInt(10)).join('');
  return `${nicknameWithRoom(base, digits)}${tail}`;
}

function cut(text: string, length: number): string {
  return [...graphemes.segment(text)]
    .slice(0, length)
    .map(({ segment }) => segment)
    .join('')
    .trim();
}
