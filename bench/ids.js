/*
 * The ids of the data: the row's number in the last part of a UUID, so that SQL, pgbench and this program
 * agree on them without looking them up.
 */

const USER = '00000000-0000-7000-8000-';
const SESSION = '00000000-0000-7000-9000-';

const uuid = (prefix, number) => `${prefix}${number.toString(16).padStart(12, '0')}`;
const uuidSql = (prefix, number) => `('${prefix}' || lpad(to_hex((${number})::bigint), 12, '0'))::uuid`;

/** The id of player `number`, from 1. */
export const userId = (number) => uuid(USER, number);

/** The id of that player's session. */
export const sessionId = (number) => uuid(SESSION, number);

/** SQL: the id of the player whose number is the expression `number`. */
export const userIdSql = (number) => uuidSql(USER, number);

/** SQL: the id of that player's session. */
export const sessionIdSql = (number) => uuidSql(SESSION, number);

/** Whether an id is one of the data's, and not one that a server has made. */
export const isDataId = (id) => id.startsWith(USER) || id.startsWith(SESSION);

/** How many of the players can sign in: they have friends, requests, visits and a session. */
export const viewerCount = (players) => Math.min(2000, Math.floor(players / 5));

/** The number of viewer `index`, from 0: spread evenly over all players. */
export const viewerNumber = (players, index) =>
  1 + Math.floor(((2 * index + 1) * players) / (2 * viewerCount(players)));
