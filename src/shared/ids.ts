import { v3, v7 } from 'uuid';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A new row's id: UUIDv7, so that ids made close in time lie close in an index. */
export function newId(): string {
  return v7();
}

/**
 * Whether `value` can be the id of a row. Ids are opaque to clients, so anything else is merely unknown.
 * Any 128 bits pass, as they do in the database: ids that came from elsewhere need not state a version.
 */
export function isId(value: string): boolean {
  return UUID.test(value);
}

/**
 * The id of a season, the same on every server before its row exists: UUIDv3 (RFC 9562, section 5.3)
 * with the leaderboard's id as name space and the season's key as name. Migrations compute it in SQL.
 */
export function seasonId(leaderboardId: string, key: string): string {
  // As bytes: the name space may be any id, those that state no version among them.
  return v3(key, Buffer.from(leaderboardId.replaceAll('-', ''), 'hex'));
}
