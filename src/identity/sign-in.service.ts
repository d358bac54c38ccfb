import { randomBytes } from 'node:crypto';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { AccountRules, SignedIn } from '../account/account.service.js';
import { openSession } from '../account/session.service.js';
import { type Absence, absenceColumns, comeBack, isSuspended, standingAccount } from '../account/standing-account.js';
import { userColumns } from '../account/user.service.js';
import { toUser, type UserRow } from '../account/user.type.js';
import { queryOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { badInput } from '../errors.js';
import type { Claims } from './claims.js';
import { accountOf } from './identity-account.js';
import { spendTicket } from './link-ticket.js';
import type { Provider } from './provider.js';
import { keepAttempt, type SignInAttempt } from './sign-in-attempt.js';
import { issueCode, spendSignInCode } from './sign-in-code.js';
import { SignInError } from './sign-in-error.js';

const SECRET_BYTES = 32;

/** 256 random bits, for what must not be guessed. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/**
 * Begins a sign-in.
 * @param browser the cookie of the browser, in which alone it can go on
 * @param ticket to link an identity to the ticket's user instead
 * @returns where to send the browser
 * @throws SignInError provider_unavailable, provider_refused, ticket_invalid
 */
export async function beginSignIn(
  em: SqlEntityManager,
  provider: Provider,
  browser: string,
  returnUrl: string,
  ticket: string | undefined,
): Promise<URL> {
  const secrets = { state: newSecret(), nonce: newSecret(), verifier: newSecret() };
  const { name } = provider.settings;
  // First, so that a provider that is away costs nobody a ticket.
  const url = await provider.authorizationUrl(secrets);
  await inTransaction(em, async (transaction) => {
    const linkTo = ticket === undefined ? null : await spendTicket(transaction, ticket, name, returnUrl);
    if (linkTo === undefined) {
      throw new SignInError('ticket_invalid');
    }
    await keepAttempt(transaction, name, browser, secrets, { returnUrl, linkTo });
  });
  return url;
}

/**
 * Makes a code for somebody who has come back from a provider: for a session, or for the link that was asked for.
 * @throws SignInError email_taken, account_deleted, account_suspended
 */
export async function settleSignIn(
  em: SqlEntityManager,
  provider: string,
  claims: Claims,
  { linkTo }: SignInAttempt,
  { deletionGraceDays, reservedNicknames }: Pick<AccountRules, 'deletionGraceDays' | 'reservedNicknames'>,
): Promise<string> {
  if (linkTo !== null) {
    return issueCode(em, linkTo, { provider, claims });
  }
  const userId = await accountOf(em, provider, claims, reservedNicknames);
  const standing = await queryOne(
    em,
    sql<Absence>`select ${absenceColumns} from users u where u.id = ${userId} and ${standingAccount(deletionGraceDays)}`,
  );
  if (standing === undefined) {
    throw new SignInError('account_deleted');
  }
  if (isSuspended(standing)) {
    throw new SignInError('account_suspended');
  }
  return issueCode(em, userId, null);
}

/**
 * Opens a session for a code. An account that was deleted not too long ago is there again.
 * @throws AppError BAD_USER_INPUT naming the code; FORBIDDEN with ACCOUNT_SUSPENDED
 */
export function completeSignIn(
  em: SqlEntityManager,
  code: string,
  deletionGraceDays: number,
  userAgent: string | null,
): Promise<SignedIn> {
  return inTransaction(em, async (transaction) => {
    const userId = await spendSignInCode(transaction, code);
    const account =
      userId === undefined
        ? undefined
        : await queryOne(
            transaction,
            sql<UserRow & Absence>`select ${userColumns}, ${absenceColumns}
              from users u where u.id = ${userId} and ${standingAccount(deletionGraceDays)} for no key update`,
          );
    if (account === undefined) {
      throw badInput('code', 'This code is not valid: it was used, or is more than a minute old. Sign in again.');
    }
    await comeBack(transaction, account.id, account);
    return { ...(await openSession(transaction, toUser(account), userAgent)), restored: account.deleted };
  });
}
