import type DataLoader from 'dataloader';
import type { Context } from '../context.js';
import { acrossRequests } from '../database/across-requests.js';
import { batchLoader } from '../database/batch-loader.js';
import { query, sql } from '../database/query.js';
import { isId } from '../shared/ids.js';
import type { AccountRow } from './account.type.js';
import { isPresent } from './presence.js';
import { userColumns } from './user.service.js';
import type { UserRow } from './user.type.js';

/** Users by id, in one statement for any number; null for who does not exist or is deleted. */
export function userLoader({ em }: Context): DataLoader<string, UserRow | null> {
  return batchLoader(em, (ids) => loadUsers(em, ids));
}

const loadUsers = acrossRequests<string, UserRow | null>(async (em, ids) => {
  const rows = await query(
    em,
    sql<UserRow>`select ${userColumns} from users u where u.id = any(${ids.filter(isId)}::uuid[]) and ${isPresent('u')}`,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
});

/** What is private to users, by id. Asked only after `maySeePrivate`. */
export function accountLoader({ em, config }: Context): DataLoader<string, AccountRow | null> {
  return batchLoader(em, async (ids) => {
    const rows = await query(
      em,
      sql<AccountRow>`select id, email, email_verified_at is not null as "emailVerified", birth_date as "birthDate", role,
          coalesce(time_zone, ${config.seasonTimeZone}::text) as "timeZone"
        from users where id = any(${ids}::uuid[])`,
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id) ?? null);
  });
}
