import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { isPresent } from '../account/presence.js';
import { sessionEnded } from '../account/session.service.js';
import { query, queryOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { AppError, badInput, ErrorCode, ErrorReason, notFound } from '../errors.js';
import { isId, newId } from '../shared/ids.js';
import type { InstantText } from '../shared/instant.js';
import type { Claims } from './claims.js';
import { type PendingLink, spendLinkCode } from './sign-in-code.js';

export interface IdentityRow {
  id: string;
  provider: string;
  email: string | null;
  emailVerified: boolean;
  pictureUrl: string | null;
  createdAt: InstantText;
  lastUsedAt: InstantText;
}

const identityColumns = sql<IdentityRow>`i.id, i.provider, i.email, i.email_verified as "emailVerified",
  i.picture_url as "pictureUrl", i.created_at as "createdAt", i.last_used_at as "lastUsedAt"`;

/** The identities of users, oldest first. @returns for each id its identities */
export async function identitiesOf(em: SqlEntityManager, userIds: readonly string[]): Promise<IdentityRow[][]> {
  const rows = await query(
    em,
    sql<IdentityRow & { userId: string }>`select i.user_id as "userId", ${identityColumns} from identities i
      where i.user_id = any(${userIds}::uuid[]) order by i.created_at, i.id`,
  );
  return userIds.map((id) => rows.filter(({ userId }) => userId === id));
}

/**
 * Keeps an identity for that user, or what is new of it. The caller's transaction holds the user's row.
 * @returns undefined where it is another user's
 */
export function keepIdentity(
  em: SqlEntityManager,
  userId: string,
  provider: string,
  { subject, email, emailVerified, pictureUrl }: Claims,
): Promise<IdentityRow | undefined> {
  return queryOne(
    em,
    sql<IdentityRow>`insert into identities as i (id, user_id, provider, subject, email, email_verified, picture_url)
      values (${newId()}, ${userId}, ${provider}, ${subject}, ${email}, ${emailVerified}, ${pictureUrl})
      on conflict (provider, subject) do update set last_used_at = now(), email = excluded.email,
        email_verified = excluded.email_verified, picture_url = excluded.picture_url
        where i.user_id = excluded.user_id
      returning ${identityColumns}`,
  );
}

/**
 * Links the identity that the viewer has come back from a provider with. Only the user who asked for the link can:
 * whoever was lured into somebody else's cannot finish it.
 * @throws AppError BAD_USER_INPUT naming the code; CONFLICT with IDENTITY_TAKEN
 */
export function completeLink(em: SqlEntityManager, userId: string, code: string): Promise<IdentityRow> {
  return inTransaction(em, async (transaction) => {
    await holdUser(transaction, userId);
    const link: PendingLink | undefined = await spendLinkCode(transaction, userId, code);
    if (link === undefined) {
      throw badInput('code', 'This code is not one of yours, was used, or is more than a minute old. Begin again.');
    }
    const identity = await keepIdentity(transaction, userId, link.provider, link.claims);
    if (identity === undefined) {
      throw new AppError(ErrorCode.CONFLICT, 'Another account has this identity.', {
        reason: ErrorReason.IDENTITY_TAKEN,
        field: 'code',
      });
    }
    return identity;
  });
}

/**
 * Takes an identity from a user.
 * @throws AppError NOT_FOUND where the user has none of that id; CONFLICT with LAST_SIGN_IN where nothing else is left to
 *   sign in with
 */
export async function unlinkIdentity(em: SqlEntityManager, userId: string, id: string): Promise<void> {
  const outcome = isId(id) ? await unlink(em, userId, id) : 'absent';
  if (outcome === 'absent') {
    throw notFound('You have no such identity.', 'id');
  }
  if (outcome === 'last') {
    throw new AppError(
      ErrorCode.CONFLICT,
      'This account has no password and no other identity: nobody could sign in to it. Set a password first.',
      { reason: ErrorReason.LAST_SIGN_IN, field: 'id' },
    );
  }
}

function unlink(em: SqlEntityManager, userId: string, id: string): Promise<'done' | 'absent' | 'last'> {
  return inTransaction(em, async (transaction) => {
    // Two who unlink at once come one after the other, so that the later one sees what is left.
    const { hasPassword } = await holdUser(transaction, userId);
    const own = await query(transaction, sql<{ id: string }>`select id from identities where user_id = ${userId}`);
    if (!own.some((identity) => identity.id === id.toLowerCase())) {
      return 'absent';
    }
    if (own.length === 1 && !hasPassword) {
      return 'last';
    }
    await query(transaction, sql`delete from identities where id = ${id}`);
    return 'done';
  });
}

/**
 * Locks the user's row, under which identities come and go.
 * @throws AppError UNAUTHENTICATED with TOKEN_REVOKED where the account is gone
 */
async function holdUser(em: SqlEntityManager, userId: string): Promise<{ hasPassword: boolean }> {
  const user = await queryOne(
    em,
    sql<{ hasPassword: boolean }>`select password_hash is not null as "hasPassword" from users
      where id = ${userId} and ${isPresent()} for no key update`,
  );
  if (user === undefined) {
    throw sessionEnded();
  }
  return user;
}
