/** The default board, as the migrations made it. */
export const MONTHLY = '01900000-0000-7000-8000-000000000001';

/** Largest number that a client can read: 2^53 - 1. */
export const MAX_SAFE = '9007199254740991';

/** SQL: the key of the season of a staged month. */
export function monthKey(alias = 't'): string {
  return `(lpad(${alias}.year::text, 4, '0') || '-' || lpad(${alias}.month::text, 2, '0'))`;
}

/** SQL: a staged user's UUID, NULL where it has none or one that is malformed. */
export function publicId(alias = 't'): string {
  return `(case when ${alias}.user_id ~* ${UUID} then ${alias}.user_id end)::uuid`;
}

/** SQL: what a UUID looks like, as a pattern. */
export const UUID = `'^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$'`;
