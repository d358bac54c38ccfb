import { createHash } from 'node:crypto';
import { type Kind, KINDS, type Policies } from '../../src/transfer/policy.js';
import { policies } from './support.js';

export type Row = Record<string, unknown>;

export interface CommunityExport {
  users: unknown[];
  posts: unknown[];
  token_blacklist: unknown[];
}

/** An integer that is written in JSON as it is, beyond what JavaScript's numbers hold. */
export function digits(text: string): string {
  return `#digits:${text}#`;
}

/** A row that is written into the JSON as it is. */
export function written(json: string): string {
  return `#written:${Buffer.from(json).toString('base64')}#`;
}

export function toJson(content: unknown): string {
  return JSON.stringify(content, null, 1)
    .replaceAll(/"#digits:(-?\d+)#"/g, '$1')
    .replaceAll(/"#written:([^#]*)#"/g, (_, base64: string) => Buffer.from(base64, 'base64').toString());
}

const NAMES = ['Ada Lovelace', 'ada lovelace', 'Аda Lovelace', '김민준', 'Zoë', 'x', null, 'Grace Hopper', '👩‍💻 dev'];
const PROVIDERS = ['one', 'two', 'github'];

/** Microseconds are kept, and every user has others. */
const at = (index: number): string =>
  `2025-0${1 + (index % 9)}-1${index % 10}T08:${String(index % 60).padStart(2, '0')}:00.${String(100_001 + index).slice(0, 6)}`;

export function user(index: number, rest: Row = {}): Row {
  return {
    email: `Person${index}@example.com`,
    name: NAMES[index % NAMES.length],
    picture: index % 4 === 0 ? null : `https://pictures.example.com/${index}.png`,
    verified_email: index % 3 !== 0,
    provider: PROVIDERS[index % PROVIDERS.length],
    provider_id: index % 5 === 0 ? digits(`1${String(index).padStart(20, '0')}`) : `subject-${index}`,
    created_at: at(index),
    updated_at: index % 7 === 0 ? null : `${at(index).replace('2025', '2026')}+09:00`,
    ...rest,
  };
}

export function post(index: number, rest: Row = {}): Row {
  return {
    id: `post-${index}`,
    title: `Title ${index}`,
    content: index % 50 === 0 ? 'very long '.repeat(20_000) : `Content of ${index}\nwith "quotes", \\ and tabs\t`,
    // Addresses are one, however they are written.
    author_email: `${index % 2 === 0 ? 'person' : 'PERSON'}${index % USERS}@example.com`,
    created_at: at(index),
    updated_at: `${at(index).replace('2025', '2026')}+00:00`,
    ...rest,
  };
}

export function token(index: number, rest: Row = {}): Row {
  return { token: `header.payload-${index}.signature`, blacklisted_at: at(index), ...rest };
}

export const USERS = 240;
export const POSTS = 400;
export const TOKENS = 90;

const range = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** Several hundred rows with nothing wrong. */
export function cleanExport(): CommunityExport {
  return { users: range(USERS, user), posts: range(POSTS, post), token_blacklist: range(TOKENS, token) };
}

/** A row in which something is wrong, and what is to be said of it; several in the order in which they are found. */
export type Fault = [reason: string, row: unknown];

const another = (index: number, rest: Row): Row => user(1000 + index, rest);

export const USER_FAULTS: readonly Fault[] = [
  ['values', another(0, { name: 5 })],
  ['values', another(1, { picture: { url: 'https://pictures.example.com' } })],
  ['values', another(2, { verified_email: 'yes' })],
  ['values', 'a text'],
  ['values', [1, { a: [] }]],
  ['values', null],
  [
    'values',
    written('{"email": "twice@example.com", "name": "A", "name": "B", "provider": "one", "provider_id": "t"}'),
  ],
  ['values', another(3, { provider_id: 1.5 })],
  ['null-values: email', another(4, { email: null })],
  ['null-values: provider', another(5, { provider: undefined })],
  ['null-values: provider_id', another(6, { provider_id: null })],
  ['null-values: created_at', another(7, { created_at: undefined })],
  ['emails: email', another(8, { email: 'nobody at all' })],
  ['emails: email', another(9, { email: `${'x'.repeat(250)}@example.com` })],
  ['duplicates: email', another(10, { email: 'Person7@example.com' })],
  ['email-collisions: email', another(11, { email: 'pERSON8@example.com' })],
  ['values: provider', another(13, { provider: 'Google Inc.' })],
  ['values: provider_id', another(14, { provider_id: '' })],
  ['length: provider_id', another(15, { provider_id: '9'.repeat(256) })],
  ['duplicates: provider_id', another(16, { provider: 'two', provider_id: 'subject-1' })],
  ['values: picture', another(17, { picture: 'javascript:alert(1)' })],
  ['values: picture', another(18, { picture: '' })],
  ['dates: created_at', another(19, { created_at: 'yesterday' })],
  ['dates: updated_at', another(20, { updated_at: '2025-02-30T00:00:00' })],
  ['encoding: name', another(21, { name: 'half a pair \ud83d' })],
  ['nul-bytes: name', another(22, { name: 'nul \u0000' })],
];

export const POST_FAULTS: readonly Fault[] = [
  ['values', post(1000, { title: 5 })],
  ['values', post(1001, { content: ['a', 'b'] })],
  ['values', 7],
  ['null-values: id', post(1002, { id: null })],
  ['null-values: title', post(1003, { title: null })],
  ['null-values: content', post(1004, { content: undefined })],
  ['null-values: author_email', post(1005, { author_email: null })],
  ['null-values: created_at', post(1006, { created_at: null })],
  ['length: id', post(1007, { id: 'p'.repeat(51) })],
  ['duplicates: id', post(1008, { id: 'post-1' })],
  ['dates: updated_at', post(1009, { updated_at: 'later' })],
  ['orphans: author_email', post(1010, { author_email: 'nobody@example.com' })],
  // Of somebody who is rejected.
  ['orphans: author_email', post(1011, { author_email: 'Person1013@example.com' })],
];

export const TOKEN_FAULTS: readonly Fault[] = [
  ['values', 7],
  ['values', token(1000, { blacklisted_at: 1735689600 })],
  ['null-values: token', token(1001, { token: null })],
  ['values: token', token(1002, { token: '' })],
  ['duplicates: token', token(1)],
  ['dates: blacklisted_at', token(1004, { blacklisted_at: 'once' })],
];

/** All of it, the faults behind what is clean. */
export function faultyExport(): CommunityExport {
  const { users, posts, token_blacklist: tokens } = cleanExport();
  const rowsOf = (faults: readonly Fault[]): unknown[] => faults.map(([, row]) => row);
  return {
    users: [...users, ...rowsOf(USER_FAULTS)],
    posts: [...posts, ...rowsOf(POST_FAULTS)],
    token_blacklist: [...tokens, ...rowsOf(TOKEN_FAULTS)],
  };
}

/** Whatever is wrong with a row, it is left out. */
export function rejectAll(given: Partial<Record<Kind, string>> = {}): Policies {
  const rows = Object.keys(KINDS).filter((kind) => kind !== 'definitions' && kind !== 'time-zones');
  return policies({ ...Object.fromEntries(rows.map((kind) => [kind, 'reject'])), ...given });
}

/** The digits that are put behind a name, as anybody can work them out. */
export function digitsOf(email: string): string {
  const hash = createHash('md5').update(email.toLowerCase()).digest('hex');
  return String(BigInt(`0x${hash.slice(0, 15)}`) % 1_000_000n).padStart(6, '0');
}
