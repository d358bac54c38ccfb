import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { toAuthPayload } from '../account/auth-payload.js';
import { type AccountRow, AccountType, AuthPayload } from '../account/account.type.js';
import type { Context } from '../context.js';
import { consume } from '../limits/limiter.js';
import { identitiesLoader } from './identity.loader.js';
import { completeLink, type IdentityRow, unlinkIdentity } from './identity.service.js';
import {
  CompleteLinkPayload,
  IdentityType,
  LinkIdentityPayload,
  SignInProviderType,
  UnlinkIdentityPayload,
} from './identity.type.js';
import { linkAddress } from './link.service.js';
import { signInAddress } from './sign-in-address.js';
import { completeSignIn } from './sign-in.service.js';

@Resolver()
export class IdentityResolver {
  @Query(() => [SignInProviderType], { nullable: true, description: 'With whom one can sign in here.' })
  signInProviders(@Ctx() { config }: Context): SignInProviderType[] {
    return config.oidcProviders.map(({ name, title }) => ({ name, title, url: signInAddress(config, name) }));
  }

  @Mutation(() => AuthPayload, {
    nullable: true,
    description: 'A session for the code that a sign-in with a provider came back with, within a minute.',
  })
  async completeSignIn(@Ctx() context: Context, @Arg('code', () => String) code: string): Promise<AuthPayload> {
    const { em, config, client } = context;
    await consume(context, 'signIn', {});
    const { restored, ...session } = await completeSignIn(em, code, config.deletionGraceDays, client.userAgent);
    return toAuthPayload(context, session, restored);
  }

  @Mutation(() => LinkIdentityPayload, {
    nullable: true,
    description: 'An address at which the viewer links another identity, in a browser.',
  })
  async linkIdentity(
    @Ctx() context: Context,
    @Arg('provider', () => String) provider: string,
    @Arg('returnUrl', () => String) returnUrl: string,
  ): Promise<LinkIdentityPayload> {
    const viewer = context.requireViewer();
    await consume(context, 'signIn', {});
    return { url: await linkAddress(context.em, context.config, viewer.id, provider, returnUrl) };
  }

  @Mutation(() => CompleteLinkPayload, {
    nullable: true,
    description:
      'Links the identity, by the code that the address of linkIdentity came back with, within a minute. Only the viewer who asked for it can.',
  })
  async completeLink(@Ctx() context: Context, @Arg('code', () => String) code: string): Promise<CompleteLinkPayload> {
    const viewer = context.requireViewer();
    await consume(context, 'signIn', {});
    return { identity: await completeLink(context.em, viewer.id, code) };
  }

  @Mutation(() => UnlinkIdentityPayload, {
    nullable: true,
    description: "Takes an identity from the viewer's account, unless nothing else is left to sign in with.",
  })
  async unlinkIdentity(@Ctx() context: Context, @Arg('id', () => ID) id: string): Promise<UnlinkIdentityPayload> {
    const viewer = context.requireViewer();
    await unlinkIdentity(context.em, viewer.id, id);
    return { id };
  }
}

@Resolver(() => AccountType)
export class AccountIdentityResolver {
  @FieldResolver(() => [IdentityType], { description: 'With whom the account is signed in to, oldest first.' })
  async identities(@Ctx() context: Context, @Root() account: AccountRow): Promise<IdentityRow[]> {
    return context.loader(identitiesLoader).load(account.id);
  }
}
