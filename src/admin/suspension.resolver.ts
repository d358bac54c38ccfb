import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { toUser, type UserRow, UserType } from '../account/user.type.js';
import type { Context } from '../context.js';
import { pageSize } from '../shared/connection.js';
import { requireAdmin } from './actor.js';
import { listSuspensions, restoreUser, suspendUser } from './suspension.service.js';
import {
  RestoreUserPayload,
  SuspendUserInput,
  SuspendUserPayload,
  SuspensionConnection,
  type SuspensionRow,
  SuspensionType,
} from './suspension.type.js';

@Resolver(() => SuspensionType)
export class SuspensionResolver {
  @Query(() => SuspensionConnection, {
    nullable: true,
    description: 'Who is suspended, the last first, for an admin or a service key with the scope admin. 20 by default.',
  })
  async suspensions(
    @Ctx() context: Context,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<SuspensionConnection> {
    requireAdmin(context);
    return listSuspensions(context.em, pageSize(first, 20), after ?? null);
  }

  @Mutation(() => SuspendUserPayload, {
    nullable: true,
    description:
      'Suspends a user, for an admin or a service key with the scope admin: their sessions end, and they are on no board, in no search and on no list. Repeated, it changes end and reason.',
  })
  async suspendUser(
    @Ctx() context: Context,
    @Arg('input', () => SuspendUserInput) input: SuspendUserInput,
  ): Promise<SuspendUserPayload> {
    const suspension = await suspendUser(context.em, context.jobs, requireAdmin(context), input);
    context.noteWriteFor(suspension.id);
    return { suspension };
  }

  @Mutation(() => RestoreUserPayload, {
    nullable: true,
    description:
      'Ends a suspension, and undoes a deletion that is not final yet, for an admin or a service key with the scope admin. The user has the same ranks again.',
  })
  async restoreUser(@Ctx() context: Context, @Arg('userId', () => ID) userId: string): Promise<RestoreUserPayload> {
    const user = await restoreUser(context.em, requireAdmin(context), userId);
    context.noteWriteFor(user.id);
    return { user };
  }

  @FieldResolver(() => UserType, { description: 'Who is suspended. Nothing else shows them.' })
  user(@Root() suspension: SuspensionRow): UserRow {
    return toUser(suspension);
  }
}
