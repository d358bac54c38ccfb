import { Field, InputType } from 'type-graphql';
import { TimeZoneScalar } from '../shared/scalars.js';
import { LeaderboardPeriod, ScoreAggregation, ScoreOrder } from './leaderboard.type.js';
import type { Period } from './season-calendar.js';

@InputType({ description: 'A board to make.' })
export class CreateLeaderboardInput {
  @Field(() => String, {
    description:
      'What clients name the board by: up to 64 lower-case letters and digits, in parts joined by single hyphens.',
  })
  slug!: string;

  @Field(() => String, { nullable: true, description: 'What people read, 1 to 200 characters; left out, the slug.' })
  title?: string | null;

  @Field(() => ScoreAggregation, { defaultValue: ScoreAggregation.BEST, description: 'What a standing keeps.' })
  aggregation!: ScoreAggregation;

  @Field(() => ScoreOrder, { defaultValue: ScoreOrder.HIGHER_IS_BETTER, description: 'Which scores come first.' })
  order!: ScoreOrder;

  @Field(() => LeaderboardPeriod, { defaultValue: LeaderboardPeriod.MONTHLY, description: 'How long a season lasts.' })
  period!: Period;

  @Field(() => TimeZoneScalar, {
    nullable: true,
    description: "Whose midnights begin and end the seasons; left out, the server's.",
  })
  timeZone?: string | null;
}

@InputType({
  description:
    'What of a board is to be another; left out, it stays. All but the title can be edited only until the first score.',
})
export class UpdateLeaderboardInput {
  @Field(() => String, { description: 'The board.' })
  slug!: string;

  @Field(() => String, { nullable: true, description: 'What people read, 1 to 200 characters.' })
  title?: string | null;

  @Field(() => ScoreAggregation, { nullable: true, description: 'What a standing keeps.' })
  aggregation?: ScoreAggregation | null;

  @Field(() => ScoreOrder, { nullable: true, description: 'Which scores come first.' })
  order?: ScoreOrder | null;

  @Field(() => LeaderboardPeriod, { nullable: true, description: 'How long a season lasts.' })
  period?: Period | null;

  @Field(() => TimeZoneScalar, { nullable: true, description: 'Whose midnights begin and end the seasons.' })
  timeZone?: string | null;
}
