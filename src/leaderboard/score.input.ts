import { Field, ID, InputType } from 'type-graphql';
import { SafeIntScalar } from '../shared/scalars.js';

@InputType({ description: 'A score to submit.' })
export class SubmitScoreInput {
  @Field(() => String, { nullable: true, description: "The board; left out, the server's default one." })
  leaderboardSlug?: string | null;

  @Field(() => SafeIntScalar, { description: 'The score.' })
  score!: number;

  @Field(() => ID, {
    nullable: true,
    description:
      "Whose score it is: for admins, and for service keys with the scope scores:write, which must name it. Left out, it is the viewer's own.",
  })
  userId?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Up to 64 characters, one set per player. The same key with the same input answers as the first time and counts once; with another input it is a CONFLICT.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'Scores to submit in one transaction: all or none.' })
export class SubmitScoresInput {
  @Field(() => [SubmitScoreInput], { description: '1 to 100 scores.' })
  scores!: SubmitScoreInput[];
}
