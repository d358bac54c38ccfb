import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { hashOneTimeToken } from '../account/one-time-token.js';
import { query, queryOne, sql } from '../database/query.js';
import type { SignInSecrets } from './provider.js';

/** Minutes that somebody may stay at a provider. */
export const ATTEMPT_MINUTES = 10;

/** What is to happen when somebody comes back from a provider. */
export interface SignInAttempt {
  returnUrl: string;
  /** Whom the identity is to be linked to; null for a sign-in. */
  linkTo: string | null;
}

/** Keeps what is needed when the browser with that cookie comes back. */
export async function keepAttempt(
  em: SqlEntityManager,
  provider: string,
  browser: string,
  { state, nonce, verifier }: SignInSecrets,
  { returnUrl, linkTo }: SignInAttempt,
): Promise<void> {
  await query(
    em,
    sql`insert into sign_in_attempts (state_hash, browser_hash, provider, verifier, nonce, return_url, user_id, expires_at)
      values (${hashOneTimeToken(state)}, ${hashOneTimeToken(browser)}, ${provider}, ${verifier}, ${nonce},
        ${returnUrl}, ${linkTo}, now() + make_interval(mins => ${sql.lit(ATTEMPT_MINUTES)}))`,
  );
}

/**
 * Takes what was kept: it can be had once, by the browser that began. For any other it stays.
 * @returns undefined where there is nothing
 */
export async function takeAttempt(
  em: SqlEntityManager,
  provider: string,
  browser: string,
  state: string,
): Promise<(SignInAttempt & SignInSecrets) | undefined> {
  const taken = await queryOne(
    em,
    sql<SignInAttempt & { nonce: string; verifier: string }>`delete from sign_in_attempts
      where state_hash = ${hashOneTimeToken(state)} and browser_hash = ${hashOneTimeToken(browser)}
        and provider = ${provider} and expires_at > now()
      returning return_url as "returnUrl", user_id as "linkTo", nonce, verifier`,
  );
  return taken && { ...taken, state };
}
