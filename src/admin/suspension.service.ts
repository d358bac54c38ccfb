import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { endSessions } from '../account/session.service.js';
import { userColumns } from '../account/user.service.js';
import type { UserRow } from '../account/user.type.js';
import { query, queryExactlyOne, sql } from '../database/query.js';
import { inTransaction } from '../database/transaction.js';
import { badInput } from '../errors.js';
import type { Jobs } from '../jobs/jobs.js';
import { forwardPage, type Page } from '../shared/connection.js';
import { type CursorList, decodeCursor } from '../shared/cursor.js';
import { toDate } from '../shared/instant.js';
import { lockWithAdmins, noSuchUser, refuseLastAdmin } from './admin-lock.js';
import { audit } from './audit-log.service.js';
import { type Actor, ActorKind, AuditAction } from './audit-log.type.js';
import { checkReason } from './reason.js';
import { SUSPENSION_END } from './suspension.job.js';
import type { SuspendUserInput, SuspensionRow } from './suspension.type.js';

const suspensionColumns = sql<SuspensionRow>`${userColumns}, u.suspended_at as since, u.suspended_until as until,
  u.suspension_reason as reason`;

/**
 * Suspends a user: their sessions end, and they are on no board, in no search and on no list, until `until` or until they
 * are restored. Of somebody who is suspended already, end and reason are changed.
 * @throws AppError BAD_USER_INPUT naming the field; NOT_FOUND; CONFLICT with LAST_ADMIN
 */
export async function suspendUser(
  em: SqlEntityManager,
  jobs: Jobs | undefined,
  actor: Actor,
  input: SuspendUserInput,
): Promise<SuspensionRow> {
  // As a Date has it: what the database is sent is what is answered.
  const until = input.until == null ? null : new Date(input.until).toISOString();
  const reason = checkReason(input.reason, 'input.reason');
  if (until !== null && new Date(until).getTime() <= Date.now()) {
    throw badInput('input.until', 'The end of a suspension must be still to come.');
  }
  if (actor.kind === ActorKind.ADMIN && input.userId.toLowerCase() === actor.id) {
    throw badInput('input.userId', 'Nobody suspends themselves.');
  }
  return inTransaction(em, async (transaction) => {
    const user = await lockWithAdmins(transaction, actor, input.userId, 'input.userId');
    // Who has deleted the account can have it back by signing in.
    if (user.scrubbed) {
      throw noSuchUser('input.userId');
    }
    refuseLastAdmin(user, 'input.userId');
    const suspension = await queryExactlyOne(
      transaction,
      sql<SuspensionRow>`update users u set suspended_at = coalesce(u.suspended_at, now()),
          suspended_until = ${until}::timestamptz, suspension_reason = ${reason}
        where u.id = ${user.id} returning ${suspensionColumns}`,
    );
    await endSessions(transaction, user.id);
    await audit(transaction, actor, AuditAction.USER_SUSPENDED, user.id, {
      reason,
      until: suspension.until && toDate(suspension.until),
    });
    if (until !== null) {
      await jobs?.enqueue(transaction, SUSPENSION_END, {}, new Date(until));
    }
    return suspension;
  });
}

/**
 * Ends a user's suspension, and undoes a deletion that is not final yet: the user is on every board and list again, at the
 * same rank. Of somebody who is there nothing is changed.
 * @throws AppError NOT_FOUND
 */
export async function restoreUser(em: SqlEntityManager, actor: Actor, userId: string): Promise<UserRow> {
  return inTransaction(em, async (transaction) => {
    const { id, present, scrubbed, suspended, deleted } = await lockWithAdmins(transaction, actor, userId, 'userId');
    if (scrubbed) {
      throw noSuchUser('userId');
    }
    if (present) {
      return queryExactlyOne(transaction, sql<UserRow>`select ${userColumns} from users u where u.id = ${id}`);
    }
    await audit(transaction, actor, AuditAction.USER_RESTORED, id, { suspended, deleted });
    return queryExactlyOne(
      transaction,
      sql<UserRow>`update users u set suspended_at = null, suspended_until = null, suspension_reason = null,
          deleted_at = null
        where u.id = ${id} returning ${userColumns}`,
    );
  });
}

const LIST: CursorList = { name: 'suspendedUsers', key: ['instant', 'id'] };

/** Users who are suspended, the last first. */
export async function listSuspensions(
  em: SqlEntityManager,
  size: number,
  after: string | null,
): Promise<Page<SuspensionRow>> {
  const key = after === null ? null : decodeCursor(LIST, after, 'after');
  const rows = await query(
    em,
    sql<SuspensionRow>`select ${suspensionColumns} from users u
      where u.suspended_at is not null
        and ${key === null ? sql`true` : sql`(u.suspended_at, u.id) < (${key[0]}::timestamptz, ${key[1]}::uuid)`}
      order by u.suspended_at desc, u.id desc limit ${size + 1}`,
  );
  return forwardPage({
    list: LIST,
    rows,
    size,
    hasPreviousPage: after !== null,
    keyOf: (row) => [row.since, row.id],
    edgeOf: (node, cursor) => ({ cursor, node }),
  });
}
