import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Info, Int, Resolver, Root } from 'type-graphql';
import { type AccountRow, AccountType } from '../account/account.type.js';
import { type UserRow, UserType } from '../account/user.type.js';
import type { Context } from '../context.js';
import { selects } from '../shared/selection.js';
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
    description:
      'Friends, by nickname; null unless the viewer is this user, an admin or a service key with the scope users:read. 20 by default.',
  })
  async friends(
    @Ctx() context: Context,
    @Root() user: UserRow,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<FriendConnection | null> {
    const asked = friendPage(user.id, first, after, selects(info, 'totalCount'));
    if (!context.maySeePrivate(user.id)) {
      return null;
    }
    const page = await context.loader(friendPageLoader).load(asked);
    return { ...page, totalCount: async () => page.count ?? context.loader(friendCountLoader).load(user.id) };
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
    @Info() info: GraphQLResolveInfo,
    @Arg('direction', () => FriendRequestDirection) direction: FriendRequestDirection,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<FriendshipConnection> {
    const loaders = requestLoaders[direction];
    const asked = friendRequestPage(account.id, direction, first, after, selects(info, 'totalCount'));
    const page = await context.loader(loaders.page).load(asked);
    return { ...page, totalCount: async () => page.count ?? context.loader(loaders.count).load(account.id) };
  }

  @FieldResolver(() => BlockedUserConnection, {
    description: 'Users whom this user blocks, newest block first. 20 by default.',
  })
  async blockedUsers(
    @Ctx() context: Context,
    @Root() account: AccountRow,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<BlockedUserConnection> {
    const asked = blockedUserPage(account.id, first, after, selects(info, 'totalCount'));
    const page = await context.loader(blockedUserPageLoader).load(asked);
    return { ...page, totalCount: async () => page.count ?? context.loader(blockedCountLoader).load(account.id) };
  }
}
