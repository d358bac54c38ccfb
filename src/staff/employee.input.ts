import { Field, ID, InputType, Int } from 'type-graphql';
import { EmailAddressScalar } from '../shared/scalars.js';
import { StaffRole } from './employee.type.js';

@InputType({ description: 'Somebody to become an employee.' })
export class CreateEmployeeInput {
  @Field(() => ID, {
    nullable: true,
    description:
      'Whose account they sign in with. Left out, one is made with the email, and a mail is sent with which its password is set.',
  })
  userId?: string | null;

  @Field(() => String, { description: '1 to 200 characters, in one line.' })
  name!: string;

  @Field(() => String, { description: '1 to 100 characters, in one line. No two employees have the same.' })
  username!: string;

  @Field(() => EmailAddressScalar, { description: 'Where reminders go. No two employees have the same.' })
  email!: string;

  @Field(() => StaffRole, { defaultValue: StaffRole.USER, description: 'What they may do.' })
  role!: StaffRole;

  @Field(() => Boolean, { defaultValue: true, description: 'Whether they have the rights of the staff.' })
  isActive!: boolean;
}

@InputType({ description: 'An edit of an employee; what is left out stays.' })
export class UpdateEmployeeInput {
  @Field(() => ID, { description: 'The employee.' })
  id!: string;

  @Field(() => Int, { description: 'The version that was edited. Where there is a newer one, the edit is refused.' })
  version!: number;

  @Field(() => String, { nullable: true, description: '1 to 200 characters, in one line.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: '1 to 100 characters, in one line.' })
  username?: string | null;

  @Field(() => EmailAddressScalar, { nullable: true, description: 'Only by whoever manages the staff.' })
  email?: string | null;

  @Field(() => StaffRole, { nullable: true, description: 'Only by whoever manages the staff.' })
  role?: StaffRole | null;

  @Field(() => Boolean, { nullable: true, description: 'Only by whoever manages the staff.' })
  isActive?: boolean | null;
}
