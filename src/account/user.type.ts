import { Field, ID, ObjectType } from 'type-graphql';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar, UrlScalar } from '../shared/scalars.js';

/** A user as read paths select it; what is private is loaded only behind `account`. */
export interface UserRow {
  id: string;
  nickname: string;
  pictureUrl: string | null;
  createdAt: InstantText;
}

/** The user of a row that has more besides. */
export function toUser({ id, nickname, pictureUrl, createdAt }: UserRow): UserRow {
  return { id, nickname, pictureUrl, createdAt };
}

@ObjectType('User', { simpleResolvers: true, description: 'A player, as everybody sees them.' })
export class UserType implements UserRow {
  @Field(() => ID, { description: 'Stable for the life of the account.' })
  id!: string;

  @Field(() => String, { description: 'The current nickname; a rename shows everywhere at once.' })
  nickname!: string;

  @Field(() => UrlScalar, { nullable: true, description: 'Address of a picture the player has set.' })
  pictureUrl!: string | null;

  @Field(() => DateTimeScalar, { description: 'When the account was made.' })
  createdAt!: InstantText;
}

@ObjectType('UserSearchEdge', { simpleResolvers: true, description: 'A user found by nickname.' })
export class UserSearchEdge extends edgeType<UserRow>(() => UserType) {}

@ObjectType('UserSearchConnection', {
  simpleResolvers: true,
  description: 'Users found by nickname. It has no totalCount: counting a prefix is not cheap.',
})
export class UserSearchConnection extends connectionType<UserRow, UserSearchEdge>(
  () => UserSearchEdge,
  () => UserType,
) {}
