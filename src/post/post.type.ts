import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar } from '../shared/scalars.js';

/** A post as lists select it; author and content come through loaders. */
export interface PostRow {
  id: string;
  authorId: string;
  title: string;
  version: number;
  createdAt: InstantText;
  updatedAt: InstantText;
}

@ObjectType('Post', { simpleResolvers: true, description: 'What a player has written.' })
export class PostType {
  @Field(() => ID, { description: 'Stable.' })
  id!: string;

  @Field(() => String, { description: 'Up to 200 characters.' })
  title!: string;

  @Field(() => Int, { description: 'Counts the edits, from 1. updatePost wants the one that was edited.' })
  version!: number;

  @Field(() => DateTimeScalar, { description: 'When it was written.' })
  createdAt!: InstantText;

  @Field(() => DateTimeScalar, { description: 'When it was last edited, or else written.' })
  updatedAt!: InstantText;
}

@ObjectType('PostEdge', { simpleResolvers: true, description: 'A post in a list.' })
export class PostEdge extends edgeType<PostRow>(() => PostType) {}

@ObjectType('PostConnection', { simpleResolvers: true, description: 'Posts, newest first.' })
export class PostConnection extends connectionType<PostRow, PostEdge>(
  () => PostEdge,
  () => PostType,
) {}

@InputType({ description: 'A post to write.' })
export class CreatePostInput {
  @Field(() => String, { description: '1 to 200 characters.' })
  title!: string;

  @Field(() => String, { description: '1 to 100,000 characters, as they are.' })
  content!: string;
}

@InputType({ description: 'An edit of a post; what is left out stays.' })
export class UpdatePostInput {
  @Field(() => ID, { description: 'The post.' })
  id!: string;

  @Field(() => Int, { description: 'The version that was edited. Where there is a newer one, the edit is refused.' })
  version!: number;

  @Field(() => String, { nullable: true, description: '1 to 200 characters.' })
  title?: string | null;

  @Field(() => String, { nullable: true, description: '1 to 100,000 characters, as they are.' })
  content?: string | null;
}

@ObjectType('PostPayload', { simpleResolvers: true, description: 'The post as it stands now.' })
export class PostPayload {
  @Field(() => PostType, { description: 'The post.' })
  post!: PostRow;
}

@ObjectType('DeletePostPayload', { simpleResolvers: true, description: 'Which post is gone.' })
export class DeletePostPayload {
  @Field(() => ID, { description: 'The id of the post.' })
  postId!: string;
}
