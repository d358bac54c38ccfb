import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { type UserRow, UserType } from '../account/user.type.js';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar } from '../shared/scalars.js';

@InputType({ description: 'Whom to suspend, how long and why.' })
export class SuspendUserInput {
  @Field(() => ID, { description: 'The user.' })
  userId!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ends by itself; left out, never.' })
  until?: string | null;

  @Field(() => String, {
    description:
      '1 to 500 characters. The player reads it when they sign in, and it stays in the audit log for good: write nothing personal.',
  })
  reason!: string;
}

/** A user and their suspension in one row. */
export interface SuspensionRow extends UserRow {
  since: InstantText;
  until: InstantText | null;
  reason: string | null;
}

@ObjectType('Suspension', { description: 'A user who is suspended.' })
export class SuspensionType {
  @Field(() => UserType, { description: 'Who is suspended. Nothing else shows them.' })
  user!: UserRow;

  @Field(() => DateTimeScalar, { description: 'Since when.' })
  since!: InstantText;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ends by itself; null for never.' })
  until!: InstantText | null;

  @Field(() => String, { nullable: true, description: 'Why.' })
  reason!: string | null;
}

@ObjectType('SuspensionEdge', { simpleResolvers: true, description: 'A suspension in a list.' })
export class SuspensionEdge extends edgeType<SuspensionRow>(() => SuspensionType) {}

@ObjectType('SuspensionConnection', { simpleResolvers: true, description: 'Suspensions, the last first.' })
export class SuspensionConnection extends connectionType<SuspensionRow, SuspensionEdge>(
  () => SuspensionEdge,
  () => SuspensionType,
) {}

@ObjectType('SuspendUserPayload', { simpleResolvers: true, description: 'The suspension as it stands now.' })
export class SuspendUserPayload {
  @Field(() => SuspensionType, { description: 'The suspension.' })
  suspension!: SuspensionRow;
}

@ObjectType('RestoreUserPayload', { simpleResolvers: true, description: 'Who is there again.' })
export class RestoreUserPayload {
  @Field(() => UserType, { description: 'The user.' })
  user!: UserRow;
}
