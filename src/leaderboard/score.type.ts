import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar, SafeIntScalar } from '../shared/scalars.js';
import { type StandingRow, StandingType } from './standing.type.js';

export interface ScoreRow {
  id: string;
  value: number;
  seasonId: string;
  createdAt: InstantText;
  /** Null where it counts; undefined where it was not read along. */
  voidedAt?: InstantText | null;
}

@ObjectType('Score', { simpleResolvers: true, description: 'One submitted score.' })
export class ScoreType {
  @Field(() => ID, { description: 'Stable.' })
  id!: string;

  @Field(() => SafeIntScalar, { description: 'The score as it was submitted.' })
  value!: number;

  @Field(() => DateTimeScalar, { description: 'When it was submitted, by the clock of the database.' })
  createdAt!: InstantText;
}

@ObjectType('ScoreEdge', { simpleResolvers: true, description: "A score in a player's list." })
export class ScoreEdge extends edgeType<ScoreRow>(() => ScoreType) {}

@ObjectType('ScoreConnection', { simpleResolvers: true, description: "A player's scores, newest first." })
export class ScoreConnection extends connectionType<ScoreRow, ScoreEdge>(
  () => ScoreEdge,
  () => ScoreType,
) {
  @Field(() => Int, { description: 'How many scores the player has submitted. Costs nothing unless selected.' })
  totalCount!: () => Promise<number>;
}

@ObjectType('SubmitScorePayload', { simpleResolvers: true, description: 'What a submitted score came to.' })
export class SubmitScorePayload {
  @Field(() => ScoreType, { description: 'The score as it is stored.' })
  score!: ScoreRow;

  @Field(() => Boolean, {
    description: "Whether the standing is new, or strictly better than before by the board's order.",
  })
  improved!: boolean;

  @Field(() => StandingType, {
    nullable: true,
    description: "The player's standing as it is now, on a repeated key too. Null while the player is not ranked.",
  })
  standing!: () => Promise<StandingRow | null>;

  @Field(() => SafeIntScalar, {
    nullable: true,
    description: 'What the standing had before; null where there was none.',
  })
  previousScore!: number | null;

  @Field(() => Int, { nullable: true, description: 'The rank before; null where there was none.' })
  previousRank!: number | null;
}

@ObjectType('SubmitScoresPayload', { simpleResolvers: true, description: 'What a batch of scores came to.' })
export class SubmitScoresPayload {
  @Field(() => [SubmitScorePayload], { description: 'In the order of the input.' })
  results!: SubmitScorePayload[];
}
