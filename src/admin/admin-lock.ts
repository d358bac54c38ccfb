import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { isPresent } from '../account/presence.js';
import { Role } from '../account/account.type.js';
import { query, sql } from '../database/query.js';
import { AppError, ErrorCode, ErrorReason, notFound } from '../errors.js';
import { isId } from '../shared/ids.js';
import { type Actor, ActorKind } from './audit-log.type.js';

/** A user as `lockWithAdmins` has found them, until the transaction ends. */
export interface LockedUser {
  id: string;
  role: Role;
  /** Neither deleted nor suspended. */
  present: boolean;
  deleted: boolean;
  scrubbed: boolean;
  suspended: boolean;
  /** Whether there is another admin who is present. */
  replaceable: boolean;
}

/**
 * Locks a user together with all admins, in one order, so that of admins who act on each other at once the one who comes
 * later sees what has become of them.
 * @param field dotted path of the input that names the user
 * @throws AppError NOT_FOUND where there is no such user; UNAUTHENTICATED where the acting admin is none any more
 */
export async function lockWithAdmins(
  em: SqlEntityManager,
  actor: Actor,
  userId: string,
  field: string,
): Promise<LockedUser> {
  if (!isId(userId)) {
    throw noSuchUser(field);
  }
  const rows = await query(
    em,
    sql<Omit<LockedUser, 'replaceable'>>`select id, role, ${isPresent()} as present,
        deleted_at is not null as deleted, scrubbed_at is not null as scrubbed, suspended_at is not null as suspended
      from users where id = ${userId} or (role = ${sql.lit(Role.ADMIN)} and ${isPresent()})
      order by id for no key update`,
  );
  const admins = rows.filter(({ role, present }) => present && role === Role.ADMIN);
  if (actor.kind === ActorKind.ADMIN && !admins.some(({ id }) => id === actor.id)) {
    throw new AppError(ErrorCode.UNAUTHENTICATED, 'The session has ended. Sign in again.', {
      reason: ErrorReason.TOKEN_REVOKED,
    });
  }
  const user = rows.find(({ id }) => id === userId.toLowerCase());
  if (user === undefined) {
    throw noSuchUser(field);
  }
  return { ...user, replaceable: admins.some(({ id }) => id !== user.id) };
}

/** @throws AppError CONFLICT with LAST_ADMIN where the user is the only admin there is */
export function refuseLastAdmin({ role, present, replaceable }: LockedUser, field: string): void {
  if (present && role === Role.ADMIN && !replaceable) {
    throw new AppError(ErrorCode.CONFLICT, 'This is the last admin. Make another one first.', {
      reason: ErrorReason.LAST_ADMIN,
      field,
    });
  }
}

/** The answer where a mutation names nobody who is there. */
export function noSuchUser(field: string): AppError {
  return notFound('There is no such user.', field);
}
