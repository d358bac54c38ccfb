import { z } from 'zod';
import { checkBirthDate } from '../account/birth-date.js';
import { normalizeNickname } from '../account/nickname.js';
import { AppError } from '../errors.js';
import { isTimeZone } from '../shared/time-zone.js';

const NAMES = ['ADMIN_EMAIL', 'ADMIN_NICKNAME', 'ADMIN_PASSWORD', 'ADMIN_BIRTH_DATE'] as const;

/** A setting that is a date. */
export const dateSetting = z.iso.date('must be a date, YYYY-MM-DD');

/** The account that a start makes sure of. */
export interface AdminSettings {
  email: string;
  nickname: string;
  password: string;
  /** YYYY-MM-DD */
  birthDate: string;
}

/** What is wrong with the ADMIN_ settings together, and with the rules that every account follows. */
export function adminProblems(environment: NodeJS.ProcessEnv): string[] {
  const missing = NAMES.filter((name) => environment[name] === undefined);
  if (missing.length === NAMES.length) {
    return [];
  }
  const problems = missing.map((name) => `${name}: missing; set all ADMIN_ settings or none`);
  const password = environment.ADMIN_PASSWORD;
  if (password !== undefined && !/^.{12,128}$/su.test(password)) {
    problems.push('ADMIN_PASSWORD: must have 12 to 128 characters');
  }
  const { ADMIN_NICKNAME: nickname, ADMIN_BIRTH_DATE: birthDate, SEASON_TIME_ZONE: zone = 'UTC' } = environment;
  if (nickname !== undefined) {
    problems.push(...brokenRule('ADMIN_NICKNAME', () => normalizeNickname(nickname, 'ADMIN_NICKNAME')));
  }
  if (isDate(birthDate) && isTimeZone(zone)) {
    problems.push(...brokenRule('ADMIN_BIRTH_DATE', () => checkBirthDate(birthDate, zone, 'ADMIN_BIRTH_DATE')));
  }
  return problems;
}

/** The admin's account follows the rules of every account, which say what is wrong by throwing. */
function brokenRule(name: string, check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof AppError) {
      return [`${name}: ${error.message}`];
    }
    throw error;
  }
}

/** The settings of the admin, of an environment without `adminProblems`; undefined where none are set. */
export function toAdmin(
  environment: Partial<Record<(typeof NAMES)[number], string | undefined>>,
): AdminSettings | undefined {
  const { ADMIN_EMAIL: email, ADMIN_NICKNAME: nickname } = environment;
  const { ADMIN_PASSWORD: password, ADMIN_BIRTH_DATE: birthDate } = environment;
  if (email === undefined || nickname === undefined || password === undefined || birthDate === undefined) {
    return undefined;
  }
  return { email, nickname, password, birthDate };
}

function isDate(value: string | undefined): value is string {
  return dateSetting.safeParse(value).success;
}
