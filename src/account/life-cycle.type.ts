import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar, EmailAddressScalar } from '../shared/scalars.js';
import type { SessionRow } from './session-list.service.js';
import { type UserRow, UserType } from './user.type.js';

@ObjectType('Session', { simpleResolvers: true, description: 'A place where the account is signed in.' })
export class SessionType implements SessionRow {
  @Field(() => ID, { description: 'For endSession.' })
  id!: string;

  @Field(() => DateTimeScalar, { description: 'When it was signed in.' })
  createdAt!: InstantText;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When its tokens were last renewed.' })
  refreshedAt!: InstantText | null;

  @Field(() => DateTimeScalar, { description: 'When it ends unless it is renewed.' })
  expiresAt!: InstantText;

  @Field(() => String, { nullable: true, description: 'What the client called itself when it signed in.' })
  userAgent!: string | null;

  @Field(() => Boolean, { description: 'Whether this request was sent in it.' })
  isCurrent!: boolean;
}

@ObjectType('EndSessionPayload', { simpleResolvers: true, description: 'Which session has ended.' })
export class EndSessionPayload {
  @Field(() => ID, { description: 'The id of the session.' })
  sessionId!: string;
}

@ObjectType('EmailRequestPayload', { simpleResolvers: true, description: 'A mail is on its way.' })
export class EmailRequestPayload {
  @Field(() => EmailAddressScalar, { description: 'The address that it is sent to.' })
  email!: string;
}

@ObjectType('PasswordResetRequestPayload', { simpleResolvers: true, description: 'The request was taken.' })
export class PasswordResetRequestPayload {
  @Field(() => Boolean, { description: 'Always true: whether there is such an account is not told.' })
  accepted!: boolean;
}

@ObjectType('VerifyEmailPayload', { simpleResolvers: true, description: 'The address is confirmed.' })
export class VerifyEmailPayload {
  @Field(() => UserType, { description: 'Whose address it is.' })
  user!: UserRow;
}

@InputType({ description: 'Another address for the account.' })
export class RequestEmailChangeInput {
  @Field(() => EmailAddressScalar, { description: 'Becomes the address of the account when it is confirmed.' })
  newEmail!: string;

  @Field(() => String, { nullable: true, description: 'Needed where the account has one.' })
  password?: string | null;
}

@InputType({ description: 'A new password, by a link out of a mail.' })
export class ResetPasswordInput {
  @Field(() => String, { description: 'What is behind `#token=` in the link.' })
  token!: string;

  @Field(() => String, { description: '8 to 128 characters.' })
  newPassword!: string;
}
