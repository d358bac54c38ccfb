import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.js';
import { consume, limited } from '../limits/limiter.js';
import { EmailAddressScalar } from '../shared/scalars.js';
import { exportAccount } from './account-export.service.js';
import { toAuthPayload } from './auth-payload.js';
import { type AccountRow, AccountType, AuthPayload } from './account.type.js';
import { requestEmailChange, requestEmailVerification, verifyEmail } from './email-verification.service.js';
import {
  EmailRequestPayload,
  EndSessionPayload,
  PasswordResetRequestPayload,
  RequestEmailChangeInput,
  ResetPasswordInput,
  SessionType,
  VerifyEmailPayload,
} from './life-cycle.type.js';
import { pendingEmailLoader, sessionsLoader } from './life-cycle.loader.js';
import { requestPasswordReset, resetPassword } from './password-reset.service.js';
import { endOwnSession } from './session-list.service.js';

@Resolver()
export class LifeCycleResolver {
  @Query(() => GraphQLJSONObject, {
    nullable: true,
    description: "All that is stored of the viewer, table by table, for the viewer's own use.",
  })
  async accountExport(@Ctx() context: Context): Promise<object> {
    const viewer = context.requireViewer();
    await consume(context, 'accountExport', { player: viewer.id });
    return exportAccount(context.em, viewer.id);
  }

  @Mutation(() => EmailRequestPayload, {
    nullable: true,
    description: "Sends a mail that asks to confirm the viewer's address. Links in earlier ones stop working.",
  })
  async requestEmailVerification(@Ctx() context: Context): Promise<EmailRequestPayload> {
    const viewer = context.requireViewer();
    const jobs = context.requireMail();
    await consume(context, 'verification', { player: viewer.id });
    return { email: await requestEmailVerification(context.em, jobs, viewer.id) };
  }

  @Mutation(() => EmailRequestPayload, {
    nullable: true,
    description:
      'Sends a mail to another address, which becomes the one of the account when it is confirmed. The address before is told then.',
  })
  async requestEmailChange(
    @Ctx() context: Context,
    @Arg('input', () => RequestEmailChangeInput) input: RequestEmailChangeInput,
  ): Promise<EmailRequestPayload> {
    const viewer = context.requireViewer();
    const jobs = context.requireMail();
    await consume(context, 'verification', { player: viewer.id });
    await limited(context, 'password', { player: viewer.id }, () =>
      requestEmailChange(context.em, jobs, viewer.id, input),
    );
    return { email: input.newEmail };
  }

  @Mutation(() => VerifyEmailPayload, {
    nullable: true,
    description: 'Confirms an address by the token out of a mail. It takes nobody who is signed in.',
  })
  async verifyEmail(@Ctx() context: Context, @Arg('token', () => String) token: string): Promise<VerifyEmailPayload> {
    await consume(context, 'mailedToken', {});
    const user = await verifyEmail(context.em, context.jobs, token);
    context.noteWriteFor(user.id);
    return { user };
  }

  @Mutation(() => PasswordResetRequestPayload, {
    nullable: true,
    description: 'Sends a mail with which a new password can be set, if an account has that address.',
  })
  async requestPasswordReset(
    @Ctx() context: Context,
    @Arg('email', () => EmailAddressScalar) email: string,
  ): Promise<PasswordResetRequestPayload> {
    const jobs = context.requireMail();
    await consume(context, 'reset', { account: email });
    await requestPasswordReset(context.em, jobs, email);
    return { accepted: true };
  }

  @Mutation(() => AuthPayload, {
    nullable: true,
    description: 'Sets a new password by the token out of a mail, ends every session and signs in.',
  })
  async resetPassword(
    @Ctx() context: Context,
    @Arg('input', () => ResetPasswordInput) input: ResetPasswordInput,
  ): Promise<AuthPayload> {
    const { em, jobs, client } = context;
    await consume(context, 'mailedToken', {});
    return toAuthPayload(context, await resetPassword(em, jobs, input, client.userAgent));
  }

  @Mutation(() => EndSessionPayload, {
    nullable: true,
    description: "Ends one of the viewer's sessions. Its access tokens stop working at once.",
  })
  async endSession(@Ctx() context: Context, @Arg('sessionId', () => ID) sessionId: string): Promise<EndSessionPayload> {
    const viewer = context.requireViewer();
    await endOwnSession(context.em, viewer.id, sessionId);
    if (sessionId.toLowerCase() === viewer.sessionId) {
      context.endSession();
    }
    return { sessionId };
  }
}

@Resolver(() => AccountType)
export class AccountLifeCycleResolver {
  @FieldResolver(() => [SessionType], { description: 'Where the account is signed in, newest first.' })
  async sessions(@Ctx() context: Context, @Root() account: AccountRow): Promise<SessionType[]> {
    const { caller } = context;
    const current = caller.kind === 'user' ? caller.sessionId : null;
    const sessions = await context.loader(sessionsLoader).load(account.id);
    return sessions.map((session) => ({ ...session, isCurrent: session.id === current }));
  }

  @FieldResolver(() => EmailAddressScalar, {
    nullable: true,
    description: 'Another address that was asked for, and is not confirmed yet.',
  })
  async pendingEmail(@Ctx() context: Context, @Root() account: AccountRow): Promise<string | null> {
    return context.loader(pendingEmailLoader).load(account.id);
  }
}
