import { Field, InputType } from 'type-graphql';
import { DateScalar, EmailAddressScalar, TimeZoneScalar, UrlScalar } from '../shared/scalars.js';

@InputType({ description: 'A new account.' })
export class RegisterInput {
  @Field(() => EmailAddressScalar, { description: 'Not in use by another account, in any case of its letters.' })
  email!: string;

  @Field(() => String, {
    description: "2 to 32 characters, not reserved; must not look like another player's, whatever its letters.",
  })
  nickname!: string;

  @Field(() => String, { description: '8 to 128 characters.' })
  password!: string;

  @Field(() => DateScalar, { description: 'Not in the future.' })
  birthDate!: string;

  @Field(() => TimeZoneScalar, {
    nullable: true,
    description: "Whose midnights end the player's days; left out, the server's.",
  })
  timeZone?: string | null;
}

@InputType({ description: 'What an account is signed in with.' })
export class LoginInput {
  @Field(() => EmailAddressScalar, { description: 'In any case of its letters.' })
  email!: string;

  @Field(() => String, { description: 'The password.' })
  password!: string;
}

@InputType({ description: 'What to change. A field left out stays; null clears it.' })
export class UpdateProfileInput {
  @Field(() => String, { nullable: true, description: 'Cannot be cleared.' })
  nickname?: string | null;

  @Field(() => UrlScalar, { nullable: true, description: 'Null takes the picture away.' })
  pictureUrl?: string | null;

  @Field(() => DateScalar, { nullable: true, description: 'Null takes the date away.' })
  birthDate?: string | null;

  @Field(() => TimeZoneScalar, { nullable: true, description: "Null goes back to the server's zone." })
  timeZone?: string | null;
}

@InputType({ description: 'The change of a password.' })
export class ChangePasswordInput {
  @Field(() => String, { nullable: true, description: 'Needed where the account has one.' })
  currentPassword?: string | null;

  @Field(() => String, { description: '8 to 128 characters.' })
  newPassword!: string;
}

@InputType({ description: 'Confirms the deletion of an account.' })
export class DeleteAccountInput {
  @Field(() => String, { nullable: true, description: 'Needed where the account has one.' })
  password?: string | null;
}
