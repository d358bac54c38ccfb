import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { DateScalar, DateTimeScalar, EmailAddressScalar, TimeZoneScalar } from '../shared/scalars.js';
import type { InstantText } from '../shared/instant.js';
import { type UserRow, UserType } from './user.type.js';

export enum Role {
  USER = 'user',
  ADMIN = 'admin',
}
registerEnumType(Role, {
  name: 'Role',
  description: 'What a user may do.',
  valuesConfig: {
    USER: { description: 'A player.' },
    ADMIN: { description: 'Sees every account and acts for any player.' },
  },
});

export interface AccountRow {
  id: string;
  email: string | null;
  emailVerified: boolean;
  birthDate: string | null;
  role: Role;
  timeZone: string;
}

@ObjectType('Account', {
  simpleResolvers: true,
  description: 'What only the user, an admin or a service key with the scope users:read may see.',
})
export class AccountType implements AccountRow {
  @Field(() => ID, { description: "The user's id." })
  id!: string;

  @Field(() => EmailAddressScalar, { nullable: true, description: 'Absent on some accounts that came from elsewhere.' })
  email!: string | null;

  @Field(() => Boolean, { description: 'Whether somebody who reads that address has confirmed it.' })
  emailVerified!: boolean;

  @Field(() => DateScalar, { nullable: true, description: 'Absent where it was never told.' })
  birthDate!: string | null;

  @Field(() => Role, { description: 'What the user may do.' })
  role!: Role;

  @Field(() => TimeZoneScalar, { description: "The player's own zone, or else the server's." })
  timeZone!: string;
}

@ObjectType('AuthPayload', {
  simpleResolvers: true,
  description: 'A session: who is signed in, and the tokens to use.',
})
export class AuthPayload {
  @Field(() => String, { description: 'Send it as `authorization: Bearer …`. Good for 15 minutes.' })
  accessToken!: string;

  @Field(() => DateTimeScalar, { description: 'When the access token ends.' })
  accessTokenExpiresAt!: Date;

  @Field(() => String, { description: 'Spend it once with refreshSession. Good for 30 days.' })
  refreshToken!: string;

  @Field(() => DateTimeScalar, { description: 'When the refresh token ends.' })
  refreshTokenExpiresAt!: string;

  @Field(() => UserType, { description: 'Who is signed in.' })
  user!: UserRow;

  @Field(() => Boolean, { description: 'Whether signing in has undone the deletion of the account.' })
  restored!: boolean;
}

@ObjectType('LogoutPayload', { simpleResolvers: true, description: 'What logging out ended.' })
export class LogoutPayload {
  @Field(() => Int, { description: 'How many sessions were ended.' })
  sessionsEnded!: number;
}

@ObjectType('UpdateProfilePayload', { simpleResolvers: true, description: 'The profile as it stands now.' })
export class UpdateProfilePayload {
  @Field(() => UserType, { description: 'The user after the change.' })
  user!: UserRow;
}

@ObjectType('DeleteAccountPayload', { simpleResolvers: true, description: 'Whose account is gone.' })
export class DeleteAccountPayload {
  @Field(() => ID, { description: "The deleted user's id." })
  userId!: string;

  @Field(() => DateTimeScalar, { description: 'Until when signing in has the account back; then it is gone for good.' })
  restorableUntil!: InstantText;
}
