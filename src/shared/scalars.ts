import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { z } from 'zod';
import { isTimeZone } from './time-zone.js';
import { toDate } from './instant.js';

/*
 * Coercion only looks at the JSON type. Whether a value makes sense is judged by `inputProblem` when the
 * arguments of a field are checked (arguments.ts): there the dotted path of the input is known, whether it
 * came as a literal or in a variable. Output never validates what is stored: carried-over values keep working.
 */

const dateTime = z.iso.datetime({ offset: true });
const MAX_INSTANT_LENGTH = 40;
const LOCAL_TIME = /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/;
const MAX_URL_LENGTH = 2048;
const HTTP_ADDRESS = /^https?:\/\/[^\s\p{C}"<>\\^`{|}]+$/iu;

function parseText(name: string) {
  const parse = (value: unknown): string => {
    if (typeof value !== 'string') {
      throw new GraphQLError(`${name} must be a string.`);
    }
    return value;
  };
  return {
    parseValue: parse,
    parseLiteral: (node: ValueNode) => parse(node.kind === Kind.STRING ? node.value : undefined),
  };
}

function textScalar(name: string, description: string, specifiedByURL?: string): GraphQLScalarType<string, string> {
  return new GraphQLScalarType({
    name,
    description,
    specifiedByURL: specifiedByURL ?? null,
    serialize: String,
    ...parseText(name),
  });
}

export const DateTimeScalar = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'An instant in UTC, after RFC 3339, with milliseconds: 2026-02-05T10:20:00.000Z.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => (value instanceof Date ? value : toDate(String(value))).toISOString(),
  ...parseText('DateTime'),
});

export const DateScalar = textScalar('Date', 'A calendar date, YYYY-MM-DD.');

export const LocalTimeScalar = textScalar('LocalTime', 'A time of day on a 24-hour clock, HH:MM or HH:MM:SS.');

export const EmailAddressScalar = textScalar('EmailAddress', 'An email address.');

export const UrlScalar = textScalar('URL', 'An absolute http or https address, up to 2,048 characters.');

export const TimeZoneScalar = textScalar(
  'TimeZone',
  'The name of a time zone in the IANA database, e.g. Asia/Seoul.',
  'https://www.rfc-editor.org/rfc/rfc6557',
);

export const SafeIntScalar = new GraphQLScalarType<number, number>({
  name: 'SafeInt',
  description: 'A whole number from -(2^53 - 1) to 2^53 - 1, which every JSON client reads exactly.',
  serialize: Number,
  parseValue: (value) => {
    if (typeof value !== 'number') {
      throw new GraphQLError('SafeInt must be a number.');
    }
    return value;
  },
  parseLiteral: (node) => {
    if (node.kind !== Kind.INT && node.kind !== Kind.FLOAT) {
      throw new GraphQLError('SafeInt must be a number.');
    }
    return Number(node.value);
  },
});

/**
 * What is wrong with an input value of the scalar named `type`, as a sentence; undefined where nothing is.
 * Email addresses are judged only where one is set, in the account service.
 */
export function inputProblem(type: string, value: unknown): string | undefined {
  if (typeof value === 'number') {
    return type === 'SafeInt' && !Number.isSafeInteger(value)
      ? 'Must be a whole number within ±(2^53 - 1).'
      : undefined;
  }
  if (typeof value !== 'string') {
    return undefined;
  }
  if (value.includes('\0')) {
    return 'Must not contain the NUL character.';
  }
  if (!value.isWellFormed()) {
    return 'Must be well-formed Unicode; it contains a lone surrogate.';
  }
  switch (type) {
    case 'Date':
      return isDate(value) ? undefined : 'Must be a calendar date, YYYY-MM-DD.';
    case 'LocalTime':
      return LOCAL_TIME.test(value) ? undefined : 'Must be a time of day, HH:MM or HH:MM:SS.';
    case 'DateTime':
      return isInstant(value)
        ? undefined
        : 'Must be an instant after RFC 3339 with its offset, e.g. 2026-02-05T10:20:00Z.';
    case 'TimeZone':
      return isTimeZone(value) ? undefined : 'Must be the name of an IANA time zone, e.g. Asia/Seoul.';
    case 'URL':
      return isHttpUrl(value)
        ? undefined
        : `Must be an absolute http or https address of up to ${MAX_URL_LENGTH} characters.`;
    default:
      return undefined;
  }
}

/** Whether that is a calendar date, YYYY-MM-DD. */
export function isDate(value: string): boolean {
  if (!/^(?!0000)\d{4}-\d{2}-\d{2}$/.test(value)) {
    return false;
  }
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}

/** Whether it is an instant that can be answered as well: of the years 1 to 9999, in UTC. */
function isInstant(value: string): boolean {
  const instant = new Date(value);
  return (
    value.length <= MAX_INSTANT_LENGTH &&
    dateTime.safeParse(value).success &&
    !Number.isNaN(instant.getTime()) &&
    /^(?!0000)\d{4}-/.test(instant.toISOString())
  );
}

function isHttpUrl(value: string): boolean {
  // URL's parser forgives white space, missing slashes and the like; who shows the address may not.
  return value.length <= MAX_URL_LENGTH && HTTP_ADDRESS.test(value) && URL.canParse(value);
}
