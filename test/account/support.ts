import { query, queryExactlyOne, sql } from '../../src/database/query.js';
import { newId } from '../../src/shared/ids.js';
import type { Answer, Player, TestServer } from '../support/server.js';

export const AUTH = `accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt user { id nickname }`;
export const REGISTER = `mutation ($input: RegisterInput!) { register(input: $input) { ${AUTH} } }`;
export const LOGIN = `mutation ($input: LoginInput!) { login(input: $input) { ${AUTH} } }`;
export const REFRESH = `mutation ($token: String!) { refreshSession(refreshToken: $token) { ${AUTH} } }`;
export const LOGOUT = `mutation ($everywhere: Boolean! = false) { logout(everywhere: $everywhere) { sessionsEnded } }`;
export const UPDATE = `mutation ($input: UpdateProfileInput!) {
  updateProfile(input: $input) { user { id nickname pictureUrl account { birthDate timeZone } } }
}`;
export const CHANGE_PASSWORD = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { ${AUTH} } }`;
export const DELETE = `mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { userId } }`;
export const VIEWER = `{ viewer { id } }`;

/** What a client tells errors apart by: code, reason, field; an empty list where nothing failed. */
export function errorsOf(answer: Answer<unknown>): Record<string, unknown>[] {
  return (answer.errors ?? []).map(({ extensions }) => ({ ...extensions }));
}

interface StoredUser {
  nickname: string;
  email?: string | null;
  passwordHash?: string | null;
  birthDate?: string | null;
  role?: 'user' | 'admin';
}

/** A user as one that came from elsewhere: past every rule but the database's. @returns the id */
export async function insertUser(server: TestServer, user: StoredUser): Promise<string> {
  const id = newId();
  await query(
    server.database.orm.em.fork(),
    sql`insert into users (id, nickname, email, password_hash, birth_date, role)
      values (${id}, ${user.nickname}, ${user.email ?? null}, ${user.passwordHash ?? null}, ${user.birthDate ?? null},
        ${user.role ?? 'user'})`,
  );
  return id;
}

/** One row by SQL, on a fork of its own. */
export function row<Row>(server: TestServer, statement: ReturnType<typeof sql<Row>>): Promise<Row> {
  return queryExactlyOne(server.database.orm.em.fork(), statement);
}

/** The id of the user with tokens that somebody else's answer carried. */
export function asPlayer(payload: {
  accessToken: string;
  refreshToken: string;
  user: { id: string; nickname: string };
}): Player {
  const { user, accessToken, refreshToken } = payload;
  return { ...user, email: '', accessToken, refreshToken };
}

/** Makes a player an admin, as an operator would. */
export async function promote(server: TestServer, player: Player): Promise<void> {
  await query(server.database.orm.em.fork(), sql`update users set role = 'admin' where id = ${player.id}`);
}
