import { Arg, Ctx, FieldResolver, ID, Mutation, Resolver, Root } from 'type-graphql';
import { loadUserOfRow } from '../account/leaver.loader.js';
import { type UserRow, UserType } from '../account/user.type.js';
import type { Context } from '../context.js';
import { consume } from '../limits/limiter.js';
import { blockUser, unblockUser } from './block.service.js';
import { acceptFriendship, rejectFriendship, removeFriendship, requestFriendship } from './friendship.service.js';
import { FriendshipPayload, type FriendshipRow, FriendshipType } from './friendship.type.js';

@Resolver(() => FriendshipType)
export class FriendshipResolver {
  @FieldResolver(() => UserType, { description: 'Who asked.' })
  async requester(@Ctx() context: Context, @Root() friendship: FriendshipRow): Promise<UserRow | null> {
    return loadUserOfRow(context, friendship.requesterId);
  }

  @FieldResolver(() => UserType, { description: 'Who was asked.' })
  async receiver(@Ctx() context: Context, @Root() friendship: FriendshipRow): Promise<UserRow | null> {
    return loadUserOfRow(context, friendship.receiverId);
  }

  @Mutation(() => FriendshipPayload, {
    nullable: true,
    description:
      'Asks a user for their friendship; where they have asked the viewer, accepts. Asking again changes nothing. A user who rejected the viewer can be asked again 24 hours later.',
  })
  async requestFriendship(
    @Ctx() context: Context,
    @Arg('userId', () => ID) userId: string,
  ): Promise<FriendshipPayload> {
    await consume(context, 'friendRequest', { player: context.requireViewer().id });
    return change(context, requestFriendship, userId);
  }

  @Mutation(() => FriendshipPayload, {
    nullable: true,
    description: "Accepts a user's request. Changes nothing where the two are friends already.",
  })
  async acceptFriendship(@Ctx() context: Context, @Arg('userId', () => ID) userId: string): Promise<FriendshipPayload> {
    return change(context, acceptFriendship, userId);
  }

  @Mutation(() => FriendshipPayload, {
    nullable: true,
    description: "Turns a user's request down. Changes nothing where that is done already.",
  })
  async rejectFriendship(@Ctx() context: Context, @Arg('userId', () => ID) userId: string): Promise<FriendshipPayload> {
    return change(context, rejectFriendship, userId);
  }

  @Mutation(() => FriendshipPayload, {
    nullable: true,
    description:
      "Ends the friendship with a user, or cancels the viewer's request. Changes nothing where there is neither. A request of the user's is to be rejected instead.",
  })
  async removeFriendship(@Ctx() context: Context, @Arg('userId', () => ID) userId: string): Promise<FriendshipPayload> {
    return change(context, removeFriendship, userId);
  }

  @Mutation(() => FriendshipPayload, {
    nullable: true,
    description:
      "Blocks a user, which they are not told. Ends the friendship, cancels the viewer's request and hides theirs.",
  })
  async blockUser(@Ctx() context: Context, @Arg('userId', () => ID) userId: string): Promise<FriendshipPayload> {
    return change(context, blockUser, userId);
  }

  @Mutation(() => FriendshipPayload, {
    nullable: true,
    description: "Takes the viewer's block of a user away. A request of theirs that it hid shows again.",
  })
  async unblockUser(@Ctx() context: Context, @Arg('userId', () => ID) userId: string): Promise<FriendshipPayload> {
    return change(context, unblockUser, userId);
  }
}

/** Runs one change of how the viewer and that user stand: both will look for it. */
async function change(context: Context, run: typeof requestFriendship, userId: string): Promise<FriendshipPayload> {
  const payload = await run(context.em, context.requireViewer().id, userId);
  context.noteWriteFor(payload.user.id);
  return payload;
}
