import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { hashOneTimeToken, newOneTimeToken } from '../account/one-time-token.js';
import { query, queryOne, sql } from '../database/query.js';
import type { Claims } from './claims.js';

const CODE_SECONDS = 60;

/** An identity that its user has yet to confirm. */
export interface PendingLink {
  provider: string;
  claims: Claims;
}

/**
 * Makes a code, good once and for a minute, with which a client gets a session.
 * @param link the identity that it links instead
 */
export async function issueCode(em: SqlEntityManager, userId: string, link: PendingLink | null): Promise<string> {
  const { token, hash } = newOneTimeToken();
  await query(
    em,
    sql`insert into sign_in_codes (code_hash, user_id, link, expires_at) values (${hash}, ${userId},
      ${link === null ? null : JSON.stringify(link)}::jsonb, now() + make_interval(secs => ${sql.lit(CODE_SECONDS)}))`,
  );
  return token;
}

/** Spends a code for a session. @returns whose; undefined where it is none */
export async function spendSignInCode(em: SqlEntityManager, code: string): Promise<string | undefined> {
  const spent = await queryOne(
    em,
    sql<{ userId: string }>`delete from sign_in_codes
      where code_hash = ${hashOneTimeToken(code)} and link is null and expires_at > now()
      returning user_id as "userId"`,
  );
  return spent?.userId;
}

/** Spends that user's code for a link. @returns what to link; undefined where it is none of theirs */
export async function spendLinkCode(
  em: SqlEntityManager,
  userId: string,
  code: string,
): Promise<PendingLink | undefined> {
  const spent = await queryOne(
    em,
    sql<{ link: PendingLink }>`delete from sign_in_codes
      where code_hash = ${hashOneTimeToken(code)} and user_id = ${userId} and link is not null and expires_at > now()
      returning link`,
  );
  return spent?.link;
}
