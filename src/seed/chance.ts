import type { RawBuilder } from 'kysely';
import { sql } from '../database/query.js';

/*
 * Demo data look random and are not: everything comes from the MD5 of what a row is about, which every
 * database computes alike. random() would not repeat, and hash functions may change with the release.
 */

/** Ends a subquery that is not to be merged into the outer one: each mention of what it draws would draw again. */
export const FENCE = sql`offset 0`;

/**
 * An expression for the id of a demo row: a UUID of version 8 (RFC 9562: made by the application's own rule).
 * It begins with the row's number, so that rows made in that order lie close in every index: with random ids
 * 100,000 players take three times as long.
 * @param number SQL expression, a whole number below 2^47 that no other row of that kind has
 */
export function demoId(kind: string, number: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`(lpad(to_hex(${number}), 12, '0')
    || overlay(overlay(left(${digest(kind, number)}, 20) placing '8' from 1) placing '8' from 5))::uuid`;
}

/**
 * An expression for a number from 0 (included) to 1 (excluded), always the same for one kind and key.
 * @param key SQL expression that casts to text
 */
export function chance(kind: string, key: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`(('x' || left(${digest(kind, key)}, 8))::bit(32)::bigint / 4294967296::float8)`;
}

/** As `chance`, for a whole number from 0 (included) to `limit` (excluded), which is an SQL expression. */
export function chanceBelow(limit: RawBuilder<unknown>, kind: string, key: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`floor(${chance(kind, key)} * (${limit}))::integer`;
}

function digest(kind: string, key: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`md5(${sql.lit(`laurel-demo:${kind}:`)} || (${key})::text)`;
}
