import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { type AdminSettings, ConfigError } from '../config.js';
import { queryOne, sql } from '../database/query.js';
import { violatedUnique } from '../database/sql-state.js';
import { newId } from '../shared/ids.js';
import { normalizeNickname } from './nickname.js';
import { hashPassword } from './password.js';

export interface EnsuredAdmin {
  id: string;
  /** False where an account had that email already: it is an admin now, and otherwise as it was. */
  created: boolean;
}

/**
 * Makes sure that the account with the settings' email exists and is an admin. Password, nickname and birth date
 * are those of a new account; an account that exists keeps its own. Safe to call from several servers at once.
 * @throws ConfigError where the email belongs to a deleted account, or the nickname to another one
 */
export async function ensureAdmin(em: SqlEntityManager, settings: AdminSettings): Promise<EnsuredAdmin> {
  const id = newId();
  const nickname = normalizeNickname(settings.nickname, 'ADMIN_NICKNAME');
  const passwordHash = await hashPassword(settings.password);
  const upsert = (): Promise<{ id: string } | undefined> =>
    queryOne(
      em,
      sql<{ id: string }>`insert into users as u (id, email, nickname, password_hash, birth_date, role)
        values (${id}, ${settings.email}, ${nickname}, ${passwordHash}, ${settings.birthDate}, 'admin')
        on conflict (lower(email)) do update
          set role = 'admin', updated_at = case when u.role = 'admin' then u.updated_at else now() end
          where u.deleted_at is null
        returning u.id`,
    );
  const admin = await retryOnNickname(upsert, settings.nickname);
  if (admin === undefined) {
    throw new ConfigError(['ADMIN_EMAIL: belongs to a deleted account; restore that account or choose another email']);
  }
  return { id: admin.id, created: admin.id === id };
}

/**
 * Of two servers that insert the same admin at once, one can meet the other's nickname before its email. Asked
 * again it meets the email; whoever meets the nickname twice meets another player's.
 */
async function retryOnNickname<T>(upsert: () => Promise<T>, nickname: string): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await upsert();
    } catch (error) {
      if (violatedUnique(error) !== 'users_nickname_key_unique') {
        throw error;
      }
      if (attempt === 2) {
        throw new ConfigError([
          `ADMIN_NICKNAME: another player has the nickname ${nickname}, or one that differs only in case or width`,
        ]);
      }
    }
  }
}
