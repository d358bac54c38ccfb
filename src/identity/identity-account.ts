import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { isReserved } from '../account/reserved-nickname.js';
import { query, queryOne, sql } from '../database/query.js';
import { violatedUnique } from '../database/sql-state.js';
import { inTransaction } from '../database/transaction.js';
import { newId } from '../shared/ids.js';
import type { Claims } from './claims.js';
import { keepIdentity } from './identity.service.js';
import { nicknamesFor } from './nickname-of.js';
import { SignInError } from './sign-in-error.js';

/** Times that others may get in between before it is given up. */
const MAX_DISTURBANCES = 5;

/**
 * The account that somebody signs in to with an identity: the one that it is linked to; the one that has the email, where
 * both the provider and this server vouch for that; or else a new one.
 * @param reserved nicknames that a new account does not get
 * @returns the user's id
 * @throws SignInError email_taken
 */
export async function accountOf(
  em: SqlEntityManager,
  provider: string,
  claims: Claims,
  reserved: readonly string[],
): Promise<string> {
  const nicknames = nicknamesFor(claims.name);
  let disturbances = 0;
  for (;;) {
    try {
      return await inTransaction(em, async (transaction) => {
        const userId =
          (await linkedAccount(transaction, provider, claims)) ??
          (await accountWithEmail(transaction, claims)) ??
          (await newAccount(transaction, claims, nicknames[0]!, reserved));
        if ((await keepIdentity(transaction, userId, provider, claims)) === undefined) {
          // Linked to another account since it was looked for.
          throw new Disturbed();
        }
        return userId;
      });
    } catch (error) {
      // What the database refuses, it has rolled back: the next attempt meets what stands now.
      const unique = violatedUnique(error);
      const isTaken = unique?.startsWith('users_nickname') === true || error instanceof Reserved;
      if (isTaken && nicknames.length > 1) {
        nicknames.shift();
      } else if ((error instanceof Disturbed || unique === 'users_email_unique') && disturbances < MAX_DISTURBANCES) {
        disturbances += 1;
      } else {
        throw error;
      }
    }
  }
}

/** Somebody else was quicker. */
class Disturbed extends Error {}

/** The nickname is none for players. */
class Reserved extends Error {}

async function linkedAccount(em: SqlEntityManager, provider: string, { subject }: Claims): Promise<string | undefined> {
  const linked = await queryOne(
    em,
    sql<{ id: string }>`select u.id from identities i join users u on u.id = i.user_id
      where i.provider = ${provider} and i.subject = ${subject} for no key update of u`,
  );
  return linked?.id;
}

/** @throws SignInError email_taken where an account has the email, and not both sides vouch for it */
async function accountWithEmail(em: SqlEntityManager, { email, emailVerified }: Claims): Promise<string | undefined> {
  if (email === null) {
    return undefined;
  }
  const owner = await queryOne(
    em,
    sql<{ id: string; verified: boolean }>`select id, email_verified_at is not null as verified from users
      where lower(email) = lower(${email}) for no key update`,
  );
  if (owner !== undefined && !(owner.verified && emailVerified)) {
    throw new SignInError('email_taken');
  }
  return owner?.id;
}

/**
 * The email is taken over only where the provider vouches for it.
 * @throws Reserved for a nickname that is, or looks like one that is
 */
async function newAccount(
  em: SqlEntityManager,
  { email, emailVerified, pictureUrl }: Claims,
  nickname: string,
  reserved: readonly string[],
): Promise<string> {
  if (await isReserved(em, nickname, reserved)) {
    throw new Reserved();
  }
  const id = newId();
  const ownEmail = emailVerified ? email : null;
  await query(
    em,
    sql`insert into users (id, email, nickname, picture_url, email_verified_at)
      values (${id}, ${ownEmail}, ${nickname}, ${pictureUrl}, case when ${ownEmail !== null} then now() end)`,
  );
  return id;
}
