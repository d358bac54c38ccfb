import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { audit } from '../admin/audit-log.service.js';
import { AuditAction, OPERATOR } from '../admin/audit-log.type.js';
import type { AdminSettings } from '../config/admin-settings.js';
import { ConfigError } from '../config/config-error.js';
import { queryOne, sql } from '../database/query.js';
import { notDeleted } from '../database/soft-delete.js';
import { violatedUnique } from '../database/sql-state.js';
import { inTransaction } from '../database/transaction.js';
import { newId } from '../shared/ids.js';
import type { InstantText } from '../shared/instant.js';
import { Role } from './account.type.js';
import { normalizeNickname } from './nickname.js';
import { hashPassword } from './password.js';
import { replacePasswordReset } from './password-reset.service.js';

export interface EnsuredAdmin {
  id: string;
  /** False where an account had that email already: it is an admin now, and otherwise as it was. */
  created: boolean;
}

/**
 * Makes sure that the account with the settings' email exists and is an admin. Password, nickname and birth date
 * are those of a new account; an account that exists keeps its own. Safe to call from several servers at once.
 * @returns undefined where an account has the email that nobody has confirmed: then it stays as it is
 * @throws ConfigError where the email belongs to a deleted account, or the nickname to another one
 */
export async function ensureAdmin(em: SqlEntityManager, settings: AdminSettings): Promise<EnsuredAdmin | undefined> {
  const { email, birthDate } = settings;
  const nickname = normalizeNickname(settings.nickname, 'ADMIN_NICKNAME');
  const passwordHash = await hashPassword(settings.password);
  const admin = await upsertAdmin(em, { email, nickname, passwordHash, birthDate });
  if (admin === 'deleted') {
    throw new ConfigError(['ADMIN_EMAIL: belongs to a deleted account; restore that account or choose another email']);
  }
  if (admin === 'nickname taken') {
    throw new ConfigError([
      `ADMIN_NICKNAME: another player has the nickname ${settings.nickname}, or one that looks too much like it`,
    ]);
  }
  return admin === 'not confirmed' ? undefined : { id: admin.id, created: admin.created };
}

/** How long the link of a new admin is good for. */
export const ADMIN_LINK_HOURS = 24;

export interface CreatedAdmin extends EnsuredAdmin {
  /** With which a password is set, once; null where the account has one. */
  token: string | null;
  tokenExpiresAt: InstantText | null;
}

/**
 * Makes an admin who sets their own password, by a token in the place of those that were given before. An account that has
 * the email becomes an admin, and keeps its password where it has one.
 * @returns `deleted` where the email belongs to a deleted account, `nickname taken` where another player has the nickname, `not
 *   confirmed` where an account has the email that nobody has confirmed: it may be somebody else's
 */
export async function createAdmin(
  em: SqlEntityManager,
  { email, nickname }: { email: string; nickname: string },
): Promise<CreatedAdmin | AdminProblem> {
  const admin = await upsertAdmin(em, { email, nickname, passwordHash: null, birthDate: null });
  if (typeof admin === 'string') {
    return admin;
  }
  const { id, created, hasPassword } = admin;
  if (hasPassword) {
    return { id, created, token: null, tokenExpiresAt: null };
  }
  const { token, expiresAt } = await inTransaction(em, (transaction) =>
    replacePasswordReset(transaction, id, ADMIN_LINK_HOURS * 60),
  );
  return { id, created, token, tokenExpiresAt: expiresAt };
}

/** `not confirmed`: an account has the email, and nobody who reads that address has confirmed it. */
export type AdminProblem = 'deleted' | 'nickname taken' | 'not confirmed';

interface NewAdmin {
  email: string;
  nickname: string;
  passwordHash: string | null;
  birthDate: string | null;
}

interface UpsertedAdmin extends EnsuredAdmin {
  hasPassword: boolean;
}

/**
 * Of two servers that insert the same admin at once, one can meet the other's nickname before its email. Asked
 * again it meets the email; whoever meets the nickname twice meets another player's.
 */
async function upsertAdmin(em: SqlEntityManager, admin: NewAdmin): Promise<UpsertedAdmin | AdminProblem> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await inTransaction(em, (transaction) => upsert(transaction, admin));
    } catch (error) {
      if (violatedUnique(error)?.startsWith('users_nickname') !== true) {
        throw error;
      }
      if (attempt === 2) {
        return 'nickname taken';
      }
    }
  }
}

/** Writes to the audit log what it has changed. */
async function upsert(em: SqlEntityManager, admin: NewAdmin): Promise<UpsertedAdmin | 'deleted' | 'not confirmed'> {
  const { email, nickname, passwordHash, birthDate } = admin;
  const newUserId = newId();
  const changed = await queryOne(
    em,
    sql<{ id: string; hasPassword: boolean; role: Role }>`
      insert into users as u (id, email, nickname, password_hash, birth_date, role)
      values (${newUserId}, ${email}, ${nickname}, ${passwordHash}, ${birthDate}, 'admin')
      on conflict (lower(email)) do update set role = 'admin'
        where ${notDeleted('u')} and u.role <> 'admin' and u.email_verified_at is not null
      returning u.id, u.password_hash is not null as "hasPassword", u.role`,
  );
  if (changed?.id === newUserId) {
    await audit(em, OPERATOR, AuditAction.ADMIN_CREATED, newUserId, {});
  } else if (changed !== undefined) {
    await audit(em, OPERATOR, AuditAction.ROLE_SET, changed.id, { role: 'ADMIN' });
  }
  // An account with that email holds still since: it was locked whether it was changed or not.
  const account =
    changed ??
    (await queryOne(
      em,
      sql<{
        id: string;
        hasPassword: boolean;
        role: Role;
      }>`select u.id, u.password_hash is not null as "hasPassword", u.role
        from users u where lower(u.email) = lower(${email}) and ${notDeleted('u')}`,
    ));
  if (account === undefined) {
    return 'deleted';
  }
  // Anybody can have registered with the address of somebody who is to be an admin.
  if (account.role !== Role.ADMIN) {
    return 'not confirmed';
  }
  const { id, hasPassword } = account;
  return { id, hasPassword, created: id === newUserId };
}
