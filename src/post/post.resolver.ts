import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { loadUserOfRow } from '../account/leaver.loader.js';
import { type UserRow, UserType } from '../account/user.type.js';
import { requireAdmin, userActor } from '../admin/actor.js';
import { Scope } from '../admin/scope.js';
import type { Context } from '../context.js';
import { consume } from '../limits/limiter.js';
import { pageSize } from '../shared/connection.js';
import { listFeed, listPosts } from './post-list.service.js';
import { contentLoader, postLoader } from './post.loader.js';
import { createPost, deletePost, restorePost, updatePost } from './post.service.js';
import {
  CreatePostInput,
  DeletePostPayload,
  PostConnection,
  PostPayload,
  type PostRow,
  PostType,
  UpdatePostInput,
} from './post.type.js';

@Resolver(() => PostType)
export class PostResolver {
  @Query(() => PostType, { nullable: true, description: 'The post with that id; null where the viewer sees none.' })
  async post(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<PostRow | null> {
    return context.loader(postLoader).load(id);
  }

  @Query(() => PostConnection, { nullable: true, description: "A user's posts, newest first. 20 by default." })
  async posts(
    @Ctx() context: Context,
    @Arg('authorId', () => ID) authorId: string,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<PostConnection> {
    return listPosts(context.em, context.viewerId, authorId, pageSize(first, 20), after ?? null);
  }

  @Query(() => PostConnection, {
    nullable: true,
    description: 'Posts by the viewer and their friends, newest first. 20 by default.',
  })
  async feed(
    @Ctx() context: Context,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<PostConnection> {
    return listFeed(context.em, context.requireViewer().id, pageSize(first, 20), after ?? null);
  }

  @Mutation(() => PostPayload, { nullable: true, description: 'Writes a post.' })
  async createPost(
    @Ctx() context: Context,
    @Arg('input', () => CreatePostInput) input: CreatePostInput,
  ): Promise<PostPayload> {
    const { id } = context.requireViewer();
    await consume(context, 'post', { player: id });
    return { post: await createPost(context.em, id, input) };
  }

  @Mutation(() => PostPayload, {
    nullable: true,
    description: "Edits the viewer's own post. An edit of a version that is not the newest is refused.",
  })
  async updatePost(
    @Ctx() context: Context,
    @Arg('input', () => UpdatePostInput) input: UpdatePostInput,
  ): Promise<PostPayload> {
    const { id } = context.requireViewer();
    await consume(context, 'post', { player: id });
    return { post: await updatePost(context.em, id, input) };
  }

  @Mutation(() => DeletePostPayload, {
    nullable: true,
    description:
      "Deletes the viewer's own post; anybody's, for an admin or a service key with the scope admin. An admin can restore it for a while.",
  })
  async deletePost(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<DeletePostPayload> {
    if (context.may(Scope.ADMIN)) {
      await deletePost(context.em, requireAdmin(context), id, null);
    } else {
      const viewer = context.requireViewer();
      await deletePost(context.em, userActor(viewer), id, viewer.id);
    }
    return { postId: id.toLowerCase() };
  }

  @Mutation(() => PostPayload, {
    nullable: true,
    description: 'Has a deleted post back, for an admin or a service key with the scope admin.',
  })
  async restorePost(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<PostPayload> {
    return { post: await restorePost(context.em, requireAdmin(context), id) };
  }

  @FieldResolver(() => UserType, { description: 'Who has written it.' })
  async author(@Ctx() context: Context, @Root() post: PostRow): Promise<UserRow | null> {
    return loadUserOfRow(context, post.authorId);
  }

  @FieldResolver(() => String, { description: 'What it says.' })
  async content(@Ctx() context: Context, @Root() post: PostRow): Promise<string> {
    return context.loader(contentLoader).load(post.id);
  }
}
