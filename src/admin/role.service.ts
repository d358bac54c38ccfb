import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Role } from '../account/account.type.js';
import { userColumns } from '../account/user.service.js';
import type { UserRow } from '../account/user.type.js';
import { queryExactlyOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { lockWithAdmins, noSuchUser, refuseLastAdmin } from './admin-lock.js';
import { audit } from './audit-log.service.js';
import { type Actor, AuditAction } from './audit-log.type.js';
import type { SetRoleInput } from './role.type.js';

/**
 * Makes a user an admin, or an admin a player again. It holds from the next request on.
 * @throws AppError NOT_FOUND; CONFLICT with LAST_ADMIN
 */
export async function setRole(em: SqlEntityManager, actor: Actor, { userId, role }: SetRoleInput): Promise<UserRow> {
  return inTransaction(em, async (transaction) => {
    const user = await lockWithAdmins(transaction, actor, userId, 'input.userId');
    if (!user.present) {
      throw noSuchUser('input.userId');
    }
    if (user.role === role) {
      return queryExactlyOne(transaction, sql<UserRow>`select ${userColumns} from users u where u.id = ${user.id}`);
    }
    refuseLastAdmin(user, 'input.userId');
    await audit(transaction, actor, AuditAction.ROLE_SET, user.id, { role: role === Role.ADMIN ? 'ADMIN' : 'USER' });
    return queryExactlyOne(
      transaction,
      sql<UserRow>`update users u set role = ${role} where u.id = ${user.id}
        returning ${userColumns}`,
    );
  });
}
