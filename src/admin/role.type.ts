import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Role } from '../account/account.type.js';
import { type UserRow, UserType } from '../account/user.type.js';

@InputType({ description: 'Whose role to set.' })
export class SetRoleInput {
  @Field(() => ID, { description: 'The user.' })
  userId!: string;

  @Field(() => Role, { description: 'What the user may do from now on.' })
  role!: Role;
}

@ObjectType('SetRolePayload', { simpleResolvers: true, description: 'The user with the role.' })
export class SetRolePayload {
  @Field(() => UserType, { description: 'The user.' })
  user!: UserRow;
}
