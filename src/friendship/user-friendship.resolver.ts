import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { type AccountRow, AccountType } from '../account/account.type.js';
import { type UserRow, UserType } from '../account/user.type.js';
import type { Context } from '../context.js';
import { blockedUserPage, friendPage, friendRequestPage } from './friendship-list.service.js';
import {
  blockedCountLoader,
  blockedUserPageLoader,
  friendCountLoader,
  friendPageLoader,
  incomingCountLoader,
  incomingPageLoader,
  outgoingCountLoader,
  outgoingPageLoader,
  viewerFriendshipLoader,
} from './friendship.loader.js';
import {
  BlockedUserConnection,
  FriendConnection,
  FriendRequestDirection,
  FriendshipConnection,
  ViewerFriendship,
} from './friendship.type.js';

const requestLoaders = {
  [FriendRequestDirection.INCOMING]: { page: incomingPageLoader, count: incomingCountLoader },
  [FriendRequestDirection.OUTGOING]: { page: outgoingPageLoader, count: outgoingCountLoader },
};

@Resolver(() => UserType)
export class UserFriendshipResolver {
  @FieldResolver(() => ViewerFriendship, {
    description: 'How the viewer stands to this user; NONE for anonymous viewers and service keys.',
  })
  async viewerFriendship(@Ctx() context: Context, @Root() user: UserRow): Promise<ViewerFriendship> {
    if (context.viewerId === null) {
      return ViewerFriendship.NONE;
    }
    return context.viewerId === user.id ? ViewerFriendship.SELF : context.loader(viewerFriendshipLoader).load(user.id);
  }

  @FieldResolver(() => FriendConnection, {
    nullable: true,
    description: 'Friends, by nickname; null unless the viewer is this user, an admin or a service key. 20 by default.',
  })
  async friends(
    @Ctx() context: Context,
    @Root() user: UserRow,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<FriendConnection | null> {
    const asked = friendPage(user.id, first, after);
    if (!context.maySeePrivate(user.id)) {
      return null;
    }
    const page = await context.loader(friendPageLoader).load(asked);
    return { ...page, totalCount: () => context.loader(friendCountLoader).load(user.id) };
  }
}

@Resolver(() => AccountType)
export class AccountFriendshipResolver {
  @FieldResolver(() => FriendshipConnection, {
    description: 'Requests that wait for an answer, newest first. 20 by default.',
  })
  async friendRequests(
    @Ctx() context: Context,
    @Root() account: AccountRow,
    @Arg('direction', () => FriendRequestDirection) direction: FriendRequestDirection,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<FriendshipConnection> {
    const loaders = requestLoaders[direction];
    const page = await context.loader(loaders.page).load(friendRequestPage(account.id, direction, first, after));
    return { ...page, totalCount: () => context.loader(loaders.count).load(account.id) };
  }

  @FieldResolver(() => BlockedUserConnection, {
    description: 'Users whom this user blocks, newest block first. 20 by default.',
  })
  async blockedUsers(
    @Ctx() context: Context,
    @Root() account: AccountRow,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<BlockedUserConnection> {
    const page = await context.loader(blockedUserPageLoader).load(blockedUserPage(account.id, first, after));
    return { ...page, totalCount: () => context.loader(blockedCountLoader).load(account.id) };
  }
}
