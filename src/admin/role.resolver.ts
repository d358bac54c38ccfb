import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { Role } from '../account/account.type.js';
import type { Context } from '../context.js';
import { requireAdmin } from './actor.js';
import { setRole } from './role.service.js';
import { SetRoleInput, SetRolePayload } from './role.type.js';

@Resolver()
export class RoleResolver {
  @Mutation(() => SetRolePayload, {
    nullable: true,
    description:
      'Makes a user an admin, or an admin a player again, for an admin or a service key with the scope admin. It holds from the next request on. There is always an admin left.',
  })
  async setRole(
    @Ctx() context: Context,
    @Arg('input', () => SetRoleInput) input: SetRoleInput,
  ): Promise<SetRolePayload> {
    const user = await setRole(context.em, requireAdmin(context), input);
    context.noteWriteFor(user.id);
    if (user.id === context.viewerId && input.role !== Role.ADMIN) {
      context.endAdministration();
    }
    return { user };
  }
}
