import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.js';
import { consume, limited } from '../limits/limiter.js';
import { pageSize } from '../shared/connection.js';
import { isId } from '../shared/ids.js';
import {
  ChangePasswordInput,
  DeleteAccountInput,
  LoginInput,
  RegisterInput,
  UpdateProfileInput,
} from './account.input.js';
import { changePassword, deleteAccount, login, register, updateProfile } from './account.service.js';
import { toAuthPayload } from './auth-payload.js';
import { type AccountRow, AccountType, AuthPayload, DeleteAccountPayload } from './account.type.js';
import { LogoutPayload, UpdateProfilePayload } from './account.type.js';
import { endEverySession, endSession, findSessionOfToken, refreshSession } from './session.service.js';
import { accountLoader, userLoader } from './user.loader.js';
import { findUserByNickname, searchUsers } from './user.service.js';
import { type UserRow, UserSearchConnection, UserType } from './user.type.js';

@Resolver()
export class AccountResolver {
  @Query(() => UserType, {
    nullable: true,
    description: 'The signed-in user; null for anonymous callers and service keys.',
  })
  async viewer(@Ctx() context: Context): Promise<UserRow | null> {
    const { viewerId } = context;
    return viewerId === null ? null : context.loader(userLoader).load(viewerId);
  }

  @Query(() => UserType, { nullable: true, description: 'The user with that id; null where there is none.' })
  async user(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<UserRow | null> {
    return isId(id) ? context.loader(userLoader).load(id.toLowerCase()) : null;
  }

  @Query(() => UserType, {
    nullable: true,
    description: 'The user with that nickname, whatever the case, width or composition of its letters; or null.',
  })
  async userByNickname(
    @Ctx() context: Context,
    @Arg('nickname', () => String) nickname: string,
  ): Promise<UserRow | null> {
    return (await findUserByNickname(context.em, nickname)) ?? null;
  }

  @Query(() => UserSearchConnection, {
    nullable: true,
    description: 'Users whose nickname begins so, in nickname order. Every character is literal. 20 by default.',
  })
  async users(
    @Ctx() context: Context,
    @Arg('nicknamePrefix', () => String) nicknamePrefix: string,
    @Arg('first', () => Int, { nullable: true }) first?: number | null,
    @Arg('after', () => String, { nullable: true }) after?: string | null,
  ): Promise<UserSearchConnection> {
    return searchUsers(context.em, nicknamePrefix, pageSize(first, 20), after ?? null);
  }

  @Mutation(() => AuthPayload, { nullable: true, description: 'Makes an account and signs it in.' })
  async register(
    @Ctx() context: Context,
    @Arg('input', () => RegisterInput) input: RegisterInput,
  ): Promise<AuthPayload> {
    const { em, config, client, jobs } = context;
    await consume(context, 'register', {});
    return toAuthPayload(context, await register(em, input, config, { jobs, userAgent: client.userAgent }));
  }

  @Mutation(() => AuthPayload, { nullable: true, description: 'Signs in with email and password.' })
  async login(@Ctx() context: Context, @Arg('input', () => LoginInput) input: LoginInput): Promise<AuthPayload> {
    const { em, config, client } = context;
    const { restored, ...session } = await limited(context, 'login', { account: input.email }, () =>
      login(em, input, config, client.userAgent),
    );
    return toAuthPayload(context, session, restored);
  }

  @Mutation(() => AuthPayload, {
    nullable: true,
    description:
      'New tokens for a refresh token, which is spent by that. Spending it again later revokes the whole session.',
  })
  async refreshSession(
    @Ctx() context: Context,
    @Arg('refreshToken', () => String) refreshToken: string,
  ): Promise<AuthPayload> {
    const sessionId = await findSessionOfToken(context.em, refreshToken);
    await consume(context, 'refresh', { sessionId });
    return toAuthPayload(context, await refreshSession(context.em, refreshToken, context.arrivedAt));
  }

  @Mutation(() => LogoutPayload, {
    nullable: true,
    description: "Ends this session, or all of the viewer's. Their access tokens stop working at once.",
  })
  async logout(
    @Ctx() context: Context,
    @Arg('everywhere', () => Boolean, { defaultValue: false }) everywhere: boolean,
  ): Promise<LogoutPayload> {
    const viewer = context.requireViewer();
    const sessionsEnded = everywhere
      ? await endEverySession(context.em, viewer.id)
      : await endSession(context.em, viewer.sessionId);
    context.endSession();
    return { sessionsEnded };
  }

  @Mutation(() => UpdateProfilePayload, { nullable: true, description: "Changes the viewer's profile." })
  async updateProfile(
    @Ctx() context: Context,
    @Arg('input', () => UpdateProfileInput) input: UpdateProfileInput,
  ): Promise<UpdateProfilePayload> {
    const viewer = context.requireViewer();
    return { user: await updateProfile(context.em, viewer, input, context.config) };
  }

  @Mutation(() => AuthPayload, {
    nullable: true,
    description: "Sets a new password. Every other session ends, and this one's refresh token is replaced.",
  })
  async changePassword(
    @Ctx() context: Context,
    @Arg('input', () => ChangePasswordInput) input: ChangePasswordInput,
  ): Promise<AuthPayload> {
    const viewer = context.requireViewer();
    const { em, jobs } = context;
    const session = await limited(context, 'password', { player: viewer.id }, () =>
      changePassword(em, viewer.id, viewer.sessionId, input, jobs),
    );
    return toAuthPayload(context, session);
  }

  @Mutation(() => DeleteAccountPayload, {
    nullable: true,
    description:
      "Deletes the viewer's account: it leaves every list, board and search at once, and its sessions end. Signing in within the grace has it back.",
  })
  async deleteAccount(
    @Ctx() context: Context,
    @Arg('input', () => DeleteAccountInput) input: DeleteAccountInput,
  ): Promise<DeleteAccountPayload> {
    const viewer = context.requireViewer();
    await consume(context, 'deleteAccount', { player: viewer.id });
    const restorableUntil = await limited(context, 'password', { player: viewer.id }, () =>
      deleteAccount(context.em, viewer.id, input, context.config),
    );
    context.endSession();
    return { userId: viewer.id, restorableUntil };
  }
}

@Resolver(() => UserType)
export class UserAccountResolver {
  @FieldResolver(() => AccountType, {
    nullable: true,
    description:
      'What is private: null unless the viewer is this user, an admin or a service key with the scope users:read.',
  })
  async account(@Ctx() context: Context, @Root() user: UserRow): Promise<AccountRow | null> {
    return context.maySeePrivate(user.id) ? context.loader(accountLoader).load(user.id) : null;
  }
}
