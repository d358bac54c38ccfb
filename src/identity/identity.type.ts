import { Field, ID, ObjectType } from 'type-graphql';
import { DateTimeScalar, EmailAddressScalar, UrlScalar } from '../shared/scalars.js';
import type { InstantText } from '../shared/instant.js';
import type { IdentityRow } from './identity.service.js';

@ObjectType('Identity', {
  simpleResolvers: true,
  description: 'Who the account is at a provider: with it, one signs in without a password.',
})
export class IdentityType implements IdentityRow {
  @Field(() => ID, { description: 'For unlinkIdentity.' })
  id!: string;

  @Field(() => String, { description: 'The name of the provider, as in signInProviders.' })
  provider!: string;

  @Field(() => EmailAddressScalar, {
    nullable: true,
    description: 'The address there, when it was last signed in with.',
  })
  email!: string | null;

  @Field(() => Boolean, { description: 'Whether the provider vouches for that address.' })
  emailVerified!: boolean;

  @Field(() => UrlScalar, { nullable: true, description: 'The picture there.' })
  pictureUrl!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was linked.' })
  createdAt!: InstantText;

  @Field(() => DateTimeScalar, { description: 'When it was last signed in with.' })
  lastUsedAt!: InstantText;
}

@ObjectType('SignInProvider', { simpleResolvers: true, description: 'With whom one can sign in.' })
export class SignInProviderType {
  @Field(() => String, { description: 'For linkIdentity.' })
  name!: string;

  @Field(() => String, { description: 'What to call it on a button.' })
  title!: string;

  @Field(() => UrlScalar, {
    description:
      'Open it in a browser with `?return=`, where to come back to: one of the addresses that the operator allows.',
  })
  url!: string;
}

@ObjectType('LinkIdentityPayload', { simpleResolvers: true, description: 'Where to link an identity.' })
export class LinkIdentityPayload {
  @Field(() => UrlScalar, { description: 'Open it in a browser, once and within five minutes.' })
  url!: string;
}

@ObjectType('CompleteLinkPayload', { simpleResolvers: true, description: 'What was linked.' })
export class CompleteLinkPayload {
  @Field(() => IdentityType, { description: 'The identity, from now on one of the account.' })
  identity!: IdentityRow;
}

@ObjectType('UnlinkIdentityPayload', { simpleResolvers: true, description: 'What was unlinked.' })
export class UnlinkIdentityPayload {
  @Field(() => ID, { description: 'The id of the identity, which is gone.' })
  id!: string;
}
