import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.js';
import { pageSize } from '../shared/connection.js';
import { listAuditLog } from './audit-log.service.js';
import { AuditAction, AuditLogConnection } from './audit-log.type.js';
import { Scope } from './scope.js';

@Resolver()
export class AuditLogResolver {
  @Query(() => AuditLogConnection, {
    nullable: true,
    description:
      'What was done to the whole, newest first, for an admin or a service key with the scope admin. 20 by default.',
  })
  async auditLog(
    @Ctx() context: Context,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
    @Arg('action', () => AuditAction, { nullable: true, description: 'Only this.' }) action?: AuditAction | null,
    @Arg('targetId', () => ID, { nullable: true, description: 'Only what was done to this.' }) targetId?: string | null,
  ): Promise<AuditLogConnection> {
    context.require(Scope.ADMIN);
    return listAuditLog(context.em, pageSize(first, 20), after ?? null, {
      action: action ?? null,
      targetId: targetId ?? null,
    });
  }
}
