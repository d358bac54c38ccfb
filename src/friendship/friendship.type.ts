import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { type UserRow, UserType } from '../account/user.type.js';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar } from '../shared/scalars.js';

export enum FriendshipStatus {
  PENDING = 'pending',
  ACCEPTED = 'accepted',
  REJECTED = 'rejected',
}
registerEnumType(FriendshipStatus, {
  name: 'FriendshipStatus',
  description: 'How far a friendship has come.',
  valuesConfig: {
    PENDING: { description: 'Asked for and not answered yet.' },
    ACCEPTED: { description: 'The two are friends.' },
    REJECTED: { description: 'Turned down. Both sides see no friendship, whoever turned it down.' },
  },
});

export enum ViewerFriendship {
  SELF = 'SELF',
  NONE = 'NONE',
  REQUESTED_BY_VIEWER = 'REQUESTED_BY_VIEWER',
  REQUESTED_BY_USER = 'REQUESTED_BY_USER',
  FRIENDS = 'FRIENDS',
  BLOCKED_BY_VIEWER = 'BLOCKED_BY_VIEWER',
}
registerEnumType(ViewerFriendship, {
  name: 'ViewerFriendship',
  description: 'How the viewer stands to a user. Whether that user blocks the viewer is not told.',
  valuesConfig: {
    SELF: { description: 'The user is the viewer.' },
    NONE: { description: 'Nothing stands between the two, or a request was rejected.' },
    REQUESTED_BY_VIEWER: { description: 'The viewer has asked and waits for an answer.' },
    REQUESTED_BY_USER: { description: 'The user has asked and waits for the viewer to answer.' },
    FRIENDS: { description: 'The two are friends.' },
    BLOCKED_BY_VIEWER: { description: 'The viewer blocks the user, and sees no request of theirs.' },
  },
});

export enum FriendRequestDirection {
  INCOMING = 'INCOMING',
  OUTGOING = 'OUTGOING',
}
registerEnumType(FriendRequestDirection, {
  name: 'FriendRequestDirection',
  description: 'Which way friend requests go.',
  valuesConfig: {
    INCOMING: { description: 'Requests that wait for this user to answer, but for those of users this one blocks.' },
    OUTGOING: { description: 'Requests that this user has made.' },
  },
});

/** A friendship as it is selected; its users come through the loader. */
export interface FriendshipRow {
  id: string;
  requesterId: string;
  receiverId: string;
  status: FriendshipStatus;
  createdAt: InstantText;
  respondedAt: InstantText | null;
}

@ObjectType('Friendship', {
  simpleResolvers: true,
  description: 'A friend request and what became of it: at most one for any two users.',
})
export class FriendshipType {
  @Field(() => ID, { description: 'Kept when the same two users ask again.' })
  id!: string;

  @Field(() => FriendshipStatus, { description: 'How far it has come.' })
  status!: FriendshipStatus;

  @Field(() => DateTimeScalar, { description: 'When the request was made.' })
  createdAt!: InstantText;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the request was answered; null while it waits, and on old ones where nobody noted it.',
  })
  respondedAt!: InstantText | null;
}

@ObjectType('FriendshipPayload', { simpleResolvers: true, description: 'How the two users stand after the change.' })
export class FriendshipPayload {
  @Field(() => UserType, { description: 'The other side, with its new viewerFriendship.' })
  user!: UserRow;

  @Field(() => FriendshipType, {
    nullable: true,
    description: 'The friendship or request that stands now, as the viewer may know it; null where none does.',
  })
  friendship!: FriendshipRow | null;

  @Field(() => UserType, { description: 'The signed-in user.' })
  viewer!: UserRow;
}

@ObjectType('FriendEdge', { simpleResolvers: true, description: 'A friend, and since when.' })
export class FriendEdge extends edgeType<UserRow>(() => UserType) {
  @Field(() => DateTimeScalar, {
    description: 'When the request was accepted; on old friendships where nobody noted it, when it was made.',
  })
  friendsSince!: InstantText;
}

@ObjectType('FriendConnection', { simpleResolvers: true, description: 'Friends, by nickname.' })
export class FriendConnection extends connectionType<UserRow, FriendEdge>(
  () => FriendEdge,
  () => UserType,
) {
  @Field(() => Int, { description: 'How many friends there are in all. Counted only when asked for.' })
  totalCount!: () => Promise<number>;
}

@ObjectType('FriendshipEdge', { simpleResolvers: true, description: 'A friend request in a list.' })
export class FriendshipEdge extends edgeType<FriendshipRow>(() => FriendshipType) {}

@ObjectType('FriendshipConnection', { simpleResolvers: true, description: 'Friend requests, newest first.' })
export class FriendshipConnection extends connectionType<FriendshipRow, FriendshipEdge>(
  () => FriendshipEdge,
  () => FriendshipType,
) {
  @Field(() => Int, { description: 'How many requests there are in all. Counted only when asked for.' })
  totalCount!: () => Promise<number>;
}

@ObjectType('BlockedUserEdge', { simpleResolvers: true, description: 'A blocked user, and since when.' })
export class BlockedUserEdge extends edgeType<UserRow>(() => UserType) {
  @Field(() => DateTimeScalar, { description: 'When the user was blocked.' })
  blockedAt!: InstantText;
}

@ObjectType('BlockedUserConnection', { simpleResolvers: true, description: 'Blocked users, newest block first.' })
export class BlockedUserConnection extends connectionType<UserRow, BlockedUserEdge>(
  () => BlockedUserEdge,
  () => UserType,
) {
  @Field(() => Int, { description: 'How many users are blocked in all. Counted only when asked for.' })
  totalCount!: () => Promise<number>;
}
