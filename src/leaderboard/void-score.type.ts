import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { type ScoreRow, ScoreType } from './score.type.js';
import { type StandingRow, StandingType } from './standing.type.js';

@InputType({ description: 'Which score not to count, and why.' })
export class VoidScoreInput {
  @Field(() => ID, { description: 'The score.' })
  scoreId!: string;

  @Field(() => String, {
    description: '1 to 500 characters. It stays in the audit log for good: write nothing personal.',
  })
  reason!: string;
}

@ObjectType('VoidScorePayload', { simpleResolvers: true, description: 'What voiding a score came to.' })
export class VoidScorePayload {
  @Field(() => ScoreType, { description: 'The score.' })
  score!: ScoreRow;

  @Field(() => StandingType, {
    nullable: true,
    description:
      "The player's standing in the score's season as it is now; null where the player is not ranked any more.",
  })
  standing!: () => Promise<StandingRow | null>;
}
