import type { Context, Viewer } from '../context.js';
import { type Actor, ActorKind } from './audit-log.type.js';
import { Scope } from './scope.js';

/**
 * Who calls, for what only admins may do, and service keys with the scope admin.
 * @throws AppError UNAUTHENTICATED or FORBIDDEN for everybody else
 */
export function requireAdmin(context: Context): Actor {
  context.require(Scope.ADMIN);
  const { caller } = context;
  return caller.kind === 'service'
    ? { kind: ActorKind.SERVICE_KEY, id: caller.id }
    : { kind: ActorKind.ADMIN, id: context.requireViewer().id };
}

/** A user who does something to what is their own. */
export function userActor({ id }: Viewer): Actor {
  return { kind: ActorKind.USER, id };
}
