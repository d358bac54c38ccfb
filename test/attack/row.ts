import { expect } from '@jest/globals';
import type { Answer, Target, Variant } from './target.js';

/** What of an error clients go by. */
export interface ToldError {
  code: string;
  reason?: string;
  field?: string;
}

export interface Expected {
  status: number;
  /** All of them, in their order; none where left out. */
  errors?: ToldError[];
  /** Found in the message of the first error. */
  message?: RegExp;
  /** All of it, where it matters. */
  data?: unknown;
  /** Headers that must be there; null for one that must not. */
  headers?: Record<string, string | RegExp | null>;
  /** What must not be found in the answer. */
  absent?: RegExp;
}

/** One attack. */
export interface Row {
  /** What is tried. */
  name: string;
  /** What keeps it from succeeding, as `defences.js` names it. */
  defence: string;
  /** The server that is attacked; left out, the main one. */
  server?: Variant;
  /** Prepares what it takes, and sends the attack. */
  attack(target: Target): Promise<Answer>;
  expected: Expected;
  /** Another request, after which nobody could tell the two answers apart. */
  sameAs?(target: Target): Promise<Answer>;
}

/** What no answer may have in it, whatever was sent. */
const LEAK =
  /\bselect \w|insert into|relation "|node_modules|\.[jt]s:\d|at \w+ \(|stacktrace|kysely|mikro-?orm|pglite/i;

/** Fails unless the answer is what it has to be. */
export function expectAnswer(answer: Answer, expected: Expected): void {
  const { data, errors } = parsed(answer.body);
  const told = errors.map(({ extensions: { code, reason, field } = {} }) => ({ code, reason, field }));
  // Compared at once, so that a difference shows the whole answer.
  expect({ status: answer.status, errors: told }).toEqual({ status: expected.status, errors: expected.errors ?? [] });
  if ('data' in expected) {
    expect(data).toEqual(expected.data);
  }
  if (expected.message !== undefined) {
    expect(errors[0]?.message).toMatch(expected.message);
  }
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    if (value === null) {
      expect(answer.headers).not.toHaveProperty(name);
    } else {
      expect(String(answer.headers[name])).toMatch(value);
    }
  }
  const whole = `${JSON.stringify(answer.headers)}\n${answer.body}`;
  expect(whole).not.toMatch(LEAK);
  if (expected.absent !== undefined) {
    expect(whole).not.toMatch(expected.absent);
  }
}

interface Body {
  data: unknown;
  errors: { message: string; extensions?: Partial<ToldError> }[];
}

function parsed(body: string): Body {
  try {
    const { data, errors = [] } = JSON.parse(body);
    return { data, errors };
  } catch {
    return { data: undefined, errors: [] };
  }
}

const BAD_USER_INPUT = 'BAD_USER_INPUT';

/** Answers that many rows expect. */
export const refused = {
  input: (field: string, reason?: string): Expected => ({
    status: 200,
    errors: [{ code: BAD_USER_INPUT, field, ...(reason !== undefined && { reason }) }],
  }),
  transport: (status: number): Expected => ({ status, errors: [{ code: 'BAD_REQUEST' }] }),
  document: (message?: RegExp): Expected => ({
    status: 400,
    errors: [{ code: 'GRAPHQL_VALIDATION_FAILED' }],
    ...(message !== undefined && { message }),
  }),
  /** @param seconds that it says to wait at most */
  tooOften: { status: 429, errors: [{ code: 'RATE_LIMITED' }], headers: { 'retry-after': /^\d+$/ } } as Expected,
  token: (reason?: string): Expected => ({
    status: 401,
    errors: [{ code: 'UNAUTHENTICATED', ...(reason !== undefined && { reason }) }],
  }),
  /** A wrong email or password. */
  credentials: {
    status: 200,
    errors: [{ code: 'UNAUTHENTICATED', reason: 'INVALID_CREDENTIALS' }],
    data: { login: null },
    message: /^The email or the password is wrong\.$/,
  } as Expected,
};

/** So many fields or other pieces of a document. */
export function many(count: number, piece: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => piece(n)).join(' ');
}
